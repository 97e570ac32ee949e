"""`/TrackingMCDT`: a message about a dossier, judged before it is written.

The sender gets its answer at once and nothing personal reaches the disk: only an event stripped of
it, or a refusal with its payload redacted, is appended to the log.
"""

from __future__ import annotations

import msgspec

from thuocdo.collect import replies
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.gate import Gate, Opens
from thuocdo.collect.limits import MAX_MESSAGE, read_body
from thuocdo.collect.metrics import Counts
from thuocdo.collect.replies import NOTHING, Exchange, Scope
from thuocdo.core.clock import now_us
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire import mcdt
from thuocdo.wire.canonical import in_scope
from thuocdo.wire.events import DossierEvent, Refused, Unreadable

_encode = msgspec.msgpack.Encoder().encode


class McdtDoor:
    """One status message of a one-stop system; 204 is the only yes its clients understand."""

    def __init__(self, gate: Gate, writer: Writer, counts: Counts, addresses: Addresses) -> None:
        self._gate = gate
        self._append = writer.append
        self._counts = counts
        self._address_of = addresses.of

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        if scope.method != "POST":
            replies.wrong_method(exchange, ("POST",))
            return
        body = await read_body(exchange, MAX_MESSAGE)
        outcome = self._judge(scope, body)
        if not isinstance(outcome, Refused) or outcome.reason != RejectReason.TOO_MANY:
            await self._append(_encode(outcome))
        if isinstance(outcome, Refused):
            self._counts.add(Feed.MCDT, outcome.reason)
            replies.refuse(exchange, Unreadable(outcome.reason, outcome.detail))
        else:
            self._counts.add(Feed.MCDT)
            exchange.response_empty(204, NOTHING)

    def _judge(self, scope: Scope, body: bytes | Unreadable) -> DossierEvent | Refused:
        """A key is not needed unless the site says so, but one that is shown must be good."""
        received = now_us()
        if isinstance(body, Unreadable):
            return mcdt.refuse(None, body, received, Trust.UNVERIFIED)
        opens = self._gate.admit(scope, Feed.MCDT, body, in_address=True)
        trust = Trust.VERIFIED if isinstance(opens, Opens) else Trust.UNVERIFIED
        message = mcdt.parse(body, scope.headers.get("content-type") or "")
        if isinstance(message, Unreadable):
            why = opens if isinstance(opens, Unreadable) else message
            return mcdt.refuse(None, why, received, trust)
        address = self._address_of(scope)
        outcome = self._outcome(message, opens, received, trust, address)
        return self._gate.note(outcome, opens, address) if isinstance(outcome, Refused) else outcome

    def _outcome(
        self,
        message: mcdt.Message,
        opens: Opens | Unreadable | None,
        received: int,
        trust: str,
        address: str,
    ) -> DossierEvent | Refused:
        secret = self._gate.secret
        if isinstance(opens, Unreadable):
            return mcdt.refuse(message, opens, received, trust, secret)
        event = mcdt.to_event(message, self._gate.snapshot, secret, received, trust)
        if isinstance(event, Refused):
            return event
        why = _not_opened(opens, event) or self._gate.bars(
            event.system, address, keyed=opens is not None
        )
        return event if why is None else mcdt.refuse(message, why, received, trust, secret)


def _not_opened(opens: Opens | None, event: DossierEvent) -> Unreadable | None:
    if opens is None or (
        in_scope(event.agency, opens.agency)
        and (opens.systems is None or event.system in opens.systems)
    ):
        return None
    return Unreadable(RejectReason.OUT_OF_SCOPE, "siteId: not this key's")
