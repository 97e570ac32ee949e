"""Answers that take seconds, kept ready: computed once, then made anew behind the reader's back.

Checks and inspections look at everything there is. A page waits for one only where there is none
yet; after that it gets the last one, and a newer one is on its way.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

import structlog

_LOG = structlog.get_logger(__name__)

T = TypeVar("T")


class Standby(Generic[T]):
    """Answers by key. Safe to share between threads.

    fresh_s  how long an answer is given before another is made
    most     answers kept; the least recently asked goes first
    """

    def __init__(self, fresh_s: float, most: int) -> None:
        self._fresh_s, self._most = fresh_s, most
        self._kept: OrderedDict[Hashable, tuple[float, T]] = OrderedDict()
        self._under_way: set[Hashable] = set()
        self._look, self._making = threading.Lock(), threading.Lock()
        self._behind = ThreadPoolExecutor(1, thread_name_prefix="standby")

    def ask(self, key: Hashable, make: Callable[[], T]) -> T:
        """The kept answer, else the one made now. Raises what `make` does when there is none yet."""
        with self._look:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                stale = time.monotonic() - found[0] > self._fresh_s
                if stale and key not in self._under_way:
                    self._under_way.add(key)
                    self._behind.submit(self._again, key, make)
                return found[1]
        with self._making:  # whoever waited finds what the first one made
            with self._look:
                found = self._kept.get(key)
            return found[1] if found is not None else self._keep(key, make())

    def close(self) -> None:
        """Wait for what is under way; answers are not renewed any more."""
        self._behind.shutdown(wait=True)

    def _again(self, key: Hashable, make: Callable[[], T]) -> None:
        try:
            self._keep(key, make())
        except Exception:  # the last answer stands, and the log says why
            _LOG.exception("standby_failed", key=str(key)[:200])
        finally:
            with self._look:
                self._under_way.discard(key)

    def _keep(self, key: Hashable, answer: T) -> T:
        with self._look:
            self._kept[key] = (time.monotonic(), answer)
            self._kept.move_to_end(key)
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return answer
