"""Page views of a landing batch in columns: integers as they are, words as places in a dictionary.

Millions of views share few pages, agents and referrers. So what a view's words say is worked out
once for each distinct text, and nothing is done in Python once for each view. `take` reads the
ordinary hits of a whole segment at once; whatever it leaves goes through the general parser, one by
one, and comes to `add`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.ids import visitor_digests
from thuocdo.core.vocabulary import BotReason, ViewKind
from thuocdo.lake.enrich import Client, Place
from thuocdo.lake.landing_places import pages
from thuocdo.lake.networks import Networks
from thuocdo.lake.parquet import repeated
from thuocdo.lake.schemas import VIEW_TIME_US
from thuocdo.lake.view_columns import (
    Codes,
    Marks,
    ViewColumns,
    Word,
    Words,
    encoded,
    from_rows,
    joined,
    taken,
)
from thuocdo.wire import matomo_plain
from thuocdo.wire.events import Hit, PageView
from thuocdo.wire.hit_columns import HitColumns
from thuocdo.wire.matomo_plain import PlainViews
from thuocdo.wire.octets import Octets, Places, Span

_PLACE: Final = ("host", "path", "procedure")
_CLIENT: Final = ("device", "browser", "os", "bot")
_NONE: Final = matomo_plain.NONE


class Reading(Protocol):
    """What the lander's reader knows of addresses, agents, days and requests."""

    networks: Networks

    def place(self, url: str) -> Place: ...
    def host(self, referrer: str) -> str | None: ...
    def client(self, agent: str) -> Client: ...
    def bot(self, agent: str, address: str) -> str | None: ...
    def pseudonym(self, instant: int, site_id: int, client: str) -> int: ...
    def salt(self, day: int) -> bytes: ...
    def request(self, event: PageView, visitor: int) -> int: ...
    def requests(self, contents: Iterable[bytes]) -> Codes: ...


class Origin(NamedTuple):
    """Where an event lay: its frame's time (µs UTC), and its place in the batch (`order_of`)."""

    landed_at: int
    order: int


class Views:
    """The page views of one batch, of the sites that are registered."""

    def __init__(self, reader: Reading, sites: Collection[int]) -> None:
        self._reader = reader
        self._sites = np.array(sorted(sites), np.int64)
        self._taken: list[ViewColumns] = []
        self._numbers: list[tuple[int, ...]] = []
        self._words: list[tuple[Word, ...]] = []

    def take(self, octets: Octets, hits: HitColumns, landed_at: Places, first: int) -> Places:
        """Take the ordinary hits of a block of records; which of them they are, in order.

        landed_at  of each of the records
        first      place of the block's first record in the batch
        """
        simple = np.flatnonzero((hits.body.length == 0) & (hits.refused.length == 0))
        plain = matomo_plain.read(octets, hits.query.of(simple))
        code, texts = octets.encoded(plain.page)
        found = pages(texts, self._reader.place)
        good = np.flatnonzero(self._registered(plain.site) & found.are_pages[code])
        rows, code, plain = simple[plain.rows[good]], code[good], plain.of(good)
        received, record, count = hits.received[rows], hits.rows[rows], len(rows)
        numbers = {
            "event_time": received // VIEW_TIME_US * VIEW_TIME_US,
            "site_id": plain.site,
            "visitor": self._visitors(octets, hits, rows, plain),
            "t_server_ms": plain.server,
            "t_dom_ms": plain.dom,
            "t_load_ms": plain.load,
            "landed_at": landed_at[record],
            "order": first + record,
            "request": self._requests(octets, hits.query.of(rows), plain),
            "dated": np.zeros(count, np.int64),
        }
        words: dict[str, Words] = {
            "kind": repeated(ViewKind.VIEW.value, count),
            **{name: taken(getattr(found, name), code) for name in _PLACE},
            **_each(octets, plain.referrer, ("referrer_host",), self._referrer),
            **_each(octets, hits.agent.of(rows), _CLIENT, self._agent),
            **_each(
                octets,
                hits.trust.of(rows),
                ("trust",),
                lambda text: (text.decode("utf-8", "replace"),),
            ),
        }
        words["bot"] = self._bots(octets, hits.address.of(rows), words["bot"])
        self._taken.append(ViewColumns(numbers, words))
        return record

    def add(self, hit: Hit, view: PageView, origin: Origin) -> None:
        """Take a view as the general parser read it."""
        place = self._reader.place(view.url)
        timings = (view.t_server_ms, view.t_dom_ms, view.t_load_ms)
        client = view.client or f"{hit.address} {hit.agent}"
        visitor = self._reader.pseudonym(view.event_time, view.site_id, client)
        self._numbers.append(
            (
                view.event_time // VIEW_TIME_US * VIEW_TIME_US,
                view.site_id,
                visitor,
                *(_NONE if timing is None else timing for timing in timings),
                *origin,
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
                *self._reader.client(hit.agent)[:-1],
                self._reader.bot(hit.agent, hit.address),
                hit.trust,
            )
        )

    def columns(self) -> ViewColumns:
        """Everything that was taken and added."""
        return joined([*self._taken, from_rows(self._numbers, self._words)])

    def _registered(self, sites: Places) -> Marks:
        place = np.searchsorted(self._sites, sites)
        known: Marks = np.append(self._sites, _NONE)[place] == sites
        return known

    def _visitors(self, octets: Octets, hits: HitColumns, rows: Places, plain: PlainViews) -> Codes:
        """The pseudonym of each view, worked out once for each day, site and client."""
        client, clients = octets.encoded(plain.client)
        nameless = np.flatnonzero(plain.client.length == 0)
        address, addresses = octets.encoded(hits.address.of(rows[nameless]))
        agent, agents = octets.encoded(hits.agent.of(rows[nameless]))
        pair: Any = pa.array(address * max(len(agents), 1) + agent).dictionary_encode()
        client[nameless] = len(clients) + pair.indices.to_numpy()
        first, second = np.divmod(pair.dictionary.to_numpy(), max(len(agents), 1))
        named = _together(addresses.take(first), agents.take(second), b" ")
        clients = pa.concat_arrays([clients, named])
        day = (hits.received[rows] + OFFSET_US) // DAY_US
        earliest = int(day.min()) if len(day) else 0
        days = int(day.max()) - earliest + 1 if len(day) else 0
        site = np.searchsorted(self._sites, plain.site)
        which: Any = pa.array(
            (client * len(self._sites) + site) * max(days, 1) + day - earliest
        ).dictionary_encode()
        rest, of_day = np.divmod(which.dictionary.to_numpy(), max(days, 1))
        who, where = np.divmod(rest, max(len(self._sites), 1))
        sites = pa.array(self._sites[where]).cast(pa.string()).cast(pa.binary())
        texts = _together(sites, clients.take(who), b"\0")
        visitors = np.empty(len(texts), np.int64)
        for number in np.unique(of_day).tolist():
            chosen = np.flatnonzero(of_day == number)
            digests = visitor_digests(
                self._reader.salt(earliest + number), texts.take(chosen).to_pylist()
            )
            visitors[chosen] = np.frombuffer(digests, ">i8")
        codes: Codes = which.indices.to_numpy()
        return visitors[codes]

    def _requests(self, octets: Octets, queries: Span, plain: PlainViews) -> Codes:
        """The id of each request that has a nonce; 0 for the others."""
        own = plain.own
        found = np.zeros(len(own), np.int64)
        contents = matomo_plain.contents(octets, queries.of(own), plain.travel.of(own))
        found[own] = self._reader.requests(contents)
        return found

    def _bots(self, octets: Octets, address: Span, bots: Words) -> Words:
        """The reason that the agent gives, or else the address's."""
        if not self._reader.networks:
            return bots
        code, addresses = octets.distinct(address)
        inside = self._reader.networks.hold(addresses)[code]
        if not inside.any():
            return bots
        own = bots.indices.fill_null(_NONE).to_numpy()
        places = np.where(inside & (own == _NONE), len(bots.dictionary), own)
        words = pa.concat_arrays([bots.dictionary, pa.array([BotReason.DATACENTRE.value])])
        codes: Any = pa.array(places.astype(np.int32), mask=places == _NONE)
        return pa.DictionaryArray.from_arrays(codes, words)

    def _referrer(self, encoded: bytes) -> tuple[Word]:
        url = matomo_plain.referrer(encoded)
        return (self._reader.host(url) if url else None,)

    def _agent(self, agent: bytes) -> Client:
        return self._reader.client(agent.decode("utf-8", "replace"))


def _each(
    octets: Octets,
    span: Span,
    names: Sequence[str],
    read: Callable[[bytes], tuple[Word, ...]],
) -> dict[str, Words]:
    """Columns of what a text says, read once from each distinct text."""
    code, texts = octets.distinct(span)
    columns = list(zip(*map(read, texts), strict=True)) or [()] * len(names)
    return {name: taken(encoded(column), code) for name, column in zip(names, columns, strict=True)}


def _together(first: Any, second: Any, between: bytes) -> Any:
    return pc.binary_join_element_wise(first, second, between)
