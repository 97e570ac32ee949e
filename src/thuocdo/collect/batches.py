"""`/v1/dossiers` and `/v1/page-views`: batches of canonical records, judged before they are written.

The sender gets a verdict for every record at once, and nothing personal of a dossier reaches the
disk: only events stripped of it, and refusals with their payload redacted, are appended to the log.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import msgspec

from thuocdo.collect import replies
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.gate import Barred, Gate, Opens
from thuocdo.collect.limits import MAX_BATCH, MAX_RECORDS, inflate, read_body
from thuocdo.collect.metrics import Counts
from thuocdo.collect.receipts import Answered, Receipts
from thuocdo.collect.replies import JSON, Exchange, Scope
from thuocdo.core.clock import now_us
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire import canonical, page_views
from thuocdo.wire.canonical import Verdict
from thuocdo.wire.canonical_plain import Plain
from thuocdo.wire.events import DossierEvent, Record, Refused, Unreadable

Sent = Mapping[str, object] | Unreadable
JudgeOne = Callable[[Sent, int], Record]
"""(record, received µs UTC) → what is written of the record."""
Judge = Callable[[Snapshot, bytes, Opens], JudgeOne]
"""(registry, secret, what the sender's key opens) → who judges its records."""

_TURN: Final = 200
"""Records judged before other requests get their turn on the event loop (about 5 ms)."""

_NO_KEY: Final = Unreadable(RejectReason.BAD_KEY, "authorization: no key")

_encode = msgspec.msgpack.Encoder().encode


def dossiers(snapshot: Snapshot, secret: bytes, opens: Opens) -> JudgeOne:
    """Who judges records of `/v1/dossiers`: the ordinary ones by the short way."""
    plain = Plain(snapshot, secret, agency=opens.agency, systems=opens.systems)

    def judge(record: Sent, received: int) -> Record:
        if isinstance(record, Unreadable):
            return canonical.refuse(None, record, secret, received)
        return plain.event(record, received) or canonical.validate(
            record, snapshot, secret, received, agency=opens.agency, systems=opens.systems
        )

    return judge


def views(snapshot: Snapshot, secret: bytes, opens: Opens) -> JudgeOne:
    """Who judges records of `/v1/page-views`."""

    def judge(record: Sent, received: int) -> Record:
        if isinstance(record, Unreadable):
            return page_views.refuse(None, record, received)
        return page_views.validate(
            record, snapshot, secret, received, agency=opens.agency, sites=opens.sites
        )

    return judge


class BatchAnswer(msgspec.Struct, frozen=True):
    """What is said of a batch that could be read."""

    accepted: int
    rejected: int
    verdicts: msgspec.Raw  # of Verdict
    receipt: str  # collect/receipts.py


class BatchDoor:
    """A batch of canonical records under a key: all judged, then all written as one."""

    def __init__(
        self,
        gate: Gate,
        writer: Writer,
        counts: Counts,
        addresses: Addresses,
        receipts: Receipts,
        judge: Judge,
        feeds: Sequence[str] = (Feed.CANONICAL,),
    ) -> None:
        """feeds: a key for any of them may use this door."""
        self._gate = gate
        self._judge_of = judge
        self._judges: dict[Opens, JudgeOne] = {}
        self._judged_by: Snapshot | None = None
        self._append = writer.append
        self._append_many = writer.append_many
        self._writer_name = writer.name
        self._counts = counts
        self._address_of = addresses.of
        self._receipts = receipts
        self._feeds = feeds

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        if scope.method != "POST":
            replies.wrong_method(exchange, ("POST",))
            return
        sent = await read_body(exchange, MAX_BATCH)
        opens = self._admitted(scope, sent if isinstance(sent, bytes) else b"")
        if not isinstance(opens, Opens):
            await self._refuse(exchange, opens or _NO_KEY, Trust.UNVERIFIED)
            return
        if isinstance(sent, Unreadable):
            await self._refuse(exchange, sent, Trust.VERIFIED)
            return
        encoding = scope.headers.get("content-encoding") or ""
        body = await asyncio.to_thread(inflate, sent, encoding) if encoding else sent
        received = now_us()
        judged = (
            body
            if isinstance(body, Unreadable)
            else await self._judge(body, opens, self._address_of(scope), received)
        )
        if isinstance(judged, Unreadable):
            await self._refuse(exchange, judged, Trust.VERIFIED)
            return
        outcomes, verdicts = judged
        number = await self._append_many(outcomes)
        segment = f"{self._writer_name}/{number}" if outcomes else ""
        answered = Answered.of(verdicts)
        receipt = self._receipts.of(received, scope.path, opens.key_id, sent, answered, segment)
        self._count(verdicts)
        answer = BatchAnswer(answered.accepted, answered.rejected, answered.verdicts, receipt)
        status = 200 if answered.accepted or not verdicts else 422
        exchange.response_bytes(status, JSON, msgspec.json.encode(answer))

    def _admitted(self, scope: Scope, sent: bytes) -> Opens | Unreadable | None:
        opens: Opens | Unreadable | None = None
        for feed in self._feeds:
            opens = self._gate.admit(scope, feed, sent)
            if not isinstance(opens, Unreadable) or opens.reason != RejectReason.OUT_OF_SCOPE:
                break
        return opens

    async def _judge(
        self, body: bytes, opens: Opens, address: str, received: int
    ) -> tuple[list[bytes], list[Verdict]] | Unreadable:
        """A verdict for every record, and what is written of it; the loop breathes in between."""
        judge = self._judge_for(opens)
        barred = Barred(self._gate, address, keyed=True)
        outcomes: list[bytes] = []
        verdicts: list[Verdict] = []
        for line, record in canonical.records(body):
            if len(outcomes) == MAX_RECORDS:
                return Unreadable(RejectReason.TOO_LARGE, f"records: more than {MAX_RECORDS}")
            outcome = judge(record, received)
            if isinstance(outcome, DossierEvent) and (why := barred.why(outcome.system)):
                outcome = canonical.refuse(_mapping(record), why, self._gate.secret, received)
            if isinstance(outcome, Refused):
                outcome = self._gate.note(outcome, opens, address)
            outcomes.append(_encode(outcome))
            if isinstance(outcome, Refused):
                verdicts.append(Verdict(line, "rejected", outcome.reason, outcome.detail))
            else:
                verdicts.append(Verdict(line, "accepted"))
            if len(outcomes) % _TURN == 0:
                await asyncio.sleep(0)
        return outcomes, verdicts

    def _judge_for(self, opens: Opens) -> JudgeOne:
        """What a judge has learned serves the sender's next batch, until the registry moves."""
        snapshot = self._gate.snapshot
        if snapshot is not self._judged_by:
            self._judges, self._judged_by = {}, snapshot
        if opens not in self._judges:
            self._judges[opens] = self._judge_of(snapshot, self._gate.secret, opens)
        return self._judges[opens]

    def _count(self, verdicts: list[Verdict]) -> None:
        for reason, count in Counter(verdict.reason for verdict in verdicts).items():
            self._counts.add(Feed.CANONICAL, reason, count)

    async def _refuse(self, exchange: Exchange, why: Unreadable, trust: str) -> None:
        """Refuse the batch as a whole, and keep a row that says so."""
        row = canonical.refuse(None, why, self._gate.secret, now_us(), trust=trust)
        await self._append(_encode(row))
        self._counts.add(Feed.CANONICAL, why.reason)
        replies.refuse(exchange, why)


def _mapping(record: Sent) -> Mapping[str, object] | None:
    return None if isinstance(record, Unreadable) else record
