"""Answers kept under keys that name the files they come from: a file that moved asks anew."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, Final, TypeVar, cast

REMEMBERED: Final = 1024
"""Answers kept; the least recently asked goes first."""

T = TypeVar("T")


class Answers:
    """A memory of what was computed. Not to be shared between threads without a lock."""

    def __init__(self, most: int = REMEMBERED) -> None:
        self._kept: OrderedDict[Hashable, Any] = OrderedDict()
        self._most = most

    def __call__(self, key: Hashable, compute_it: Callable[[], T]) -> T:
        """The kept answer, else the one computed now."""
        if key in self._kept:
            self._kept.move_to_end(key)
            return cast("T", self._kept[key])
        answer = self._kept[key] = compute_it()
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return answer
