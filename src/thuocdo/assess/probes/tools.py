"""Runs a tool in a process group of its own, and ends all of it when its time is over."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from thuocdo.assess.results import Fault


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
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, **(environment or {})},
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
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # what it started and left behind, too
        await process.wait()
    lines = complaints.decode("utf-8", "replace").strip().splitlines() or [""]
    return Ended(process.returncode or 0, output, lines[-1][:200])
