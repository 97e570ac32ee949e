"""Answers kept under keys that name the files they come from: a file that moved asks anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, Protocol, TypeVar, cast

REMEMBERED: Final = 1024
"""Answers kept; the least recently asked goes first."""

T = TypeVar("T")


class Found(Protocol):
    """Gives what another process kept under a key; None where there is nothing."""

    def __call__(self, key: Hashable) -> Any | None: ...


class Answers:
    """A memory of what was computed. Not to be shared between threads without a lock.

    before  what an earlier process left (shelf.py); None: nothing
    """

    def __init__(self, most: int = REMEMBERED, before: Found | None = None) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._most, self._before = most, before

    def __call__(self, key: Hashable, compute_it: Callable[[], T]) -> T:
        """The kept answer, else the one computed now."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return cast("T", self._kept[key])
        found = self._before(key) if self._before is not None else None
        answer = self._kept[key] = compute_it() if found is None else cast("T", found)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return answer

    def everything(self) -> dict[Hashable, Any]:
        """All that is remembered now."""
        return dict(self._kept)
