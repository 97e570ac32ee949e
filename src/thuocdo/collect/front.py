"""The short way of an ordinary hit: from the server's thread to the log, and from the log to its sender.

Most of what a request costs in Python is the event loop: a task made, suspended and resumed. An
ordinary hit needs none of it. Its record is appended where the request is read, on the server's own
thread, and its answer is given by the log's thread when the record is on disk. Whatever is not an
ordinary hit goes to the event loop as if nobody stood here.

Granian has no door for this, so the scheduler that it hands requests to is replaced (granian 2.8,
`server/embed.py` and `_futures.py`): it calls a function with a watcher, which has the request's
scope and protocol, holding the interpreter.
"""

from __future__ import annotations

from asyncio.tasks import _enter_task, _leave_task
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Protocol

import structlog
from granian import _futures
from granian._granian import CallbackScheduler
from granian.server import embed

from thuocdo.collect import replies
from thuocdo.collect.hits import Hits
from thuocdo.collect.metrics import Counts
from thuocdo.collect.replies import Exchange, Reply, Scope
from thuocdo.core.vocabulary import Feed, RejectReason
from thuocdo.wal.writer import WalError, Writer

_FEED: Final = Feed.TRACKING.value
_log = structlog.get_logger("thuocdo.collect")


class Watcher(Protocol):
    """One request as Granian hands it over; `done` lets go of it."""

    scope: Scope
    proto: Exchange

    def done(self) -> None: ...


class Front:
    """Takes ordinary hits of some paths before the event loop hears of them."""

    def __init__(
        self,
        hits: Hits,
        paths: frozenset[str],
        writer: Writer,
        is_too_fast: Callable[[Scope], bool],
    ) -> None:
        self.counts = Counts()  # of its own: the event loop counts on another thread
        self._ordinary = hits.ordinary
        self._paths = paths
        self._append = writer.append_then
        self._is_too_fast = is_too_fast
        self._taken = 0  # changed by the server's thread alone
        self._answered = 0  # changed by the log's thread alone

    @property
    def open(self) -> int:
        """Hits that were taken and have no answer yet."""
        return self._taken - self._answered

    def take(self, watcher: Watcher) -> bool:
        """Whether the request was taken; called on the server's thread, and never raises."""
        try:
            return self._take(watcher)
        except Exception:
            self.counts.failures += 1
            _log.exception("hit not taken the short way")
            return False

    def _take(self, watcher: Watcher) -> bool:
        scope = watcher.scope
        if scope.path not in self._paths:
            return False
        method = scope.method
        if method != "GET" and (method != "POST" or scope.headers.get("content-length") != "0"):
            return False
        plain = self._ordinary(scope)
        if plain is None:
            return False  # asked about its rate on the long way, and only there
        if self._is_too_fast(scope):
            self.counts.throttled += 1
            replies.refuse_hit(watcher.proto, RejectReason.TOO_MANY)
            watcher.done()
            return True
        record, reply = plain
        try:
            self._append(record, partial(self._answer, watcher, reply))
        except WalError as problem:
            self.counts.unavailable += 1
            replies.unavailable(watcher.proto, problem.code)
            watcher.done()
            return True
        self._taken += 1
        return True

    def _answer(self, watcher: Watcher, reply: Reply, error: WalError | None) -> None:
        """Called on the log's thread when the record is on disk, or cannot be."""
        self._answered += 1
        if error is None:
            self.counts.add(_FEED)
            reply.give(watcher.proto)
        else:
            self.counts.unavailable += 1
            replies.unavailable(watcher.proto, error.code)
        watcher.done()


def stand_before(take: Callable[[Watcher], bool]) -> None:
    """Let `take` see every request of the servers this process starts from now on first."""

    class Fronted(CallbackScheduler):
        """Granian's own scheduler for asyncio, with one question asked before."""

        __slots__ = ()

        def __init__(self, loop: Any, callback: Any, *_tasks: Any) -> None:
            super().__init__()
            onwards = _futures._cbsched_aioschedule(loop, self._ctx, callback)  # type: ignore[no-untyped-call]

            def schedule(watcher: Watcher) -> None:
                if not take(watcher):
                    onwards(watcher)

            self._schedule_fn = schedule

    def scheduler(loop: Any, callback: Any, *, impl_asyncio: bool) -> Fronted:
        if not impl_asyncio:
            raise NotImplementedError("The collector runs Granian's requests as asyncio tasks.")
        enter, leave = partial(_enter_task, loop), partial(_leave_task, loop)
        return Fronted(loop, callback, None, enter, leave)

    embed._new_cbscheduler = scheduler  # type: ignore[assignment,attr-defined]
