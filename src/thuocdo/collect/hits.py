"""`/tracking`, `/matomo.php`, `/piwik.php`: the hot path. Look at the site, write, answer.

A hit is stored as it came and parsed at landing; of an ordinary one only the site is looked at. One
that says something of its own sender or time, that holds what must not touch the disk, or that
comes in a body, is judged whole (`collect/hit_judge.py`).

Answers are Matomo's: a pixel, 204 for `send_image=0` and for a POST, JSON that counts for a bulk
request. A refusal says its reason in `X-Thuocdo`. A credential is a `token_auth`, or an
Authorization of a scheme of `collect/credentials.py`.
"""

from __future__ import annotations

import asyncio
from time import time_ns
from typing import Final

import msgspec

from thuocdo.collect import replies
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.gate import Gate
from thuocdo.collect.hit_judge import Judge, Sender, Shown, opened
from thuocdo.collect.hit_text import MARKS, form_of, site_of, value_of
from thuocdo.collect.limits import (
    MAX_AGENT,
    MAX_FORM,
    MAX_HIT_BODY,
    MAX_QUERY,
    MAX_REFERRER,
    read_body,
)
from thuocdo.collect.metrics import Counts
from thuocdo.collect.replies import PICTURE, TAKEN, Exchange, Headers, Reply, Scope
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire import matomo_bulk
from thuocdo.wire.events import Hit, Unreadable

METHODS: Final = ("GET", "POST", "OPTIONS")
_HITS: Final = ("GET", "POST")
# Plain strings: an enum's member costs a call of Python code each time it is hashed or encoded.
_FEED: Final = Feed.TRACKING.value
_TRUST: Final = Trust.UNVERIFIED.value
_SCHEMES: Final = ("bearer ", "td-hmac")
_TOO_LONG: Final = Unreadable(RejectReason.TOO_LARGE, "query or form: over the limit")
_TURN: Final = 100
"""Hits of a bulk request judged before other requests get their turn on the event loop."""


class BulkAnswer(msgspec.Struct, frozen=True):
    """How many hits count; which do not is told to whoever shows a key, as Matomo does."""

    status: str
    tracked: int
    invalid: int
    invalid_indices: list[int] | msgspec.UnsetType = msgspec.UNSET


class Hits:
    """The handler of the page-view endpoints."""

    def __init__(self, gate: Gate, writer: Writer, counts: Counts, addresses: Addresses) -> None:
        self._gate = gate
        self._append = writer.append
        self._append_many = writer.append_many
        self._address_of = addresses.of
        self._encode = msgspec.msgpack.Encoder().encode
        self._counts = counts

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        """Any hit; those that are `ordinary` need not come this way."""
        method = scope.method
        if method not in _HITS:
            _other_method(scope, exchange)
            return
        body = await read_body(exchange, MAX_HIT_BODY) if method == "POST" else b""
        if body:
            await self._posted(scope, exchange, scope.query_string, body)
            return
        plain = self.ordinary(scope)
        if plain is None:
            await self._unusual(scope, exchange, scope.query_string, b"")
            return
        record, reply = plain
        await self._append(record)
        self._counts.add(_FEED)
        reply.give(exchange)

    def ordinary(self, scope: Scope) -> tuple[bytes, Reply] | None:
        """The record of a hit without a body of which only the site need be looked at, and its answer.

        None: it has to be judged whole. May be called on any thread.
        """
        query = scope.query_string
        site = site_of(query)
        gate = self._gate
        if site not in gate.sites or site in gate.guarded or len(query) > MAX_QUERY:
            return None
        for mark in MARKS:
            if mark in query:
                return None
        header = scope.headers.get
        if (header("authorization") or "").lower().startswith(_SCHEMES):
            return None
        record = self._record(scope, query)
        if scope.method == "POST":
            origin = header("origin")
            return record, Reply(204, replies.nothing_to(origin)) if origin else TAKEN
        return record, TAKEN if "send_image=0" in query else PICTURE

    def _record(self, scope: Scope, query: str) -> bytes:
        header = scope.headers.get
        return self._encode(
            Hit(
                time_ns() // 1000,
                self._address_of(scope),
                (header("user-agent") or "")[:MAX_AGENT],
                (header("referer") or "")[:MAX_REFERRER],
                query.encode("utf-8", "replace"),
                b"",
                "",
                _TRUST,
            )
        )

    async def _posted(
        self, scope: Scope, exchange: Exchange, query: str, body: bytes | Unreadable
    ) -> None:
        if isinstance(body, Unreadable):
            await self._refuse(scope, exchange, body)
        elif matomo_bulk.is_bulk(body, scope.headers.get("content-type") or ""):
            await self._bulk(scope, exchange, query, body)
        else:
            await self._unusual(scope, exchange, query, body)

    async def _unusual(self, scope: Scope, exchange: Exchange, query: str, body: bytes) -> None:
        """One hit, judged whole; a browser may send it as a form of whatever name."""
        if len(query) > MAX_QUERY or len(body) > MAX_FORM:
            await self._refuse(scope, exchange, _TOO_LONG)
            return
        form = form_of(body, scope.headers.get("content-type") or "")
        judge = Judge(self._gate, self._sender(scope), self._shown(scope, body))
        judged = judge(query, form, is_told=False)
        if judged.is_written:
            await self._append(self._encode(judged.hit))
        self._counts.add(_FEED, judged.refused)
        if judged.refused:
            replies.refuse_hit(exchange, judged.refused, _cors(scope))
        elif scope.method == "POST" or "send_image=0" in query:
            exchange.response_empty(204, _cors(scope))
        else:
            PICTURE.give(exchange)

    async def _bulk(self, scope: Scope, exchange: Exchange, query: str, body: bytes) -> None:
        """Every hit of a bulk request judged by itself; all written before any is answered."""
        bulk = matomo_bulk.read(body)
        if isinstance(bulk, Unreadable):
            await self._refuse(scope, exchange, bulk)
            return
        shown = self._shown(scope, body, bulk.token or value_of(query, "token_auth"))
        if isinstance(shown, Unreadable):
            await self._refuse(scope, exchange, shown)
            return
        judge = Judge(self._gate, self._sender(scope), shown)
        records: list[bytes] = []
        refused: list[str] = []
        for item in bulk.requests:
            judged = judge.refused(item) if isinstance(item, Unreadable) else judge(item)
            if judged.is_written:
                records.append(self._encode(judged.hit))
            refused.append(judged.refused)
            if len(refused) % _TURN == 0:
                await asyncio.sleep(0)
        await self._append_many(records)
        for reason in refused:
            self._counts.add(_FEED, reason)
        places = msgspec.UNSET if shown is None else _refused_places(refused)
        _answer_bulk(exchange, _cors(scope), refused, places, is_silent=bulk.is_silent)

    async def _refuse(self, scope: Scope, exchange: Exchange, why: Unreadable) -> None:
        """Refuse a request as a whole, and keep a row that says so."""
        judged = Judge(self._gate, self._sender(scope), None).refused(why)
        await self._append(self._encode(judged.hit))
        self._counts.add(_FEED, judged.refused)
        answer = msgspec.json.encode(BulkAnswer("error", 0, 0))
        replies.refuse_hit(exchange, judged.refused, _cors(scope), answer)

    def _sender(self, scope: Scope) -> Sender:
        header = scope.headers.get
        return Sender(
            time_ns() // 1000,
            self._address_of(scope),
            (header("user-agent") or "")[:MAX_AGENT],
            (header("referer") or "")[:MAX_REFERRER],
        )

    def _shown(self, scope: Scope, body: bytes, token: str = "") -> Shown:
        """What a credential of the whole request opens.

        Browsers add Authorization of their own, meant for other doors of the same host: only the
        schemes of `collect/credentials.py` are looked at.
        """
        if (scope.headers.get("authorization") or "").lower().startswith(_SCHEMES):
            return self._gate.admit(scope, _FEED, body)
        return opened(self._gate, token)


def _other_method(scope: Scope, exchange: Exchange) -> None:
    if scope.method == "OPTIONS":
        replies.preflight(exchange, scope.headers.get("origin") or "")
    else:
        replies.wrong_method(exchange, METHODS)


def _cors(scope: Scope) -> Headers:
    return replies.nothing_to(scope.headers.get("origin") or "")


def _refused_places(refused: list[str]) -> list[int]:
    return [place for place, reason in enumerate(refused) if reason]


def _answer_bulk(
    exchange: Exchange,
    headers: Headers,
    refused: list[str],
    places: list[int] | msgspec.UnsetType,
    *,
    is_silent: bool,
) -> None:
    """Matomo's answer, and the reason of the first hit that does not count."""
    invalid = sum(map(bool, refused))
    if invalid:
        headers = [*headers, *replies.because_of_hit(next(filter(None, refused)))]
    if is_silent:
        exchange.response_empty(204, headers)
        return
    answer = BulkAnswer("success", len(refused) - invalid, invalid, places)
    exchange.response_bytes(200, [*headers, replies.JSON_TYPE], msgspec.json.encode(answer))
