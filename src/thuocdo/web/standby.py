"""Answers that take seconds, kept ready: computed once, then made anew behind the reader's back.

Checks and inspections look at everything there is. A page waits for one only where there is none
yet; after that it gets the last one, and a newer one is on its way.
"""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Generic, NamedTuple, TypeVar

import structlog

_LOG = structlog.get_logger(__name__)

T = TypeVar("T")
Before = Callable[[], tuple[Hashable, T] | None] | None


class Kept(NamedTuple, Generic[T]):
    """An answer, when it was made (monotonic seconds), and of what."""

    made_at: float
    of: Hashable
    answer: T


class Standby(Generic[T]):
    """Answers by key. Safe to share between threads.

    fresh_s  how long an answer is given before another is made
    most     answers kept; the least recently asked goes first
    """

    def __init__(self, fresh_s: float, most: int) -> None:
        self._fresh_s, self._most = fresh_s, most
        self._kept: OrderedDict[Hashable, Kept[T]] = OrderedDict()
        self._under_way: dict[Hashable, Future[None]] = {}
        self._look, self._making = threading.Lock(), threading.Lock()
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="standby")

    def ask(
        self, key: Hashable, make: Callable[[], T], *, of: Hashable = None, before: Before[T] = None
    ) -> T:
        """The kept answer, else the one made now. Raises what `make` does when there is none yet.

        of      what the answer follows from; while that stays, none is made again. None: time alone tells
        before  gives the last answer of an earlier process, and what it followed from
        """
        found = self._find(key, make, of, before)
        if found is not None:
            return found.answer
        with self._making:  # whoever waited finds what the first one made
            with self._look:
                found = self._kept.get(key)
            return found.answer if found is not None else self._keep(key, make(), of)

    def ask_briefly(
        self,
        key: Hashable,
        make: Callable[[], T],
        patience_s: float,
        *,
        of: Hashable = None,
        before: Before[T] = None,
    ) -> T | None:
        """The same for a page that can do without: None when there is no answer within `patience_s`.

        It is being made then, behind the reader's back.
        """
        found = self._find(key, make, of, before)
        if found is None:
            with self._look:
                making = self._start(key, make, of)
            wait([making], patience_s)
            with self._look:
                found = self._kept.get(key)
        return None if found is None else found.answer

    def close(self) -> None:
        """Wait for what is under way; answers are not renewed any more."""
        self._behind.shutdown(wait=True)

    def everything(self) -> dict[Hashable, tuple[Hashable, T]]:
        """Key → what its answer follows from, and the answer."""
        with self._look:
            return {key: (kept.of, kept.answer) for key, kept in self._kept.items()}

    def _find(
        self, key: Hashable, make: Callable[[], T], of: Hashable, before: Before[T]
    ) -> Kept[T] | None:
        with self._look:
            if key not in self._kept and before is not None and (left := before()) is not None:
                self._kept[key] = Kept(-math.inf, *left)
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                is_old = time.monotonic() - found.made_at > self._fresh_s
                if is_old and (of is None or of != found.of):
                    self._start(key, make, of)
            return found

    def _start(self, key: Hashable, make: Callable[[], T], of: Hashable) -> Future[None]:
        """Have it made behind the reader's back, once; the caller holds `_look`."""
        if key not in self._under_way:
            self._under_way[key] = self._behind.submit(self._again, key, make, of)
        return self._under_way[key]

    def _again(self, key: Hashable, make: Callable[[], T], of: Hashable) -> None:
        try:
            self._keep(key, make(), of)
        except Exception:  # the last answer stands, and the log says why
            _LOG.exception("standby_failed", key=str(key)[:200])
        finally:
            with self._look:
                self._under_way.pop(key, None)

    def _keep(self, key: Hashable, answer: T, of: Hashable) -> T:
        with self._look:
            self._kept[key] = Kept(time.monotonic(), of, answer)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return answer
