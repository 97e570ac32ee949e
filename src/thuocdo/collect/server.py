"""The collector as one RSGI application: which path goes where, and what happens when all fails.

An answer other than 503 means the record is on disk. Whatever goes wrong inside is logged, counted
and answered 503, because then nothing was promised and the sender may try again.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Final

import msgspec
import structlog

from thuocdo.collect import replies, script
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.batches import BatchDoor, dossiers, views
from thuocdo.collect.dvcqg import DvcqgDoor
from thuocdo.collect.front import Front
from thuocdo.collect.gate import Gate
from thuocdo.collect.hits import Hits
from thuocdo.collect.limits import IntakeError, taking
from thuocdo.collect.mcdt import McdtDoor
from thuocdo.collect.metrics import CONTENT_TYPE, Counts, Exposition
from thuocdo.collect.pace import Pace
from thuocdo.collect.receipts import Receipts
from thuocdo.collect.replies import JSON, Exchange, Scope
from thuocdo.core.clock import now_us
from thuocdo.core.settings import Network
from thuocdo.core.signing import Signer
from thuocdo.core.vocabulary import Feed, RejectReason, SystemKind, Trust
from thuocdo.wal.writer import WalError, Writer
from thuocdo.wire import dvcqg
from thuocdo.wire.events import Refused

Handler = Callable[[Scope, Exchange], Awaitable[None]]

HIT_PATHS: Final = frozenset(("/tracking", "/matomo.php", "/piwik.php"))
LOOK_SECONDS: Final = 1.0  # how often the registry's file is looked at
DRAIN_SECONDS: Final = 10.0
_DRAIN_STEP: Final = 0.01
_OWN: Final = frozenset(("127.0.0.1", "::1"))

_log = structlog.get_logger("thuocdo.collect")


class App:
    """All endpoints of the collector over one gate and one log."""

    def __init__(
        self,
        gate: Gate,
        writer: Writer,
        signer: Signer,
        *,
        trusted: tuple[Network, ...] = (),
        address_rate: float = 0.0,
    ) -> None:
        """The endpoints.

        trusted       networks of proxies whose X-Forwarded-For is believed
        address_rate  requests a second from one address; 0 is no limit
        """
        self.gate = gate
        self.counts = Counts()
        self._writer = writer
        self._open = 0
        self._stopping = False
        addresses = Addresses(trusted)
        self._address_of = addresses.of
        self._address_rate = address_rate
        self._address_pace: Pace[str] = Pace()
        receipts = Receipts(signer)
        self._receipt_keys = receipts.keys
        doors = (gate, writer, self.counts, addresses)
        hits = Hits(*doors)
        self.front = Front(hits, HIT_PATHS, writer, self._is_too_fast)
        self._exposition = Exposition((self.counts, self.front.counts), writer)
        self.routes: dict[str, Handler] = {
            **dict.fromkeys(HIT_PATHS, hits),
            "/TrackingMCDT": McdtDoor(*doors),
            **{
                f"/dvcqg/{service}": DvcqgDoor(service, *doors)
                for service in (dvcqg.SYNC, dvcqg.PROGRESS)
            },
            "/v1/dossiers": BatchDoor(*doors, receipts, dossiers),
            "/v1/page-views": BatchDoor(*doors, receipts, views, (Feed.CANONICAL, Feed.TRACKING)),
            "/v1/receipts/keys": self._keys,
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
        if self._is_too_fast(scope):
            self.counts.throttled += 1
            replies.refuse_hit(exchange, RejectReason.TOO_MANY)
            return
        self._open += 1
        try:
            with taking(scope):
                await handler(scope, exchange)
        except (WalError, IntakeError) as problem:
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

    def _is_too_fast(self, scope: Scope) -> bool:
        """Whether an address, not this machine's own, is over its rate: then nothing is read."""
        if not self._address_rate:
            return False
        address = self._address_of(scope)
        return address not in _OWN and not self._address_pace.admits(address, self._address_rate)

    async def keep_watch(self) -> None:
        """Follow the registry, and tell of senders that were too fast, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self.gate.look()
            await self._tell_refused()

    async def _tell_refused(self) -> None:
        """One row for each site and second, not one for each request of a flood."""
        for site_id, count in self.gate.site_pace.refused().items():
            detail = f"requests: {count} over the site's rate"
            kind = self.gate.snapshot.site_by_id[site_id].kind
            feed = Feed.MCDT if kind == SystemKind.ONE_STOP else Feed.TRACKING
            row = Refused(
                now_us(), feed, site_id, RejectReason.TOO_MANY, detail, "", Trust.UNVERIFIED
            )
            with contextlib.suppress(WalError):  # counted in the metrics anyway
                await self._writer.append(msgspec.msgpack.encode(row))

    async def drain(self) -> None:
        """Wait until every open request has its answer, but not forever."""
        self._stopping = True
        for _ in range(int(DRAIN_SECONDS / _DRAIN_STEP)):
            if not self._open and not self.front.open:
                return
            await asyncio.sleep(_DRAIN_STEP)
        _log.warning("stopped with requests open", requests=self._open + self.front.open)

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

    async def _keys(self, scope: Scope, exchange: Exchange) -> None:
        """The public key that receipts are checked with, as a JSON Web Key Set (RFC 7517)."""
        if replies.is_read(scope, exchange):
            exchange.response_bytes(200, JSON, self._receipt_keys)

    async def _metrics(self, scope: Scope, exchange: Exchange) -> None:
        if replies.is_read(scope, exchange):
            exchange.response_bytes(200, [("content-type", CONTENT_TYPE)], self._exposition.text())
