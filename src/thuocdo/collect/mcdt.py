"""`/TrackingMCDT`: a message about a dossier, judged before it is written.

The sender gets its answer at once and nothing personal reaches the disk: only an event stripped of
it, or a refusal with its payload redacted, is appended to the log.
"""

from __future__ import annotations

import msgspec

from thuocdo.collect import replies
from thuocdo.collect.gate import Gate
from thuocdo.collect.limits import MAX_MESSAGE, read_body
from thuocdo.collect.metrics import Counts
from thuocdo.collect.replies import NOTHING, Exchange, Scope
from thuocdo.core.clock import now_us
from thuocdo.core.vocabulary import Feed, Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire import mcdt
from thuocdo.wire.events import DossierEvent, Refused, Unreadable

_encode = msgspec.msgpack.Encoder().encode


class McdtDoor:
    """One status message of a one-stop system; 204 is the only yes its clients understand."""

    def __init__(self, gate: Gate, writer: Writer, counts: Counts) -> None:
        self._gate = gate
        self._append = writer.append
        self._counts = counts

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        if scope.method != "POST":
            replies.wrong_method(exchange, ("POST",))
            return
        body = await read_body(exchange, MAX_MESSAGE)
        outcome = self._judge(body, scope.headers.get("content-type") or "")
        await self._append(_encode(outcome))
        if isinstance(outcome, Refused):
            self._counts.add(Feed.MCDT, outcome.reason)
            replies.refuse(exchange, Unreadable(outcome.reason, outcome.detail))
        else:
            self._counts.add(Feed.MCDT)
            exchange.response_empty(204, NOTHING)

    def _judge(self, body: bytes | Unreadable, content_type: str) -> DossierEvent | Refused:
        received = now_us()
        message = mcdt.parse(body, content_type) if isinstance(body, bytes) else body
        if isinstance(message, Unreadable):
            return mcdt.refuse(None, message, received, Trust.UNVERIFIED)
        return mcdt.to_event(message, self._gate.snapshot, self._gate.secret, received)
