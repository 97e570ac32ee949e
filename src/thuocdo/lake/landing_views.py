"""Page views of a landing batch: integers in one flat buffer, words by their place in a list.

Millions of views share few pages, agents and referrers. So a view is a dozen integers here, and
what its words say is worked out once for each distinct text. `plain` is the short way for the
ordinary hit; whatever it is not sure of goes through the general parser and comes back to `add`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Collection, Hashable
from typing import Any, Final, Generic, Protocol, TypeVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.vocabulary import Feed, ViewKind
from thuocdo.lake.enrich import Client, Place
from thuocdo.lake.schemas import PAGE_VIEWS
from thuocdo.wire import matomo
from thuocdo.wire.events import Hit, PageView

T = TypeVar("T", bound=Hashable)
Codes = npt.NDArray[np.int64]

_NONE: Final = -1
_MILLISECOND: Final = 1000
_NUMBERS: Final = (
    "event_time", "site_id", "visitor", "kind", "place", "procedure", "referrer", "client",
    "t_server_ms", "t_dom_ms", "t_load_ms", "origin",
)  # fmt: skip
"""A view in the buffer; the words among them as places in lists, a missing timing as -1."""
_pack: Final = struct.Struct(f"={len(_NUMBERS)}q").pack


class Reading(Protocol):
    """What the lander's reader knows of addresses, agents and days."""

    def place(self, url: str) -> Place: ...
    def host(self, referrer: str) -> str | None: ...
    def client(self, agent: str) -> Client: ...
    def pseudonym(self, instant: int, site_id: int, client: str) -> int: ...


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

    def numbers(self, places: Codes, pick: Callable[[T], int]) -> Codes:
        return np.array([pick(thing) for thing in self._things], np.int64)[places]


class Views:
    """The page views of one batch, of the sites that are registered."""

    def __init__(self, reader: Reading, sites: Collection[int]) -> None:
        self._reader = reader
        self._sites = {str(site): site for site in sites}
        self._buffer = bytearray()
        self._kinds: _List[str] = _List()
        self._places: _List[Place] = _List()
        self._procedures: _List[str | None] = _List()
        self._referrers: _List[str | None] = _List()
        self._clients: _List[Client] = _List()
        self._origins: _List[tuple[int, str, str]] = _List()
        self._pages: dict[str, tuple[int, int] | None] = {}
        self._from: dict[str, int] = {}
        self._agents: dict[str, int] = {}
        self._plain_kind = self._kinds.place(ViewKind.VIEW)

    def __len__(self) -> int:
        return len(self._buffer) // (8 * len(_NUMBERS))

    def plain(self, hit: Hit, landed_at: int, segment: str) -> bool:
        """Take an ordinary hit; False: it is not one, or not sure to be, and nothing was done."""
        if hit.body or hit.refused:
            return False
        given = matomo.plain(hit.query)
        if given is None:
            return False
        site = self._sites.get(given.get("idsite", ""))
        page = self._page(given.get("url", ""))
        client = matomo.plain_client(given)
        if site is None or page is None or client is False:
            return False
        server, dom, load = matomo.plain_timings(given)
        received = hit.received
        self._buffer += _pack(
            received // _MILLISECOND * _MILLISECOND,
            site,
            self._reader.pseudonym(received, site, client or f"{hit.address} {hit.agent}"),
            self._plain_kind,
            *page,
            self._referrer(given.get("urlref", "")),
            self._client(hit.agent),
            _NONE if server is None else server,
            _NONE if dom is None else dom,
            _NONE if load is None else load,
            self._origins.place((landed_at, segment, hit.trust)),
        )
        return True

    def add(self, hit: Hit, view: PageView, landed_at: int, segment: str) -> None:
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
            self._client(hit.agent),
            *(_NONE if timing is None else timing for timing in timings),
            self._origins.place((landed_at, segment, hit.trust)),
        )

    def table(self) -> pa.Table:
        """The rows as the lake has them, in the order they will be stored, numbered in it.

        Columns of words are dictionaries.
        """
        flat = np.frombuffer(bytes(self._buffer), np.int64).reshape(-1, len(_NUMBERS))
        number = dict(zip(_NUMBERS, flat.T, strict=True))
        day = (number["event_time"] + OFFSET_US) // DAY_US
        order = np.lexsort((number["event_time"], number["visitor"], number["site_id"], day))
        number = {name: column[order] for name, column in number.items()}
        count = len(order)
        columns: dict[str, Any] = {
            "day": pa.array(day[order].astype(np.int32)),
            **{name: pa.array(number[name]) for name in ("event_time", "visitor")},
            "site_id": pa.array(number["site_id"].astype(np.int32)),
            **self._words(number),
            **{name: _timing(number[name]) for name in ("t_server_ms", "t_dom_ms", "t_load_ms")},
            "landed_at": pa.array(
                self._origins.numbers(number["origin"], lambda origin: origin[0])
            ),
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

    def _words(self, number: dict[str, Codes]) -> dict[str, pa.Array[Any]]:
        places, clients, origins = number["place"], number["client"], number["origin"]
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
            "segment": self._origins.column(origins, lambda origin: origin[1]),
            "trust": self._origins.column(origins, lambda origin: origin[2]),
        }

    def _page(self, encoded: str) -> tuple[int, int] | None:
        """Places of where and which procedure; None for an address that is no page's."""
        try:
            return self._pages[encoded]
        except KeyError:
            url = matomo.plain_page(encoded)
            found = None
            if url is not None:
                place = self._reader.place(url)
                found = (self._places.place(place), self._procedures.place(place.procedure))
            self._pages[encoded] = found
            return found

    def _referrer(self, encoded: str) -> int:
        found = self._from.get(encoded)
        if found is None:
            url = matomo.plain_referrer(encoded)
            host = self._reader.host(url) if url else None
            found = self._from[encoded] = self._referrers.place(host)
        return found

    def _client(self, agent: str) -> int:
        found = self._agents.get(agent)
        if found is None:
            found = self._agents[agent] = self._clients.place(self._reader.client(agent))
        return found


def _timing(milliseconds: Codes) -> pa.Array[Any]:
    return pa.array(milliseconds.astype(np.int32), mask=milliseconds < 0)
