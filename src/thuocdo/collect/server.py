"""The collector as one RSGI application: which path goes where, and what happens when all fails.

An answer other than 503 means the record is on disk. Whatever goes wrong inside is logged, counted
and answered 503, because then nothing was promised and the sender may try again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from thuocdo.collect import replies, script
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.batches import BatchDoor, dossier, page_view
from thuocdo.collect.dvcqg import DvcqgDoor
from thuocdo.collect.gate import Gate
from thuocdo.collect.hits import Hits
from thuocdo.collect.mcdt import McdtDoor
from thuocdo.collect.metrics import CONTENT_TYPE, Counts, Exposition
from thuocdo.collect.replies import JSON, Exchange, Scope
from thuocdo.core.settings import Network
from thuocdo.wal.writer import WalError, Writer
from thuocdo.wire import dvcqg

Handler = Callable[[Scope, Exchange], Awaitable[None]]

DRAIN_SECONDS: Final = 10.0
_DRAIN_STEP: Final = 0.01

_log = structlog.get_logger("thuocdo.collect")


class App:
    """All endpoints of the collector over one gate and one log."""

    def __init__(self, gate: Gate, writer: Writer, trusted: tuple[Network, ...] = ()) -> None:
        """trusted  networks of proxies whose X-Forwarded-For is believed"""
        self.gate = gate
        self.counts = Counts()
        self._writer = writer
        self._exposition = Exposition(self.counts, writer)
        self._open = 0
        self._stopping = False
        hits = Hits(gate, writer, self.counts, Addresses(trusted))
        self.routes: dict[str, Handler] = {
            "/tracking": hits,
            "/matomo.php": hits,
            "/piwik.php": hits,
            "/TrackingMCDT": McdtDoor(gate, writer, self.counts),
            **{
                f"/dvcqg/{service}": DvcqgDoor(service, gate, writer, self.counts)
                for service in (dvcqg.SYNC, dvcqg.PROGRESS)
            },
            "/v1/dossiers": BatchDoor(gate, writer, self.counts, dossier),
            "/v1/page-views": BatchDoor(gate, writer, self.counts, page_view),
            **script.routes(),
            "/health": self._health,
            "/ready": self._ready,
            "/metrics": self._metrics,
        }

    async def __rsgi__(self, scope: Scope, exchange: Exchange) -> None:
        handler = self.routes.get(scope.path)
        if handler is None:
            replies.not_found(exchange)
            return
        self._open += 1
        try:
            await handler(scope, exchange)
        except WalError as problem:
            self.counts.unavailable += 1
            replies.unavailable(exchange, problem.code)
        except asyncio.CancelledError:  # a wait that was cut short promised nothing
            self.counts.unavailable += 1
            replies.unavailable(exchange, "cancelled")
        except Exception:
            self.counts.failures += 1
            _log.exception("request failed", path=scope.path, method=scope.method)
            replies.unavailable(exchange, "internal")
        finally:
            self._open -= 1

    async def drain(self) -> None:
        """Wait until every open request has its answer, but not forever."""
        self._stopping = True
        for _ in range(int(DRAIN_SECONDS / _DRAIN_STEP)):
            if not self._open:
                return
            await asyncio.sleep(_DRAIN_STEP)
        _log.warning("stopped with requests open", requests=self._open)

    async def _health(self, scope: Scope, exchange: Exchange) -> None:
        if replies.is_read(scope, exchange):
            exchange.response_bytes(200, JSON, b'{"status":"ok","role":"collect"}')

    async def _ready(self, scope: Scope, exchange: Exchange) -> None:
        """Ready for traffic: not stopping, and the log has room."""
        if not replies.is_read(scope, exchange):
            return
        if self._stopping or not self._writer.has_room:
            replies.unavailable(exchange, "not_ready")
        else:
            exchange.response_bytes(200, JSON, b'{"status":"ready","role":"collect"}')

    async def _metrics(self, scope: Scope, exchange: Exchange) -> None:
        if replies.is_read(scope, exchange):
            exchange.response_bytes(200, [("content-type", CONTENT_TYPE)], self._exposition.text())
