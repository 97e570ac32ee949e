"""What a record of the log says once its secrets are taken out: the lander's reader.

Addresses and agents turn into a pseudonym and three words here, and go no further. What was learnt of
a text is remembered, for portals have few agents and few pages, and millions of views.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from itertools import repeat
from typing import Final

import numpy as np
from xxhash import xxh3_64_intdigest

from thuocdo.core.clock import DAY_US, OFFSET_US, local_day
from thuocdo.core.ids import day_salt, request_seed, visitor_key
from thuocdo.core.vocabulary import BotReason
from thuocdo.lake.enrich import Client, Memory, Place, client_of, host_of, place_of
from thuocdo.lake.networks import Networks
from thuocdo.lake.schemas import VIEW_TIME_US
from thuocdo.lake.view_columns import Codes
from thuocdo.wire.events import Hit, PageView, ServiceStep

_VISITORS_REMEMBERED: Final = 50_000


class Reader:
    """Reads records under one snapshot; keeps what it learnt about addresses and agents."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.place: Memory[Place] = Memory(place_of)
        self.host: Memory[str | None] = Memory(host_of)
        self.client: Memory[Client] = Memory(client_of)
        self.networks = Networks()
        self._seed = request_seed(secret)
        self._days: dict[int, tuple[date, bytes]] = {}
        self._pseudonyms: dict[tuple[int, int, str], int] = {}

    def day(self, instant: int) -> tuple[date, bytes]:
        """Local day and its salt."""
        number = (instant + OFFSET_US) // DAY_US
        found = self._days.get(number)
        if found is None:
            day = local_day(instant)
            found = self._days[number] = (day, day_salt(self._secret, day))
        return found

    def described(self, hit: Hit, view: PageView) -> dict[str, object]:
        """A page view as a row would be, but for where and when it landed."""
        place = self.place(view.url)
        client = view.client or f"{hit.address} {hit.agent}"
        return {
            "event_time": view.event_time // VIEW_TIME_US * VIEW_TIME_US,
            "site_id": view.site_id,
            "visitor": self.pseudonym(view.event_time, view.site_id, client),
            "kind": view.kind,
            "host": place.host,
            "path": place.path,
            "referrer_host": self.host(view.referrer) if view.referrer else None,
            "procedure": view.procedure or place.procedure,
            **self.client(hit.agent)._asdict(),
            "bot": self.bot(hit.agent, hit.address),
            "t_server_ms": view.t_server_ms,
            "t_dom_ms": view.t_dom_ms,
            "t_load_ms": view.t_load_ms,
        }

    def salt(self, number: int) -> bytes:
        """What keys the visitors of a local day, by its number since 1970."""
        return self.day(number * DAY_US - OFFSET_US)[1]

    def requests(self, contents: Iterable[bytes]) -> Codes:
        """Keyed ids of what some requests said: positive."""
        ids = np.array(list(map(xxh3_64_intdigest, contents, repeat(self._seed))), np.uint64)
        return (ids >> np.uint64(1)).astype(np.int64) + 1

    def request(self, event: PageView | ServiceStep, visitor: int) -> int:
        """The id by which an event is known again; 0 when nothing tells it from another."""
        if event.dated:
            named = f"{event.site_id} {event.event_time} {visitor} {_name_of(event)}"
            return int(self.requests([named.encode("utf-8", "replace")])[0])
        return 0 if event.content is None else int(self.requests([event.content])[0])

    def step(self, hit: Hit, step: ServiceStep) -> tuple[int, int, str, str, int, str | None]:
        """The columns of one trackDVC call up to `bot`."""
        bot = self.bot(hit.agent, hit.address)
        client = step.client or f"{hit.address} {hit.agent}"
        visitor = self.pseudonym(step.event_time, step.site_id, client)
        moment = step.event_time // VIEW_TIME_US * VIEW_TIME_US
        return (moment, step.site_id, step.procedure, step.state, visitor, bot)

    def bot(self, agent: str, address: str) -> str | None:
        """Why a client is no person: what its agent says, or else where it is."""
        reason = self.client(agent).bot
        if reason is None and self.networks.holds(address):
            return BotReason.DATACENTRE.value
        return reason

    def pseudonym(self, instant: int, site_id: int, client: str) -> int:
        """The visitor of that day and site; those seen of late are remembered."""
        seen = ((instant + OFFSET_US) // DAY_US, site_id, client)
        found = self._pseudonyms.get(seen)
        if found is None:
            if len(self._pseudonyms) >= _VISITORS_REMEMBERED:
                self._pseudonyms.clear()
            found = self._pseudonyms[seen] = visitor_key(self.day(instant)[1], site_id, client)
        return found


def _name_of(event: PageView | ServiceStep) -> str:
    if isinstance(event, PageView):
        return f"{event.kind} {event.url}"
    return f"{event.procedure} {event.state}"
