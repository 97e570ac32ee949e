"""Runs a tool on a leash (leash.py), and ends all of it when its time is over.

Tools start programs of their own (Lighthouse a Chromium) in groups and sessions of their own, which outlive
whoever started them. So everything a tool starts carries a token in its environment, by which it is found.
"""

from __future__ import annotations

import asyncio
import errno
import os
import secrets
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from thuocdo.assess import leash
from thuocdo.assess.results import Fault

_LEASH: Final = (sys.executable, "-I", "-S", leash.__file__)


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
    if shutil.which(command[0]) is None:
        missing = f"{command[0]}: {os.strerror(errno.ENOENT)}"
        return Ended(-1, b"", missing, Fault.NO_TOOL)
    token = secrets.token_hex(16)
    held, holding = os.pipe()  # when we are killed, the other end is told
    try:
        process = await asyncio.create_subprocess_exec(
            *_LEASH,
            *command,
            stdin=held,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {}), leash.TOKEN: token},
            start_new_session=True,
        )
    except OSError as problem:
        os.close(holding)
        return Ended(-1, b"", f"{command[0]}: {problem.strerror}", Fault.NO_TOOL)
    finally:
        os.close(held)
    try:
        async with asyncio.timeout(seconds):
            output, complaints = await process.communicate()
    except TimeoutError:
        return Ended(-1, b"", f"{seconds:g} s", Fault.TIMEOUT)
    finally:
        await leash.end_all(token)  # what it started and left behind, too
        await process.wait()
        os.close(holding)
    lines = complaints.decode("utf-8", "replace").strip().splitlines() or [""]
    return Ended(process.returncode or 0, output, lines[-1][:200])
