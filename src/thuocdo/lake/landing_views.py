"""Page views of a landing batch in columns: integers as they are, words as places in a dictionary.

Millions of views share few pages, agents and referrers. So what a view's words say is worked out
once for each distinct text, and nothing is done in Python once for each view. `take` reads the
ordinary hits of a whole segment at once; whatever it leaves goes through the general parser, one by
one, and comes to `add`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.ids import visitor_digests
from thuocdo.core.vocabulary import Feed, ViewKind
from thuocdo.lake.enrich import Client, Place
from thuocdo.lake.landing_places import pages
from thuocdo.lake.parquet import repeated
from thuocdo.lake.schemas import PAGE_VIEWS
from thuocdo.wire import matomo_plain
from thuocdo.wire.events import Hit, PageView
from thuocdo.wire.hit_columns import HitColumns
from thuocdo.wire.matomo_plain import PlainViews
from thuocdo.wire.octets import Marks, Octets, Places, Span

Codes = npt.NDArray[np.int64]
Words: TypeAlias = Any
"""An Arrow column of words as places in a dictionary."""
Word = str | None

_MILLISECOND: Final = 1000
_TIMINGS: Final = ("t_server_ms", "t_dom_ms", "t_load_ms")
_NUMBERS: Final = (
    "event_time", "site_id", "visitor", *_TIMINGS, "landed_at", "record", "item", "request", "dated",
)  # fmt: skip
_WORDS: Final = (
    "kind", "host", "path", "procedure", "referrer_host", "device", "browser", "os", "bot",
    "segment", "trust",
)  # fmt: skip
_PLACE: Final = ("host", "path", "procedure")
_CLIENT: Final = ("device", "browser", "os", "bot")
_NONE: Final = matomo_plain.NONE


class Reading(Protocol):
    """What the lander's reader knows of addresses, agents, days and requests."""

    def place(self, url: str) -> Place: ...
    def host(self, referrer: str) -> str | None: ...
    def client(self, agent: str) -> Client: ...
    def pseudonym(self, instant: int, site_id: int, client: str) -> int: ...
    def salt(self, day: int) -> bytes: ...
    def request(self, event: PageView, visitor: int) -> int: ...
    def requests(self, contents: Iterable[bytes]) -> Codes: ...


class Origin(NamedTuple):
    """Where an event lay: the segment, its frame's time (µs UTC), its record, its place in that."""

    segment: str
    landed_at: int
    record: int
    item: int


class _Chunk(NamedTuple):
    numbers: dict[str, Codes]
    words: dict[str, Words]


class Views:
    """The page views of one batch, of the sites that are registered."""

    def __init__(self, reader: Reading, sites: Collection[int]) -> None:
        self._reader = reader
        self._sites = np.array(sorted(sites), np.int64)
        self._chunks: list[_Chunk] = []
        self._numbers: list[tuple[int, ...]] = []
        self._words: list[tuple[Word, ...]] = []

    def __len__(self) -> int:
        return len(self._numbers) + sum(len(chunk.numbers["record"]) for chunk in self._chunks)

    def take(
        self, octets: Octets, hits: HitColumns, landed_at: Places, segment: str, first: int
    ) -> Places:
        """Take the ordinary hits of a block of records; which of them they are, in order.

        landed_at  of each of the records
        first      number of the block's first record in its segment
        """
        simple = np.flatnonzero((hits.body.length == 0) & (hits.refused.length == 0))
        plain = matomo_plain.read(octets, hits.query.of(simple))
        code, texts = octets.encoded(plain.page)
        found = pages(texts, self._reader.place)
        good = np.flatnonzero(self._registered(plain.site) & found.are_pages[code])
        rows, code, plain = simple[plain.rows[good]], code[good], plain.of(good)
        received, record, count = hits.received[rows], hits.rows[rows], len(rows)
        numbers = {
            "event_time": received // _MILLISECOND * _MILLISECOND,
            "site_id": plain.site,
            "visitor": self._visitors(octets, hits, rows, plain),
            "t_server_ms": plain.server,
            "t_dom_ms": plain.dom,
            "t_load_ms": plain.load,
            "landed_at": landed_at[record],
            "record": first + record,
            "item": np.zeros(count, np.int64),
            "request": self._requests(octets, hits.query.of(rows), plain.own),
            "dated": np.zeros(count, np.int64),
        }
        words = {
            "kind": repeated(ViewKind.VIEW.value, count),
            "segment": repeated(segment, count),
            **{name: _taken(getattr(found, name), code) for name in _PLACE},
            **_each(octets, plain.referrer, ("referrer_host",), self._referrer),
            **_each(octets, hits.agent.of(rows), _CLIENT, self._agent),
            **_each(octets, hits.trust.of(rows), ("trust",), lambda text: (text.decode(),)),
        }
        self._chunks.append(_Chunk(numbers, words))
        return record

    def add(self, hit: Hit, view: PageView, origin: Origin) -> None:
        """Take a view as the general parser read it."""
        place = self._reader.place(view.url)
        timings = (view.t_server_ms, view.t_dom_ms, view.t_load_ms)
        client = view.client or f"{hit.address} {hit.agent}"
        visitor = self._reader.pseudonym(view.event_time, view.site_id, client)
        self._numbers.append(
            (
                view.event_time // _MILLISECOND * _MILLISECOND,
                view.site_id,
                visitor,
                *(_NONE if timing is None else timing for timing in timings),
                origin.landed_at,
                origin.record,
                origin.item,
                self._reader.request(view, visitor),
                int(view.dated),
            )
        )
        self._words.append(
            (
                str(view.kind),
                place.host,
                place.path,
                view.procedure or place.procedure,
                self._reader.host(view.referrer) if view.referrer else None,
                *self._reader.client(hit.agent),
                origin.segment,
                hit.trust,
            )
        )

    def table(self) -> pa.Table:
        """The rows as the lake has them, in the order they will be stored, numbered in it.

        Columns of words are dictionaries.
        """
        chunks = [*self._chunks, self._added()]
        number = {
            name: np.concatenate([chunk.numbers[name] for chunk in chunks]) for name in _NUMBERS
        }
        day = (number["event_time"] + OFFSET_US) // DAY_US
        order = np.lexsort((number["event_time"], number["visitor"], number["site_id"], day))
        count = len(order)
        columns: dict[str, Any] = {
            "day": pa.array(day[order].astype(np.int32)),
            **{
                name: pa.array(number[name][order])
                for name in ("event_time", "visitor", "landed_at")
            },
            "site_id": pa.array(number["site_id"][order].astype(np.int32)),
            **{
                name: _taken(_joined([chunk.words[name] for chunk in chunks]), order)
                for name in _WORDS
            },
            **{name: _timing(number[name][order]) for name in _TIMINGS},
            "event_id": pa.array(np.arange(count)),
            "feed": repeated(Feed.TRACKING.value, count),
        }
        arrays = [
            columns[field.name]
            if pa.types.is_dictionary(columns[field.name].type)
            else columns[field.name].cast(field.type)
            for field in PAGE_VIEWS
        ]
        return pa.table(arrays, names=PAGE_VIEWS.names)

    def _added(self) -> _Chunk:
        """The views that came one by one."""
        flat = np.array(self._numbers, np.int64).reshape(-1, len(_NUMBERS))
        columns = list(zip(*self._words, strict=True)) or [()] * len(_WORDS)
        return _Chunk(
            dict(zip(_NUMBERS, flat.T, strict=True)),
            {name: _words(column) for name, column in zip(_WORDS, columns, strict=True)},
        )

    def _registered(self, sites: Places) -> Marks:
        place = np.searchsorted(self._sites, sites)
        known: Marks = np.append(self._sites, _NONE)[place] == sites
        return known

    def _visitors(self, octets: Octets, hits: HitColumns, rows: Places, plain: PlainViews) -> Codes:
        """The pseudonym of each view, worked out once for each day, site and client."""
        client, ids = octets.distinct(plain.client)
        nameless = np.flatnonzero(plain.client.length == 0)
        address, addresses = octets.distinct(hits.address.of(rows[nameless]))
        agent, agents = octets.distinct(hits.agent.of(rows[nameless]))
        client[nameless] = len(ids) + address * len(agents) + agent
        days, day = np.unique((hits.received[rows] + OFFSET_US) // DAY_US, return_inverse=True)
        sites, site = np.unique(plain.site, return_inverse=True)
        encoded = pa.array((client * len(sites) + site) * len(days) + day).dictionary_encode()
        distinct = encoded.dictionary.to_numpy()
        visitors = np.empty(len(distinct), np.int64)
        for number, instant in enumerate(days.tolist()):
            chosen = np.flatnonzero(distinct % len(days) == number)
            who, where = np.divmod(distinct[chosen] // len(days), len(sites))
            named = (
                ids[each] if each < len(ids) else _named(each - len(ids), addresses, agents)
                for each in who.tolist()
            )
            pairs = zip(sites[where].tolist(), named, strict=True)
            digests = visitor_digests(self._reader.salt(instant), pairs)
            visitors[chosen] = np.frombuffer(digests, ">i8")
        codes: Codes = encoded.indices.to_numpy()
        return visitors[codes]

    def _requests(self, octets: Octets, queries: Span, own: Marks) -> Codes:
        """The id of each request that has a nonce; 0 for the others."""
        found = np.zeros(len(own), np.int64)
        found[own] = self._reader.requests(matomo_plain.contents(octets, queries.of(own)))
        return found

    def _referrer(self, encoded: bytes) -> tuple[Word]:
        url = matomo_plain.referrer(encoded)
        return (self._reader.host(url) if url else None,)

    def _agent(self, agent: bytes) -> Client:
        return self._reader.client(agent.decode())


def _each(
    octets: Octets,
    span: Span,
    names: Sequence[str],
    read: Callable[[bytes], tuple[Word, ...]],
) -> dict[str, Words]:
    """Columns of what a text says, read once from each distinct text."""
    code, texts = octets.distinct(span)
    columns = list(zip(*map(read, texts), strict=True)) or [()] * len(names)
    return {name: _taken(_words(column), code) for name, column in zip(names, columns, strict=True)}


def _named(who: int, addresses: list[bytes], agents: list[bytes]) -> bytes:
    """A client without an id: its address and its agent."""
    return b"%b %b" % (addresses[who // len(agents)], agents[who % len(agents)])


def _words(texts: Sequence[Word]) -> Words:
    return pa.array(texts, pa.string()).dictionary_encode()


def _taken(words: Words, places: Codes) -> Words:
    """The words at some places, under the same dictionary."""
    return pa.DictionaryArray.from_arrays(words.indices.take(places), words.dictionary)


def _joined(columns: Sequence[Words]) -> Words:
    """One column after the other, under one dictionary."""
    return pa.chunked_array(columns).unify_dictionaries().combine_chunks()


def _timing(milliseconds: Codes) -> pa.Array[Any]:
    return pa.array(milliseconds.astype(np.int32), mask=milliseconds < 0)
