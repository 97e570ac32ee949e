"""Runs a tool in a process group of its own, and ends all of it when its time is over.

Tools start programs of their own (Lighthouse a Chromium) in groups and sessions of their own, which outlive
whoever started them. So everything a tool starts carries a token in its environment, by which it is found.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thuocdo.assess.results import Fault

_TOKEN: Final = "THUOCDO_TOOL_RUN"  # noqa: S105 - the name of a variable
_PROCESSES: Final = Path("/proc")
_LOOKS: Final = 100
_LOOK_SECONDS: Final = 0.05


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended; `fault` is None when it came to its end by itself, whatever it then said."""

    code: int
    output: bytes
    detail: str  # the last line it complained with
    fault: Fault | None = None


async def run(
    command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None
) -> Ended:
    """Runs a command without a shell and without input; never raises because of it."""
    token = secrets.token_hex(16)
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {}), _TOKEN: token},
            start_new_session=True,
        )
    except OSError as problem:
        return Ended(-1, b"", f"{command[0]}: {problem.strerror}", Fault.NO_TOOL)
    try:
        async with asyncio.timeout(seconds):
            output, complaints = await process.communicate()
    except TimeoutError:
        return Ended(-1, b"", f"{seconds:g} s", Fault.TIMEOUT)
    finally:
        await _end_all(token)  # what it started and left behind, too
        await process.wait()
    lines = complaints.decode("utf-8", "replace").strip().splitlines() or [""]
    return Ended(process.returncode or 0, output, lines[-1][:200])


async def _end_all(token: str) -> None:
    """Killing takes a moment, in which one may still start another: looked again until there is none."""
    for _ in range(_LOOKS):
        left = list(started_under(token))
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(_LOOK_SECONDS)


def started_under(token: str) -> Iterator[int]:
    """Living processes that carry a token, whoever is their parent by now."""
    wanted = f"{_TOKEN}={token}".encode()
    for path in _PROCESSES.glob("[0-9]*/environ"):
        with contextlib.suppress(OSError):  # gone already, or another user's
            if wanted in path.read_bytes().split(b"\0"):
                yield int(path.parent.name)
