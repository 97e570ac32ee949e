"""How many systems are scanned at once: as many as the machine has idle processor for.

A scan waits most of its time: for the site, for its own good manners, for a page to fall silent. So more of
them than there are cores fit beside each other, as long as those are idle; and fewer on a machine that has
other work. What must not be crowded, the lab, has turns of its own (probes/page_load/turns.py).
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

MOST_A_CORE: Final = 2
LEAST_IDLE: Final = 0.4
"""The part of all cores that must have been idle of late before one scan more is begun."""
OF_LATE_S: Final = 5.0
_STAT: Final = Path("/proc/stat")
_IDLE, _WAITING = 3, 4  # fields of its first line: proc(5)


@dataclass(slots=True)
class Pace:
    """at_once: a fixed number; 0 is as many as fit."""

    at_once: int = 0
    cores: int = field(default_factory=lambda: len(os.sched_getaffinity(0)))
    _seen: tuple[float, float] = (0.0, 0.0)
    _seen_at: float = 0.0

    @property
    def most(self) -> int:
        """How many there can be at all."""
        return self.at_once or self.cores * MOST_A_CORE

    def has_room(self, running: int) -> bool:
        """Whether one scan more may begin beside those that are running."""
        if self.at_once:
            return running < self.at_once
        if running < self.cores:
            self._look()
            return True
        return running < self.most and self._has_been_idle()

    def _has_been_idle(self) -> bool:
        if time.monotonic() - self._seen_at < OF_LATE_S:
            return False
        idle, everything = self._seen
        self._look()
        spent = self._seen[1] - everything
        return spent > 0 and (self._seen[0] - idle) / spent >= LEAST_IDLE

    def _look(self) -> None:
        """From here on idleness is counted: a scan that has just begun must show what it costs."""
        self._seen, self._seen_at = times(), time.monotonic()


def times() -> tuple[float, float]:
    """(idle, all) of the machine's processor time since it was started, in the kernel's ticks."""
    try:
        ticks = [float(each) for each in _STAT.read_text().split("\n", 1)[0].split()[1:9]]
    except OSError:  # no Linux: as many as there are cores
        return 0.0, 0.0
    return ticks[_IDLE] + ticks[_WAITING], sum(ticks)
