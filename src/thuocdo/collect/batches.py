"""`/v1/dossiers` and `/v1/page-views`: batches of canonical records, judged before they are written.

The sender gets a verdict for every record at once, and nothing personal of a dossier reaches the
disk: only events stripped of it, and refusals with their payload redacted, are appended to the log.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Final

import msgspec

from thuocdo.collect import replies
from thuocdo.collect.gate import Gate, Opens
from thuocdo.collect.limits import MAX_BATCH, MAX_RECORDS, inflate, read_body
from thuocdo.collect.metrics import Counts
from thuocdo.collect.replies import JSON, Exchange, Scope
from thuocdo.core.clock import now_us
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire import canonical, page_views
from thuocdo.wire.canonical import Verdict
from thuocdo.wire.events import Record, Refused, Unreadable

Sent = Mapping[str, object] | Unreadable
Judge = Callable[[Sent, Snapshot, bytes, int, Opens], Record]
"""(record, registry, secret, received µs UTC, what the key opens) → what is written of the record."""

_TURN: Final = 200
"""Records judged before other requests get their turn on the event loop (about 5 ms)."""

_encode = msgspec.msgpack.Encoder().encode


def dossier(record: Sent, snapshot: Snapshot, secret: bytes, received: int, opens: Opens) -> Record:
    """One record of `/v1/dossiers`."""
    if isinstance(record, Unreadable):
        return canonical.refuse(None, record, secret, received)
    return canonical.validate(
        record, snapshot, secret, received, agency=opens.agency, systems=opens.systems
    )


def page_view(
    record: Sent, snapshot: Snapshot, secret: bytes, received: int, opens: Opens
) -> Record:
    """One record of `/v1/page-views`."""
    if isinstance(record, Unreadable):
        return page_views.refuse(None, record, received)
    return page_views.validate(
        record, snapshot, secret, received, agency=opens.agency, sites=opens.sites
    )


class BatchAnswer(msgspec.Struct, frozen=True):
    """What is said of a batch that could be read."""

    accepted: int
    rejected: int
    verdicts: list[Verdict]


class BatchDoor:
    """A batch of canonical records under a key: all judged, then all written as one."""

    def __init__(self, gate: Gate, writer: Writer, counts: Counts, judge: Judge) -> None:
        self._gate = gate
        self._judge_one = judge
        self._append = writer.append
        self._append_many = writer.append_many
        self._counts = counts

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        if scope.method != "POST":
            replies.wrong_method(exchange, ("POST",))
            return
        opens = self._gate.admit(scope.headers.get("authorization") or "", Feed.CANONICAL)
        sent = await read_body(exchange, MAX_BATCH)
        if isinstance(opens, Unreadable):
            await self._refuse(exchange, opens, Trust.UNVERIFIED)
            return
        body = sent
        if isinstance(sent, bytes):
            encoding = scope.headers.get("content-encoding") or ""
            body = await asyncio.to_thread(inflate, sent, encoding) if encoding else sent
        if isinstance(body, Unreadable):
            await self._refuse(exchange, body, Trust.VERIFIED)
            return
        judged = await self._judge(body, opens)
        if isinstance(judged, Unreadable):
            await self._refuse(exchange, judged, Trust.VERIFIED)
            return
        outcomes, verdicts = judged
        if outcomes:
            await self._append_many([_encode(outcome) for outcome in outcomes])
        self._answer(exchange, verdicts)

    async def _judge(
        self, body: bytes, opens: Opens
    ) -> tuple[list[Record], list[Verdict]] | Unreadable:
        """A verdict for every record; the loop breathes in between."""
        snapshot, secret, received = self._gate.snapshot, self._gate.secret, now_us()
        judge = self._judge_one
        outcomes: list[Record] = []
        verdicts: list[Verdict] = []
        for line, record in canonical.records(body):
            if len(outcomes) == MAX_RECORDS:
                return Unreadable(RejectReason.TOO_LARGE, f"records: more than {MAX_RECORDS}")
            outcome = judge(record, snapshot, secret, received, opens)
            outcomes.append(outcome)
            if isinstance(outcome, Refused):
                verdicts.append(Verdict(line, "rejected", outcome.reason, outcome.detail))
            else:
                verdicts.append(Verdict(line, "accepted"))
            if len(outcomes) % _TURN == 0:
                await asyncio.sleep(0)
        return outcomes, verdicts

    def _answer(self, exchange: Exchange, verdicts: list[Verdict]) -> None:
        for verdict in verdicts:
            self._counts.add(Feed.CANONICAL, verdict.reason)
        accepted = sum(verdict.verdict == "accepted" for verdict in verdicts)
        answer = BatchAnswer(accepted, len(verdicts) - accepted, verdicts)
        status = 200 if accepted or not verdicts else 422
        exchange.response_bytes(status, JSON, msgspec.json.encode(answer))

    async def _refuse(self, exchange: Exchange, why: Unreadable, trust: str) -> None:
        """Refuse the batch as a whole, and keep a row that says so."""
        row = canonical.refuse(None, why, self._gate.secret, now_us(), trust=trust)
        await self._append(_encode(row))
        self._counts.add(Feed.CANONICAL, why.reason)
        replies.refuse(exchange, why)
