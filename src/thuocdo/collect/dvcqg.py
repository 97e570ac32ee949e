"""`/dvcqg/...`: the national portal's packets, answered as the portal answers them.

Its clients look at `error_code` alone: "00" is the only yes, and any other code means that something
of the packet did not count. So the status is 200 whatever was said, and the codes below are stable;
`X-Thuocdo` carries the reason in this house's own words, for whoever looks.
"""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from thuocdo.collect import replies
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.gate import Barred, Gate, Opens
from thuocdo.collect.limits import MAX_BATCH, read_body
from thuocdo.collect.metrics import Counts
from thuocdo.collect.replies import JSON, Exchange, Scope
from thuocdo.core.clock import now_us
from thuocdo.core.vocabulary import REJECT_TEXTS, Feed, RejectReason, Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire import dvcqg
from thuocdo.wire.dvcqg_fields import Packet, number_of, parse
from thuocdo.wire.events import DossierEvent, Refused, Unreadable

ACCEPTED: Final = "00"
ACCEPTED_TEXT: Final = "Thành công"
ERROR_CODES: Final = {
    RejectReason.MALFORMED: "01",
    RejectReason.MISSING_FIELD: "02",
    RejectReason.BAD_VALUE: "03",
    RejectReason.BAD_DATE: "04",
    RejectReason.FORGED_TIME: "05",
    RejectReason.UNKNOWN_AGENCY: "06",
    RejectReason.UNKNOWN_PROCEDURE: "07",
    RejectReason.BAD_KEY: "08",
    RejectReason.OUT_OF_SCOPE: "09",
    RejectReason.TOO_LARGE: "10",
    RejectReason.BAD_ENCODING: "11",
    RejectReason.UNKNOWN_SITE: "12",
    RejectReason.REPLAYED: "13",
    RejectReason.FOREIGN_HOST: "14",
    RejectReason.FOREIGN_NETWORK: "15",
    RejectReason.TOO_MANY: "16",
}
_TURN: Final = 100
"""Items judged before other requests get their turn on the event loop."""
_EVERYTHING: Final = Opens(None, None)

_encode = msgspec.msgpack.Encoder().encode


class ItemAnswer(msgspec.Struct, frozen=True):
    """The answer for one item, in the order they came."""

    MaHoSo: str
    error_code: str
    error_description: str


class Answer(msgspec.Struct, frozen=True):
    """`error_code` is "00" when every item counts, else the code of the first that does not."""

    error_code: str
    error_description: str
    result: list[ItemAnswer] = []


class DvcqgDoor:
    """One of the two services. A key is not needed, but one that is shown must be good."""

    def __init__(
        self, service: str, gate: Gate, writer: Writer, counts: Counts, addresses: Addresses
    ) -> None:
        self._service = service
        self._gate = gate
        self._append_many = writer.append_many
        self._counts = counts
        self._address_of = addresses.of

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        if scope.method != "POST":
            replies.wrong_method(exchange, ("POST",))
            return
        body = await read_body(exchange, MAX_BATCH)
        sent = body if isinstance(body, bytes) else b""
        opens = self._gate.admit(scope, Feed.DVCQG, sent, in_address=True)
        if isinstance(opens, Unreadable):
            await self._refuse(exchange, opens, Trust.UNVERIFIED)
            return
        trust = Trust.UNVERIFIED if opens is None else Trust.VERIFIED
        packet = (
            body if isinstance(body, Unreadable) else parse(body, scope.query_string, self._service)
        )
        if isinstance(packet, Unreadable):
            await self._refuse(exchange, packet, trust)
        else:
            address = self._address_of(scope)
            await self._take(exchange, packet, opens or _EVERYTHING, trust, address)

    async def _take(
        self, exchange: Exchange, packet: Packet, opens: Opens, trust: Trust, address: str
    ) -> None:
        """Judge every item, write all at once, answer for each."""
        snapshot, secret, received = self._gate.snapshot, self._gate.secret, now_us()
        barred = Barred(self._gate, address, keyed=trust == Trust.VERIFIED)
        rows: list[DossierEvent | Refused] = []
        refused: list[Refused | None] = []
        for item in packet.items:
            judged = dvcqg.judge(
                self._service, item, packet.sender, snapshot, secret, received,
                trust=trust, agency=opens.agency, systems=opens.systems,
            )  # fmt: skip
            if not isinstance(judged, Refused) and (why := barred.why(judged[0].system)):
                judged = dvcqg.refuse(
                    why, received, trust, item,
                    service=self._service, sender=packet.sender, secret=secret,
                )  # fmt: skip
            if isinstance(judged, Refused):
                judged = self._gate.note(judged, opens, address)
            rows.extend([judged] if isinstance(judged, Refused) else judged)
            refused.append(judged if isinstance(judged, Refused) else None)
            if len(refused) % _TURN == 0:
                await asyncio.sleep(0)
        await self._append_many([_encode(row) for row in rows])
        for row in rows:
            self._counts.add(Feed.DVCQG, row.reason if isinstance(row, Refused) else "")
        answers = [
            ItemAnswer(number_of(item), *_said(why))
            for item, why in zip(packet.items, refused, strict=True)
        ]
        _answer(exchange, next(filter(None, refused), None), answers)

    async def _refuse(self, exchange: Exchange, why: Unreadable, trust: Trust) -> None:
        """Refuse the packet as a whole, and keep a row that says so."""
        row = dvcqg.refuse(why, now_us(), trust)
        await self._append_many([_encode(row)])
        self._counts.add(Feed.DVCQG, why.reason)
        _answer(exchange, row, [])


def _said(why: Refused | None) -> tuple[str, str]:
    """Code and description; where the fault is, in brackets."""
    if why is None:
        return ACCEPTED, ACCEPTED_TEXT
    reason = RejectReason(why.reason)
    return ERROR_CODES[reason], f"{REJECT_TEXTS[reason][0]} ({why.detail})"


def _answer(exchange: Exchange, why: Refused | None, items: list[ItemAnswer]) -> None:
    headers = JSON if why is None else [*JSON, replies.because(why.reason)]
    body = msgspec.json.encode(Answer(*_said(why), items))
    exchange.response_bytes(200, headers, body)
