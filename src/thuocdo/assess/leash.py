"""Runs a command, and ends it with all it started when whoever holds the other end of standard input is gone.

A scanner that is killed cannot end what it started. Its hosts are free at once, and a tool that went on asking one of
them would ask beside the next scanner. So tools run on a leash: a process of its own, which needs nothing but Python's
library, waits for the end of its input, and kills whatever carries the run's token in its environment.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

TOKEN: Final = "THUOCDO_TOOL_RUN"  # noqa: S105 - the name of a variable
_PROCESSES: Final = Path("/proc")
_LOOKS: Final = 100
_LOOK_SECONDS: Final = 0.05
_SIGNALLED: Final = 128


def started_under(token: str) -> Iterator[int]:
    """Living processes that carry a token, whoever is their parent by now."""
    wanted = f"{TOKEN}={token}".encode()
    for path in _PROCESSES.glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # gone already, or another user's
            if wanted in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)


def end_some(token: str) -> bool:
    """Kill what carries a token, ourselves apart; whether there was anything. Asked again until there is none."""
    left = [pid for pid in started_under(token) if pid != os.getpid()]
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(left)


async def end_all(token: str) -> None:
    """Killing takes a moment, in which one may still start another: looked again until there is none."""
    import asyncio  # noqa: PLC0415 - the leash itself has no use for it, and starts the sooner without

    for _ in range(_LOOKS):
        if not end_some(token):
            return
        await asyncio.sleep(_LOOK_SECONDS)


def _end_with_holder() -> None:
    while os.read(sys.stdin.fileno(), 1):
        pass
    for _ in range(_LOOKS):
        if not end_some(os.environ[TOKEN]):
            break
        time.sleep(_LOOK_SECONDS)
    os._exit(1)


def main(command: list[str]) -> int:
    """The command's exit code, as a shell says it."""
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    threading.Thread(target=_end_with_holder, daemon=True).start()
    code = child.wait()
    return _SIGNALLED - code if code < 0 else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
