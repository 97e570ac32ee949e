"""How fast anybody may send: a generic cell rate for each sender, one number each.

A sender may be ahead of its rate by a burst; what is beyond is refused before anything is read or
stored, so a flood costs the collector almost nothing. What was refused is counted, and told once a
second (ITU-T I.371 has the algorithm).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from time import monotonic
from typing import Final, Generic, TypeVar

K = TypeVar("K", bound=Hashable)

BURST_SECONDS: Final = 5.0
_REMEMBERED: Final = 1 << 16


class Pace(Generic[K]):
    """Who is how far ahead of the rate it may send at."""

    def __init__(self) -> None:
        self._due: dict[K, float] = {}
        self._refused: Counter[K] = Counter()

    def admits(self, sender: K, per_second: float, now: float | None = None) -> bool:
        """Whether one request more may come; a refused one does not count against the sender."""
        now = monotonic() if now is None else now
        due = self._due.get(sender, now)
        due = max(due, now)
        if due - now > BURST_SECONDS:
            self._refused[sender] += 1
            return False
        if len(self._due) >= _REMEMBERED and sender not in self._due:
            self._forget(now)
        self._due[sender] = due + 1.0 / per_second
        return True

    def refused(self) -> dict[K, int]:
        """How many were refused since this was last asked, by sender."""
        told, self._refused = self._refused, Counter()
        return dict(told)

    def _forget(self, now: float) -> None:
        """Senders within their rate need no memory; if all are ahead, those least so go."""
        self._due = {sender: due for sender, due in list(self._due.items()) if due > now}
        while len(self._due) >= _REMEMBERED:
            for sender in sorted(self._due, key=self._due.__getitem__)[: _REMEMBERED // 2]:
                del self._due[sender]
