"""Runs the `thuocdo` command under a clock that a file sets beside the true one, by seconds, at any time.

    THUOCDO_CHAOS_CLOCK=<file> python -m tests.chaos.faked python -m thuocdo collect …

Python's time of day is what the roles read. The monotonic clock stays, as it does when a machine's clock
is set. (libfaketime is not used: under it threads of Python 3.11 miss wake-ups, with no jump at all.)
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Final

_LOOK_SECONDS: Final = 0.05
_true_ns = time.time_ns


class Clock:
    """The true time and the file's offset, looked at some times a second."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._looked = float("-inf")
        self._offset_ns = 0

    def time_ns(self) -> int:
        now = time.monotonic()
        if now - self._looked > _LOOK_SECONDS:
            self._looked = now
            self._offset_ns = int(self._path.read_text()) * 1_000_000_000
        return _true_ns() + self._offset_ns

    def time(self) -> float:
        return self.time_ns() / 1_000_000_000


def main() -> None:
    clock = Clock(Path(os.environ["THUOCDO_CHAOS_CLOCK"]))
    time.time_ns = clock.time_ns
    time.time = clock.time
    sys.argv = sys.argv[3:]  # as after `python -m`
    from thuocdo.cli import main as command  # only now: it takes its clock along

    command()


if __name__ == "__main__":
    main()
