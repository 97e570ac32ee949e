"""Page views of a landing batch: integers in columns, words by their place in a list.

Millions of views share few pages, agents and referrers. So a view is some integers here, and what
its words say is worked out once for each distinct text. `take` reads the ordinary hits of a whole
segment at once; whatever it leaves goes through the general parser, one by one, and comes to `add`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Hashable
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.ids import visitor_digests
from thuocdo.core.vocabulary import Feed, ViewKind
from thuocdo.lake.enrich import Client, Place
from thuocdo.lake.schemas import PAGE_VIEWS
from thuocdo.wire import matomo_plain
from thuocdo.wire.events import Hit, PageView
from thuocdo.wire.hit_columns import HitColumns
from thuocdo.wire.matomo_plain import PlainViews
from thuocdo.wire.octets import Marks, Octets, Places, Span

T = TypeVar("T", bound=Hashable)
Codes = npt.NDArray[np.int64]
Numbers = dict[str, Codes]

_NONE: Final = -1
_MILLISECOND: Final = 1000
_NUMBERS: Final = (
    "event_time", "site_id", "visitor", "kind", "place", "procedure", "referrer", "client",
    "t_server_ms", "t_dom_ms", "t_load_ms", "landed_at", "segment", "trust",
)  # fmt: skip
"""A view in columns; the words among them as places in lists, a missing timing as -1."""
_pack: Final = struct.Struct(f"={len(_NUMBERS)}q").pack
_TIMINGS: Final = ("t_server_ms", "t_dom_ms", "t_load_ms")


class Reading(Protocol):
    """What the lander's reader knows of addresses, agents and days."""

    def place(self, url: str) -> Place: ...
    def host(self, referrer: str) -> str | None: ...
    def client(self, agent: str) -> Client: ...
    def pseudonym(self, instant: int, site_id: int, client: str) -> int: ...
    def salt(self, day: int) -> bytes: ...


class Origin(NamedTuple):
    """The segment a view came in, and when its frame was written (µs UTC)."""

    segment: str
    landed_at: int


class _List(Generic[T]):
    """Distinct things and their places, in the order they came."""

    def __init__(self) -> None:
        self._things: list[T] = []
        self._places: dict[T, int] = {}

    def place(self, thing: T) -> int:
        found = self._places.get(thing)
        if found is None:
            found = self._places[thing] = len(self._things)
            self._things.append(thing)
        return found

    def column(self, places: Codes, pick: Callable[[T], str | None]) -> pa.Array[Any]:
        """What the thing at each place says, as a dictionary."""
        words = pa.array([pick(thing) for thing in self._things], pa.string()).dictionary_encode()
        codes = words.indices.fill_null(_NONE).to_numpy()[places]
        return pa.DictionaryArray.from_arrays(pa.array(codes, mask=codes < 0), words.dictionary)


class Views:
    """The page views of one batch, of the sites that are registered."""

    def __init__(self, reader: Reading, sites: Collection[int]) -> None:
        self._reader = reader
        self._sites = np.array(sorted(sites), np.int64)
        self._chunks: list[Numbers] = []
        self._buffer = bytearray()
        self._kinds: _List[str] = _List()
        self._places: _List[Place] = _List()
        self._procedures: _List[str | None] = _List()
        self._referrers: _List[str | None] = _List()
        self._clients: _List[Client] = _List()
        self._segments: _List[str] = _List()
        self._trusts: _List[str] = _List()
        self._pages: dict[bytes, tuple[int, int]] = {}
        self._from: dict[bytes, int] = {}

    def __len__(self) -> int:
        return len(self._buffer) // (8 * len(_NUMBERS)) + sum(
            len(chunk["site_id"]) for chunk in self._chunks
        )

    def take(self, octets: Octets, hits: HitColumns, landed_at: Places, segment: str) -> Places:
        """Take the ordinary hits of a segment; the rows that were taken, in order.

        landed_at  of each of the segment's records
        """
        simple = np.flatnonzero((hits.body.length == 0) & (hits.refused.length == 0))
        plain = matomo_plain.read(octets, hits.query.of(simple))
        rows = simple[plain.rows]
        code, texts = octets.distinct(plain.page)
        pages = np.array([self._page(text) for text in texts], np.int64).reshape(-1, 2)[code]
        good = np.flatnonzero(self._registered(plain.site) & (pages[:, 0] != _NONE))
        rows, pages = rows[good], pages[good]
        plain = plain.of(good)
        received = hits.received[rows]
        landed = hits.rows[rows]
        count = len(rows)
        self._chunks.append(
            {
                "event_time": received // _MILLISECOND * _MILLISECOND,
                "site_id": plain.site,
                "visitor": self._visitors(octets, hits, rows, plain),
                "kind": np.full(count, self._kinds.place(ViewKind.VIEW)),
                "place": pages[:, 0],
                "procedure": pages[:, 1],
                "referrer": _each(octets, plain.referrer, self._referrer),
                "client": _each(octets, hits.agent.of(rows), self._agent),
                "t_server_ms": plain.server,
                "t_dom_ms": plain.dom,
                "t_load_ms": plain.load,
                "landed_at": landed_at[landed],
                "segment": np.full(count, self._segments.place(segment)),
                "trust": _each(octets, hits.trust.of(rows), self._trust),
            }
        )
        return landed

    def add(self, hit: Hit, view: PageView, origin: Origin) -> None:
        """Take a view as the general parser read it."""
        place = self._reader.place(view.url)
        timings = (view.t_server_ms, view.t_dom_ms, view.t_load_ms)
        client = view.client or f"{hit.address} {hit.agent}"
        self._buffer += _pack(
            view.event_time // _MILLISECOND * _MILLISECOND,
            view.site_id,
            self._reader.pseudonym(view.event_time, view.site_id, client),
            self._kinds.place(view.kind),
            self._places.place(place),
            self._procedures.place(view.procedure or place.procedure),
            self._referrers.place(self._reader.host(view.referrer) if view.referrer else None),
            self._clients.place(self._reader.client(hit.agent)),
            *(_NONE if timing is None else timing for timing in timings),
            origin.landed_at,
            self._segments.place(origin.segment),
            self._trusts.place(hit.trust),
        )

    def table(self) -> pa.Table:
        """The rows as the lake has them, in the order they will be stored, numbered in it.

        Columns of words are dictionaries.
        """
        number = self._gathered()
        day = (number["event_time"] + OFFSET_US) // DAY_US
        order = np.lexsort((number["event_time"], number["visitor"], number["site_id"], day))
        number = {name: column[order] for name, column in number.items()}
        count = len(order)
        columns: dict[str, Any] = {
            "day": pa.array(day[order].astype(np.int32)),
            **{name: pa.array(number[name]) for name in ("event_time", "visitor", "landed_at")},
            "site_id": pa.array(number["site_id"].astype(np.int32)),
            **self._words(number),
            **{name: _timing(number[name]) for name in _TIMINGS},
            "event_id": pa.array(np.arange(count)),
            "feed": pa.DictionaryArray.from_arrays(
                np.zeros(count, np.int32), pa.array([Feed.TRACKING.value])
            ),
        }
        arrays = [
            columns[field.name]
            if pa.types.is_dictionary(columns[field.name].type)
            else columns[field.name].cast(field.type)
            for field in PAGE_VIEWS
        ]
        return pa.table(arrays, names=PAGE_VIEWS.names)

    def _gathered(self) -> Numbers:
        flat = np.frombuffer(bytes(self._buffer), np.int64).reshape(-1, len(_NUMBERS))
        chunks = [*self._chunks, dict(zip(_NUMBERS, flat.T, strict=True))]
        return {name: np.concatenate([chunk[name] for chunk in chunks]) for name in _NUMBERS}

    def _words(self, number: Numbers) -> dict[str, pa.Array[Any]]:
        places, clients = number["place"], number["client"]
        return {
            "kind": self._kinds.column(number["kind"], str),
            "host": self._places.column(places, lambda place: place.host),
            "path": self._places.column(places, lambda place: place.path),
            "referrer_host": self._referrers.column(number["referrer"], lambda host: host),
            "procedure": self._procedures.column(number["procedure"], lambda code: code),
            "device": self._clients.column(clients, lambda client: client.device),
            "browser": self._clients.column(clients, lambda client: client.browser),
            "os": self._clients.column(clients, lambda client: client.os),
            "bot": self._clients.column(clients, lambda client: client.bot),
            "segment": self._segments.column(number["segment"], str),
            "trust": self._trusts.column(number["trust"], str),
        }

    def _registered(self, sites: Places) -> Marks:
        place = np.searchsorted(self._sites, sites)
        known = np.append(self._sites, _NONE)[place] == sites
        return np.asarray(known, np.bool_)

    def _visitors(self, octets: Octets, hits: HitColumns, rows: Places, plain: PlainViews) -> Codes:
        """The pseudonym of each view, worked out once for each day, site and client."""
        client, ids = octets.distinct(plain.client)
        nameless = np.flatnonzero(plain.client.length == 0)
        address, addresses = octets.distinct(hits.address.of(rows[nameless]))
        agent, agents = octets.distinct(hits.agent.of(rows[nameless]))
        client[nameless] = len(ids) + address * len(agents) + agent
        days, day = np.unique((hits.received[rows] + OFFSET_US) // DAY_US, return_inverse=True)
        sites, site = np.unique(plain.site, return_inverse=True)
        together = (client * len(sites) + site) * len(days) + day
        encoded = pa.array(together).dictionary_encode()
        distinct = encoded.dictionary.to_numpy()
        visitors = np.empty(len(distinct), np.int64)
        for number, instant in enumerate(days.tolist()):
            chosen = np.flatnonzero(distinct % len(days) == number)
            rest = distinct[chosen] // len(days)
            pairs = zip(
                (rest // len(sites)).tolist(), sites[rest % len(sites)].tolist(), strict=True
            )
            named = (
                (at, ids[who] if who < len(ids) else _named(who - len(ids), addresses, agents))
                for who, at in pairs
            )
            digests = visitor_digests(self._reader.salt(instant), named)
            visitors[chosen] = np.frombuffer(digests, ">i8")
        codes: Codes = encoded.indices.to_numpy()
        return visitors[codes]

    def _page(self, encoded: bytes) -> tuple[int, int]:
        """Places of where and which procedure; of nothing when the address is no page's."""
        found = self._pages.get(encoded)
        if found is None:
            url = matomo_plain.page(encoded)
            found = (_NONE, _NONE)
            if url is not None:
                place = self._reader.place(url)
                found = (self._places.place(place), self._procedures.place(place.procedure))
            self._pages[encoded] = found
        return found

    def _referrer(self, encoded: bytes) -> int:
        found = self._from.get(encoded)
        if found is None:
            url = matomo_plain.referrer(encoded)
            host = self._reader.host(url) if url else None
            found = self._from[encoded] = self._referrers.place(host)
        return found

    def _agent(self, agent: bytes) -> int:
        return self._clients.place(self._reader.client(agent.decode()))

    def _trust(self, trust: bytes) -> int:
        return self._trusts.place(trust.decode())


def _each(octets: Octets, span: Span, place: Callable[[bytes], int]) -> Codes:
    """The place of a text's meaning for each row, found once for each distinct text."""
    code, texts = octets.distinct(span)
    return np.array([place(text) for text in texts], np.int64)[code]


def _named(who: int, addresses: list[bytes], agents: list[bytes]) -> bytes:
    """A client without an id: its address and its agent."""
    return b"%b %b" % (addresses[who // len(agents)], agents[who % len(agents)])


def _timing(milliseconds: Codes) -> pa.Array[Any]:
    return pa.array(milliseconds.astype(np.int32), mask=milliseconds < 0)
