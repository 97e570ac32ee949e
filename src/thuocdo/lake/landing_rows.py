"""From the records of a batch to rows of the lake's tables: parse, check, enrich, redact.

Each kind of record has one small step; a record ends as a row of exactly one table, or, for a
bulk request, of several. Addresses and agents turn into a pseudonym and three words here, and
go no further.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec
import numpy as np
import pyarrow as pa

from thuocdo.core.clock import local_day
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason
from thuocdo.lake.enrich import place_of
from thuocdo.lake.homes import Homes
from thuocdo.lake.landing_reader import Reader
from thuocdo.lake.landing_views import Origin, Views
from thuocdo.lake.parquet import in_order
from thuocdo.lake.replays import Events, Replays, order_of, segment_of
from thuocdo.lake.schemas import EVENT_TABLES, SORT_KEYS
from thuocdo.lake.view_columns import Marks, ViewColumns
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
    "feed", "trust", "result_electronic", "reused",
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
_RECORDS_AT_ONCE: Final = 8192
"""What is looked at together: enough that a call costs nothing, few enough to stay in the cache."""
_VISITORS_REMEMBERED: Final = 50_000
_decoder: Final = msgspec.msgpack.Decoder(Record)


class Batch:
    """Rows of some segments, gathered table by table."""

    def __init__(self, reader: Reader, snapshot: Snapshot) -> None:
        self._reader = reader
        self._sites = snapshot.site_by_id
        self._views = Views(reader, self._sites)
        self._rows: dict[str, list[tuple[object, ...]]] = {table: [] for table in _COLUMNS}
        self._steps: list[tuple[int, int, int, int]] = []
        self._segments: list[str] = []
        self._wanted: dict[str, list[str]] = {table: [] for table in TABLES}
        self._landed_at = 0
        self._row = 0

    def add(self, segment: str, packed: Packed, wanted: Iterable[str]) -> None:
        """The records of a segment, of which some tables want their rows.

        All of them landed when its last frame was written: before that nobody but the log knew any
        of them, and one moment a segment is half the bytes of one a row.
        """
        self._segments.append(segment)
        self._landed_at = int(packed.landed_at[-1]) if len(packed.landed_at) else 0
        for table in wanted:
            self._wanted[table].append(segment)
        for first in range(0, len(packed.start), _RECORDS_AT_ONCE):
            self._block(packed, slice(first, first + _RECORDS_AT_ONCE))

    def tables(self, homes: Homes, replays: Replays) -> dict[str, pa.Table]:
        """The rows as Arrow tables, in the order they will be stored, numbered in it.

        Homes are assigned and requests remembered on the way, durably.
        """
        views = self._views.columns()
        steps = _events(self._steps)
        asked = views.events().followed_by(steps)
        replayed = replays.judge(asked, self._segments)
        of_views, of_steps = replayed[: len(views)], replayed[len(views) :]
        self._replays(views.of(np.flatnonzero(of_views)))
        self._replayed_steps(of_steps)
        wanted = np.array([name in self._wanted["page_views"] for name in self._segments], np.bool_)
        kept = ~of_views & wanted[segment_of(views.numbers["order"])]
        views = views if kept.all() else views.of(np.flatnonzero(kept))
        made = {"page_views": views.table(self._segments)} if len(views) else {}
        for table in _COLUMNS:
            rows = self._wanted_rows(table)
            if rows:
                made[table] = self._table(table, rows, homes)
        return made

    def rejected(self) -> Counter[str]:
        """Refusals by reason; replays are among them once the tables are made."""
        place = _COLUMNS["rejects"].index("reason")
        return Counter(str(row[place]) for row in self._wanted_rows("rejects"))

    def _wanted_rows(self, table: str) -> list[tuple[object, ...]]:
        place = _COLUMNS[table].index("segment")
        wanted = self._wanted[table]
        return [row for row in self._rows[table] if row[place] in wanted]

    def _block(self, packed: Packed, records: slice) -> None:
        """Some records of the segment that was added last."""
        start, end = packed.start[records], packed.end[records]
        landed_at = np.full(len(start), self._landed_at)
        octets = Octets(packed.data[start[0] : end[-1]])
        hits = hit_columns.read(octets, Span(start - start[0], end - start[0]))
        left = np.ones(len(start), np.bool_)
        left[self._views.take(octets, hits, landed_at, self._place(records.start))] = False
        for row in np.flatnonzero(left).tolist():
            self._row = records.start + row
            self._record(_decoder.decode(packed.data[start[row] : end[row]]))

    def _place(self, record: int) -> int:
        return order_of(len(self._segments) - 1, record)

    def _record(self, record: Record) -> None:
        if isinstance(record, Hit):
            self._hit(record)
        elif isinstance(record, DossierEvent):
            self._dossier(record)
        else:
            self._refused(record)

    def _hit(self, hit: Hit) -> None:
        events = matomo.parse_hit(hit)
        if hit.refused:
            site = next((e.site_id for e in events), None)
            self._reject_hit(hit, Unreadable(hit.refused, "refused at the gate", site))
            return
        for event in events:
            if isinstance(event, Unreadable):
                self._reject_hit(hit, event)
            elif event.site_id not in self._sites:
                self._unknown_site(hit, event)
            elif isinstance(event, ServiceStep):
                self._step(hit, event, self._place(self._row))
            else:
                self._views.add(hit, event, Origin(self._landed_at, self._place(self._row)))

    def _step(self, hit: Hit, step: ServiceStep, order: int) -> None:
        day = self._reader.day(step.event_time)[0]
        columns = self._reader.step(hit, step)
        *_, visitor, _bot = columns
        request = self._reader.request(step, visitor)
        self._steps.append((request, step.event_time, int(step.dated), order))
        feed = Feed.TRACK_DVC.value
        self._rows["service_steps"].append(
            (*columns, self._landed_at, self._segments[-1], feed, hit.trust, day)
        )

    def _replays(self, views: ViewColumns) -> None:
        """Rows about views that came before."""
        segment = segment_of(views.numbers["order"]).tolist()
        numbers = (views.numbers[name].tolist() for name in ("site_id", "landed_at"))
        trusts = views.words["trust"].to_pylist()
        for place, site_id, landed_at, trust in zip(segment, *numbers, trusts, strict=True):
            self._replay(site_id, Feed.TRACKING, trust, landed_at, self._segments[place])

    def _replayed_steps(self, replayed: Marks) -> None:
        """Move the steps that came before from their table to the rejects."""
        steps = self._rows["service_steps"]
        names = ("site_id", "trust", "landed_at", "segment")
        places = [_COLUMNS["service_steps"].index(name) for name in names]
        for number in reversed(np.flatnonzero(replayed).tolist()):
            row: tuple[Any, ...] = steps.pop(number)
            site_id, trust, landed_at, segment = (row[place] for place in places)
            self._replay(site_id, Feed.TRACK_DVC, trust, landed_at, segment)

    def _dossier(self, event: DossierEvent) -> None:
        fields = (getattr(event, name) for name in _DOSSIER_FIELDS)
        self._rows["dossier_events"].append((*fields, self._landed_at, self._segments[-1]))

    def _refused(self, refused: Refused) -> None:
        why = Unreadable(refused.reason, refused.detail, refused.site_id)
        self._reject(why, refused.payload, refused.feed, refused.trust)

    def _unknown_site(self, hit: Hit, event: PageView | ServiceStep) -> None:
        """Kept whole, as a row would be: it can be replayed once the site is registered."""
        if isinstance(event, PageView):
            feed, row = Feed.TRACKING, self._reader.described(hit, event)
        else:
            columns = zip(_COLUMNS["service_steps"], self._reader.step(hit, event), strict=False)
            feed, row = Feed.TRACK_DVC, dict(columns)
        kept = {name: value for name, value in row.items() if value is not None}
        payload = json.dumps(kept, ensure_ascii=False)
        why = Unreadable(RejectReason.UNKNOWN_SITE, "idsite: not registered", event.site_id)
        self._reject(why, payload, feed, hit.trust)

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
        self._reject(why, payload, Feed.TRACKING, hit.trust)

    def _replay(self, site_id: int, feed: str, trust: str, landed_at: int, segment: str) -> None:
        why = Unreadable(RejectReason.REPLAYED, "request: came before", site_id)
        self._rows["rejects"].append(self._reject_row(why, "", feed, trust, landed_at, segment))

    def _reject(self, why: Unreadable, payload: str, feed: str, trust: str) -> None:
        """A row about the record at hand."""
        row = self._reject_row(why, payload, feed, trust, self._landed_at, self._segments[-1])
        self._rows["rejects"].append(row)

    def _reject_row(
        self, why: Unreadable, payload: str, feed: str, trust: str, landed_at: int, segment: str
    ) -> tuple[object, ...]:
        site = self._sites.get(why.site_id) if why.site_id is not None else None
        agency = site.agency if site else None
        day = self._reader.day(landed_at)[0]
        return (
            why.site_id, agency, str(why.reason), why.detail, payload, str(feed), trust,
            landed_at, segment, day,
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


def _events(rows: Sequence[tuple[int, int, int, int]]) -> Events:
    """(request, event time, dated, order) as columns."""
    request, event_time, dated, order = np.array(rows, np.int64).reshape(-1, 4).T
    return Events(request, event_time, dated != 0, order)


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
