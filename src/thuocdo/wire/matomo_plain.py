"""The ordinary page view, thousands at a time: the short way beside `wire/matomo.py: parse_hit`.

Nearly every request is a GET of a tracker that says which page of which site was seen, where from
and how long it took. Such queries are read here in columns (`wire/octets.py`). The short way takes a
query only when it knows every parameter in it and every value has its ordinary form; whatever else
comes, it leaves to `parse_hit`. Both come to the same events: a property test holds them together.

The parameters are Matomo's (https://developer.matomo.org/api-reference/tracking-api, and what
js/piwik.js sends beside them).
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import unquote_plus

import numpy as np
import numpy.typing as npt

from thuocdo.wire import content
from thuocdo.wire.matomo import MAX_SITE, MAX_TIMING_MS, page_fault, web_address
from thuocdo.wire.octets import (
    WORD,
    Marks,
    Octets,
    Places,
    Span,
    are_hexadecimal,
    first_byte,
    kept,
    key,
    numbers,
)

NONE: Final = -1
"""A timing that was not measured, in a column of numbers."""

_STAGES: Final = ("pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl")
_READ: Final = ("idsite", "rec", "url", "urlref", "_id", *_STAGES, *content.NONCES)
_WITHOUT_MEANING: Final = (
    *("h", "m", "s", "res", "cookie", "java", "pdf", "qt", "realp", "wma", "fla", "ag", "gears"),
    *("dir", "apiv", "gt_ms", "_idts", "_idvc", "_idn", "_viewts", "_refts", "send_image"),
    *("_ref", "_rcn", "_rck", "lang", "cs", "uadata", "action_name"),
    *(f"dimension{number}" for number in range(1, 6)),
)
"""What trackers send beside it that no row of ours comes from."""
_TRAVEL: Final = "send_image"
_NAMES: Final = (*_READ, *_WITHOUT_MEANING)
_UNKNOWN: Final = -1
_SHORT_NAMES: Final = sorted(
    (key(name), place) for place, name in enumerate(_NAMES) if len(name) < WORD
)
_SHORT_KEYS: Final = np.array([word for word, _ in _SHORT_NAMES], np.uint64)
_SHORT_PLACES: Final = np.array([place for _, place in _SHORT_NAMES], np.int64)
_SHORT_LENGTHS: Final = np.array([len(_NAMES[place]) for _, place in _SHORT_NAMES], np.int64)
_SITE_DIGITS: Final = 8
_STAGE_DIGITS: Final = 6
_CLIENT_DIGITS: Final = 16
_ONE: Final = np.uint64(ord("1"))
_MINUS: Final = np.uint64(ord("-"))


class PlainViews(NamedTuple):
    """Ordinary page views. `rows` says which queries they are; texts are as they came, encoded.

    client  16 hexadecimal digits, or empty
    server, dom, load  milliseconds, NONE when not measured
    own     whether a nonce makes the request itself and no other (`wire/content.py`)
    travel  the part of the query that only says how it travels
    """

    rows: Places
    site: Places
    page: Span
    referrer: Span
    client: Span
    server: Places
    dom: Places
    load: Places
    own: Marks
    travel: Span

    def of(self, chosen: Places) -> PlainViews:
        return PlainViews(
            self.rows[chosen], self.site[chosen], self.page.of(chosen), self.referrer.of(chosen),
            self.client.of(chosen), self.server[chosen], self.dom[chosen], self.load[chosen],
            self.own[chosen], self.travel.of(chosen),
        )  # fmt: skip


class _Given:
    """The parameters of some queries: for each known name, where its value lies in each query."""

    def __init__(self, octets: Octets, queries: Span) -> None:
        self._octets = octets
        self._queries = queries
        pieces, self._query = _pieces(octets, queries)
        name, self._value = _names(octets, pieces)
        self.plain = np.ones(len(queries.start), np.bool_)
        self.plain[self._query[name == _UNKNOWN]] = False
        order = np.argsort(name, kind="stable")
        bounds = np.searchsorted(name[order], np.arange(len(_NAMES) + 1))
        self._of_name = {
            each: order[bounds[place] : bounds[place + 1]] for place, each in enumerate(_NAMES)
        }

    def value(self, name: str) -> Span:
        """The value in each query; empty where there is none. A name that comes twice is not plain."""
        found = self._of_name[name]
        query = self._query[found]
        self.plain[query[1:][query[1:] == query[:-1]]] = False
        start, end = self._queries.start.copy(), self._queries.start.copy()
        start[query], end[query] = self._value.start[found], self._value.end[found]
        return Span(start, end)

    def piece(self, name: str) -> Span:
        """A parameter with what parts it from its neighbour; empty where it was not sent."""
        value = self.value(name)
        sent = value.start > self._queries.start
        start = np.where(sent, value.start - len(name) - 1, self._queries.end)
        is_first = start == self._queries.start
        end = np.where(sent, value.end + is_first, self._queries.end)
        return Span(start - (sent & ~is_first), np.minimum(end, self._queries.end))

    def stage(self, name: str, missing: int = NONE) -> Places:
        """Milliseconds of a stage; `missing` where it was not sent, NONE where it is negative.

        A value that is no whole number is not plain.
        """
        span = self.value(name)
        found = np.full(len(span.start), missing, np.int64)
        query = self._query[self._of_name[name]]
        sent = span.of(query)
        value = numbers(self._octets, sent, _STAGE_DIGITS)
        negative = kept(self._octets.word(sent.start), np.minimum(sent.length, 1)) == _MINUS
        self.plain[query] &= negative | ((value >= 0) & (value <= MAX_TIMING_MS))
        found[query] = value
        return found


def read(octets: Octets, queries: Span) -> PlainViews:
    """Those of some queries that are ordinary page views."""
    given = _Given(octets, queries)
    for name in _WITHOUT_MEANING:
        given.value(name)
    site = numbers(octets, given.value("idsite"), _SITE_DIGITS)
    given.plain &= (site > 0) & (site <= MAX_SITE)
    rec = given.value("rec")
    given.plain &= (rec.length == 0) & (rec.start == queries.start) | (
        (rec.length == 1) & (kept(octets.word(rec.start), rec.length) == _ONE)
    )
    page, referrer, client = (given.value(name) for name in ("url", "urlref", "_id"))
    given.plain &= (page.length > 0) & _is_client(octets, client)
    own = np.zeros(len(site), np.bool_)
    for name in content.NONCES:
        own |= given.value(name).length >= content.SHORTEST_NONCE
    net = given.stage("pf_net", 0)  # older trackers do not send it
    server, transfer, parsing, rest, handlers = (given.stage(name) for name in _STAGES[1:])
    dom = np.where(
        (net == NONE) | (server == NONE) | (transfer == NONE) | (parsing == NONE),
        NONE,
        net + server + transfer + parsing,
    )
    load = np.where(
        (dom == NONE) | (rest == NONE) | (handlers == NONE), NONE, dom + rest + handlers
    )
    every = np.arange(len(site))
    found = PlainViews(
        every, site, page, referrer, client, server, dom, load, own, given.piece(_TRAVEL)
    )
    return found.of(np.flatnonzero(given.plain))


def page(encoded: bytes) -> str | None:
    """The address of a page that `parse_hit` would take, None for any other."""
    url = _decoded(encoded)
    return url if url and page_fault(url) is None else None


def referrer(encoded: bytes) -> str:
    """The referrer as `parse_hit` takes it: "" when it is no web address."""
    return web_address(_decoded(encoded))


def contents(octets: Octets, queries: Span, travel: Span) -> list[bytes]:
    """`wire/content.py: canonical` of ordinary queries."""
    return list(octets.texts_without(queries, travel).to_pylist())


def _decoded(value: bytes) -> str:
    """As `unquote_plus`; the two escapes every address has are undone without it."""
    simple = value.replace(b"%3A", b":").replace(b"%2F", b"/")
    if b"%" in simple or b"+" in simple or not simple.isascii():
        return unquote_plus(value.decode("utf-8", "replace"), errors="replace")
    return simple.decode("ascii")


def _pieces(octets: Octets, queries: Span) -> tuple[Span, Places]:
    """What the ampersands of each query part, and which query each piece is of."""
    marks = octets.find("&")
    first, last = np.searchsorted(marks, queries.start), np.searchsorted(marks, queries.end)
    counts = last - first
    size = len(marks) + 1
    depth = np.cumsum(np.bincount(first, minlength=size) - np.bincount(last, minlength=size))
    marks = marks[depth[:-1] > 0]
    query = np.repeat(np.arange(len(counts)), counts + 1)
    heads = np.cumsum(counts + 1) - (counts + 1)
    start = np.empty(len(query), np.int64)
    rest = np.ones(len(query), np.bool_)
    rest[heads] = False
    start[heads] = queries.start
    start[rest] = marks + 1
    end = np.empty_like(start)
    rest[:] = True
    rest[heads + counts] = False
    end[heads + counts] = queries.end
    end[rest] = marks
    return Span(start, end), query


def _names(octets: Octets, pieces: Span) -> tuple[Places, Span]:
    """Place of each piece's name in `_NAMES` (or `_UNKNOWN`), and its value."""
    word = octets.word(pieces.start)
    length = first_byte(word, "=").astype(np.int64)
    word = kept(word, length)
    place = np.searchsorted(_SHORT_KEYS, word)
    place = np.minimum(place, len(_SHORT_KEYS) - 1)
    known = (_SHORT_KEYS[place] == word) & (_SHORT_LENGTHS[place] == length)
    name = np.where(known, _SHORT_PLACES[place], _UNKNOWN)
    long = np.flatnonzero(length == WORD)
    if len(long):
        name[long], length[long] = _long_names(octets, word[long], pieces.start[long])
    start = pieces.start + length + 1
    name[start > pieces.end] = _UNKNOWN
    return name, Span(start, pieces.end)


def _long_names(
    octets: Octets, head: npt.NDArray[np.uint64], start: Places
) -> tuple[Places, Places]:
    """As `_names`, for those of eight letters and more: their place and length."""
    tail = octets.word(start + WORD)
    more = first_byte(tail, "=").astype(np.int64)
    tail = kept(tail, more)
    name = np.full(len(start), _UNKNOWN, np.int64)
    for place, each in enumerate(_NAMES):
        if len(each) >= WORD:
            same = (head == key(each[:WORD])) & (tail == key(each[WORD:]))
            name[same & (more == len(each) - WORD)] = place
    return name, more + WORD


def _is_client(octets: Octets, span: Span) -> Marks:
    """Whether a first-party id is 16 hexadecimal digits, or empty."""
    first, second = (are_hexadecimal(octets.word(span.start + skip)) for skip in (0, WORD))
    return np.where(span.length == _CLIENT_DIGITS, first & second, span.length == 0)
