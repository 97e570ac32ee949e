"""From the records of a batch to rows of the lake's tables: parse, check, enrich, redact.

Each kind of record has one small step; a record ends as a row of exactly one table, or, for a
bulk request, of several. Addresses and agents turn into a pseudonym and three words here, and
go no further.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import repeat
from typing import Final
from urllib.parse import parse_qsl

import msgspec
import numpy as np
import pyarrow as pa
from xxhash import xxh3_64_intdigest

from thuocdo.core.clock import DAY_US, OFFSET_US, local_day
from thuocdo.core.ids import day_salt, request_seed, visitor_key
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason
from thuocdo.lake.enrich import Client, Memory, Place, client_of, host_of, place_of
from thuocdo.lake.homes import Homes
from thuocdo.lake.landing_views import Codes, Origin, Views
from thuocdo.lake.parquet import in_order
from thuocdo.lake.schemas import EVENT_TABLES, SORT_KEYS
from thuocdo.wal.reader import Packed
from thuocdo.wire import hit_columns, matomo, rules
from thuocdo.wire.events import (
    DossierEvent,
    Hit,
    PageView,
    Record,
    Refused,
    ServiceStep,
    Unreadable,
)
from thuocdo.wire.octets import Octets, Span

TABLES: Final = ("page_views", "service_steps", "dossier_events", "rejects")
"""The tables landing writes, in the order it commits them."""

_DOSSIER_FIELDS: Final = (
    "dossier_hi", "dossier_lo", "system", "agency", "procedure", "status", "event_time",
    "received_at", "due_at", "channel", "level_declared", "level_catalogue", "payment",
    "returned_by_post", "digitised", "applicant_kind", "from_national_portal", "quality",
    "feed", "trust",
)  # fmt: skip
_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "service_steps": (
        "event_time", "site_id", "procedure", "state", "visitor", "bot",
        "landed_at", "segment", "feed", "trust", "day",
    ),
    "dossier_events": (*_DOSSIER_FIELDS, "landed_at", "segment"),
    "rejects": (
        "site_id", "agency", "reason", "detail", "payload", "feed", "trust",
        "landed_at", "segment", "day",
    ),
}  # fmt: skip
"""Columns in the order the rows below give them; `event_id` and homes are set at the end."""
_KEPT_PARAMETERS: Final = ("idsite", "rec", "cdt", "dvc", "dvc_state")
_MILLISECOND: Final = 1000
_RECORDS_AT_ONCE: Final = 8192
"""What is looked at together: enough that a call costs nothing, few enough to stay in the cache."""
_VISITORS_REMEMBERED: Final = 50_000
_decoder: Final = msgspec.msgpack.Decoder(Record)


class Reader:
    """Reads records under one snapshot; keeps what it learnt about addresses and agents."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret
        self.place: Memory[Place] = Memory(place_of)
        self.host: Memory[str | None] = Memory(host_of)
        self.client: Memory[Client] = Memory(client_of)
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
            "event_time": view.event_time // _MILLISECOND * _MILLISECOND,
            "site_id": view.site_id,
            "visitor": self.pseudonym(view.event_time, view.site_id, client),
            "kind": view.kind,
            "host": place.host,
            "path": place.path,
            "referrer_host": self.host(view.referrer) if view.referrer else None,
            "procedure": view.procedure or place.procedure,
            **self.client(hit.agent)._asdict(),
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

    def step(self, hit: Hit, step: ServiceStep) -> tuple[object, ...]:
        """The columns of one trackDVC call up to `bot`."""
        bot = self.client(hit.agent).bot
        client = step.client or f"{hit.address} {hit.agent}"
        visitor = self.pseudonym(step.event_time, step.site_id, client)
        moment = step.event_time // _MILLISECOND * _MILLISECOND
        return (moment, step.site_id, step.procedure, step.state, visitor, bot)

    def pseudonym(self, instant: int, site_id: int, client: str) -> int:
        """The visitor of that day and site; those seen of late are remembered."""
        seen = ((instant + OFFSET_US) // DAY_US, site_id, client)
        found = self._pseudonyms.get(seen)
        if found is None:
            if len(self._pseudonyms) >= _VISITORS_REMEMBERED:
                self._pseudonyms.clear()
            found = self._pseudonyms[seen] = visitor_key(self.day(instant)[1], site_id, client)
        return found


class Batch:
    """Rows of some segments, gathered table by table."""

    def __init__(self, reader: Reader, snapshot: Snapshot) -> None:
        self._reader = reader
        self._sites = snapshot.site_by_id
        self._views = Views(reader, self._sites)
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _COLUMNS}
        self._wanted = frozenset(TABLES)
        self._views_wanted = True
        self._segment = ""
        self._landed_at = 0
        self._row = 0

    def begin_segment(self, name: str, wanted: Iterable[str]) -> None:
        """What follows is of this segment; only the tables that do not have it yet take rows."""
        self._segment = name
        self._wanted = frozenset(wanted)
        self._views_wanted = "page_views" in self._wanted

    def add(self, packed: Packed) -> None:
        """The records of the segment."""
        for first in range(0, len(packed.start), _RECORDS_AT_ONCE):
            self._block(packed, slice(first, first + _RECORDS_AT_ONCE))

    def _block(self, packed: Packed, records: slice) -> None:
        start, end = packed.start[records], packed.end[records]
        landed_at = packed.landed_at[records]
        left = np.ones(len(start), np.bool_)
        if self._views_wanted:
            octets = Octets(packed.data[start[0] : end[-1]])
            hits = hit_columns.read(octets, Span(start - start[0], end - start[0]))
            left[self._views.take(octets, hits, landed_at, self._segment, records.start)] = False
        for row in np.flatnonzero(left).tolist():
            self._landed_at = int(landed_at[row])
            self._row = records.start + row
            self._record(_decoder.decode(packed.data[start[row] : end[row]]))

    def _record(self, record: Record) -> None:
        if isinstance(record, Hit):
            self._hit(record)
        elif isinstance(record, DossierEvent):
            self._dossier(record)
        else:
            self._refused(record)

    def rejected(self) -> Counter[str]:
        """Refusals by reason."""
        place = _COLUMNS["rejects"].index("reason")
        return Counter(str(row[place]) for row in self._rows["rejects"])

    def tables(self, homes: Homes) -> dict[str, pa.Table]:
        """The rows as Arrow tables, in the order they will be stored, numbered in it."""
        made = {"page_views": self._views.table()} if len(self._views) else {}
        made |= {
            table: self._table(table, rows, homes) for table, rows in self._rows.items() if rows
        }
        return made

    def _hit(self, hit: Hit) -> None:
        events = matomo.parse_hit(hit)
        if hit.refused:
            site = next((e.site_id for e in events), None)
            self._reject_hit(hit, Unreadable(hit.refused, "refused at the gate", site))
            return
        for item, event in enumerate(events):
            if isinstance(event, Unreadable):
                self._reject_hit(hit, event)
            elif event.site_id not in self._sites:
                self._unknown_site(hit, event)
            elif type(event) is ServiceStep:
                self._step(hit, event)
            elif type(event) is PageView and self._views_wanted:
                self._views.add(hit, event, Origin(self._segment, self._landed_at, self._row, item))

    def _step(self, hit: Hit, step: ServiceStep) -> None:
        if "service_steps" in self._wanted:
            day = self._reader.day(step.event_time)[0]
            columns = self._reader.step(hit, step)
            feed = Feed.TRACK_DVC.value
            self._rows["service_steps"].append(
                (*columns, self._landed_at, self._segment, feed, hit.trust, day)
            )

    def _dossier(self, event: DossierEvent) -> None:
        if "dossier_events" in self._wanted:
            self._rows["dossier_events"].append(
                (
                    *(getattr(event, name) for name in _DOSSIER_FIELDS),
                    self._landed_at,
                    self._segment,
                )
            )

    def _refused(self, refused: Refused) -> None:
        self._reject(
            refused.site_id, refused.reason, refused.detail, refused.payload, refused.feed,
            refused.trust,
        )  # fmt: skip

    def _unknown_site(self, hit: Hit, event: PageView | ServiceStep) -> None:
        """Kept whole, as a row would be: it can be replayed once the site is registered."""
        if isinstance(event, PageView):
            feed, row = Feed.TRACKING, self._reader.described(hit, event)
        else:
            columns = zip(_COLUMNS["service_steps"], self._reader.step(hit, event), strict=False)
            feed, row = Feed.TRACK_DVC, dict(columns)
        kept = {name: value for name, value in row.items() if value is not None}
        payload = json.dumps(kept, ensure_ascii=False)
        detail = "idsite: not registered"
        reason = RejectReason.UNKNOWN_SITE
        self._reject(event.site_id, reason, detail, payload, feed, hit.trust)

    def _reject_hit(self, hit: Hit, why: Unreadable) -> None:
        given = dict(parse_qsl(hit.query.decode("utf-8", "replace")))
        kept: dict[str, object] = dict(
            rules.redacted((name, given.get(name)) for name in _KEPT_PARAMETERS)
        )
        kept |= {"received": hit.received, "bytes": len(hit.query) + len(hit.body)}
        if given.get("url"):
            place = place_of(given["url"])
            kept |= {"host": place.host, "path": place.path}
        payload = json.dumps(kept, ensure_ascii=False)
        self._reject(why.site_id, why.reason, why.detail, payload, Feed.TRACKING, hit.trust)

    def _reject(
        self,
        site_id: int | None,
        reason: str,
        detail: str,
        payload: str,
        feed: str,
        trust: str,
    ) -> None:
        if "rejects" not in self._wanted:
            return
        site = self._sites.get(site_id) if site_id is not None else None
        agency = site.agency if site else None
        day = self._reader.day(self._landed_at)[0]
        self._rows["rejects"].append(
            (
                site_id, agency, str(reason), detail, payload, str(feed), trust,
                self._landed_at, self._segment, day,
            )
        )  # fmt: skip

    def _table(self, table: str, rows: list[tuple[object, ...]], homes: Homes) -> pa.Table:
        schema, partition = EVENT_TABLES[table]
        columns: dict[str, Sequence[object]] = dict(
            zip(_COLUMNS[table], zip(*rows, strict=True), strict=True)
        )
        if table == "dossier_events":
            columns["home_month"] = home_months(columns, homes)
        columns["event_id"] = range(len(rows))
        made = pa.table(
            [pa.array(columns[field.name], field.type) for field in schema], schema=schema
        )
        place = schema.get_field_index("event_id")
        numbers = made.column("event_id")
        return in_order(made, (partition, *SORT_KEYS.get(table, ()))).set_column(
            place, schema.field(place), numbers
        )


def _name_of(event: PageView | ServiceStep) -> str:
    if isinstance(event, PageView):
        return f"{event.kind} {event.url}"
    return f"{event.procedure} {event.state}"


def home_months(columns: dict[str, Sequence[object]], homes: Homes) -> list[str]:
    """The home month of every dossier event; a new dossier's is its earliest event's."""
    moments: Sequence[int] = columns["event_time"]  # type: ignore[assignment]
    receipts: Sequence[int | None] = columns["received_at"]  # type: ignore[assignment]
    halves: list[tuple[int, int]] = list(
        zip(columns["dossier_hi"], columns["dossier_lo"], strict=True)  # type: ignore[arg-type]
    )
    earliest_first = sorted(range(len(moments)), key=lambda place: moments[place])
    months: list[str] = []
    for place in earliest_first:
        receipt = receipts[place]
        day = local_day(moments[place] if receipt is None else receipt)
        months.append(f"{day.year:04d}-{day.month:02d}")
    found = homes.assign([halves[place] for place in earliest_first], months)
    settled = dict(zip(earliest_first, found, strict=True))
    return [settled[place] for place in range(len(moments))]
