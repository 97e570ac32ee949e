"""The collector as one RSGI application: which path goes where, and what happens when all fails.

An answer other than 503 means the record is on disk. Whatever goes wrong inside is logged, counted
and answered 503, because then nothing was promised and the sender may try again.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog

from thuocdo.collect import replies
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.batches import BatchDoor, dossier, page_view
from thuocdo.collect.dvcqg import DvcqgDoor
from thuocdo.collect.gate import Gate
from thuocdo.collect.hits import Hits
from thuocdo.collect.mcdt import McdtDoor
from thuocdo.collect.metrics import CONTENT_TYPE, Counts, Exposition
from thuocdo.collect.replies import JSON, Exchange, Headers, Scope
from thuocdo.core.settings import Network
from thuocdo.wal.writer import WalError, Writer
from thuocdo.wire import dvcqg

Handler = Callable[[Scope, Exchange], Awaitable[None]]

TRACKER: Final = Path(__file__).with_name("tracker") / "gov-tracking.min.js"
TRACKER_SECONDS: Final = 3600  # how long a browser keeps the script without asking again
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
            "/embed/gov-tracking.min.js": _Script(TRACKER.read_bytes()),
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
        if _is_read(scope, exchange):
            exchange.response_bytes(200, JSON, b'{"status":"ok","role":"collect"}')

    async def _ready(self, scope: Scope, exchange: Exchange) -> None:
        """Ready for traffic: not stopping, and the log has room."""
        if not _is_read(scope, exchange):
            return
        if self._stopping or not self._writer.has_room:
            replies.unavailable(exchange, "not_ready")
        else:
            exchange.response_bytes(200, JSON, b'{"status":"ready","role":"collect"}')

    async def _metrics(self, scope: Scope, exchange: Exchange) -> None:
        if _is_read(scope, exchange):
            exchange.response_bytes(200, [("content-type", CONTENT_TYPE)], self._exposition.text())


class _Script:
    """The tracker, compressed and tagged once at start (RFC 9110: 8.8.3, 12.5.3, 13.1.2)."""

    def __init__(self, script: bytes) -> None:
        self._plain = script
        self._gzipped = gzip.compress(script, mtime=0)
        tag = f'"{hashlib.blake2b(script, digest_size=12).hexdigest()}"'
        self._tag = tag
        self._kept: Headers = [
            ("etag", tag),
            ("cache-control", f"public, max-age={TRACKER_SECONDS}"),
            ("access-control-allow-origin", "*"),
            ("cross-origin-resource-policy", "cross-origin"),
            ("vary", "accept-encoding"),
        ]
        self._full: Headers = [*self._kept, ("content-type", "text/javascript; charset=utf-8")]

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        if not _is_read(scope, exchange):
            return
        header = scope.headers.get
        if self._tag in (header("if-none-match") or ""):
            exchange.response_empty(304, self._kept)
        elif "gzip" in (header("accept-encoding") or ""):
            exchange.response_bytes(200, [*self._full, ("content-encoding", "gzip")], self._gzipped)
        else:
            exchange.response_bytes(200, self._full, self._plain)


def _is_read(scope: Scope, exchange: Exchange) -> bool:
    if scope.method in ("GET", "HEAD"):
        return True
    replies.wrong_method(exchange, ("GET", "HEAD"))
    return False
