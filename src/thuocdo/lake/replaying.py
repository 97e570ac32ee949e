"""Replaying: refused records that are in order today become events, each exactly once.

What one step will write is fixed in a plan on disk before the first table is written; every table is
committed under the number of the plan, the trace in `replays` last. So whenever a replay dies, the
next one writes what is missing of the same plan and goes on. The events have the feed, the trust and
the times they had; they landed now, so that figures "as known" before the replay stay as they were.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa

from thuocdo.core import files
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.lake import rejects
from thuocdo.lake.homes import Homes
from thuocdo.lake.judge_dossiers import KEPT, events_table
from thuocdo.lake.landing_rows import home_months
from thuocdo.lake.locks import held
from thuocdo.lake.parquet import in_order
from thuocdo.lake.rejects import Reject, Wanted
from thuocdo.lake.schemas import EVENT_TABLES, INSTANT, SORT_KEYS
from thuocdo.lake.store import Lake
from thuocdo.wire.events import DossierEvent, Unreadable

_WRITER: Final = "replay"
_TRACE: Final = "replays"
_VIEW_TABLES: Final = ("page_views", "service_steps")
_REJECTS_A_STEP: Final = 20_000

Tick = Callable[[int, int | None], None]


class Replayed(msgspec.Struct, frozen=True):
    """What became of the refused records asked for; each stands in one of these.

    accepted  by the reason they were refused for once
    refused   still, by the reason of today
    lost      cannot be judged again, by why
    before    became events in an earlier replay
    """

    accepted: dict[str, int] = {}
    refused: dict[str, int] = {}
    lost: dict[str, int] = {}
    before: int = 0


class _Trace(msgspec.Struct, frozen=True, array_like=True):
    segment: str
    event_id: int
    feed: str
    trust: str


class _Plan(msgspec.Struct):
    """What one step writes. `landed_at` is µs UTC."""

    number: int
    landed_at: int
    events: list[DossierEvent] = []
    views: dict[str, list[dict[str, Any]]] = {}
    traces: list[_Trace] = []


def replay(
    settings: Settings, lake: Lake, wanted: Wanted, tick: Tick, *, dry_run: bool = False
) -> Replayed:
    """Judge refused records under the registry of today; write those that are accepted.

    dry_run  only say what would become of them
    Raises ThuocdoError `not_initialised`, or `busy` when another replay does not end.
    """
    settings.require_initialised()
    snapshot = snapshot_file.read(settings.snapshot_path)
    if dry_run:
        return _Replay(settings, lake, snapshot, tick).run(wanted)
    with (
        held(settings.state_dir / "rejects.lock", "replay"),
        closing(Homes.ready(settings, lake)) as homes,
    ):
        steps = _Steps(settings.state_dir / "rejects.plan", lake, homes)
        steps.finish()
        return _Replay(settings, lake, snapshot, tick).run(wanted, steps)


class _Replay:
    """One run: judges in steps, counts, hands each step over to be written."""

    def __init__(self, settings: Settings, lake: Lake, snapshot: Snapshot, tick: Tick) -> None:
        self._secret = settings.secret
        self._lake = lake
        self._snapshot = snapshot
        self._tick = tick
        self._accepted: Counter[str] = Counter()
        self._refused: Counter[str] = Counter()
        self._lost: Counter[str] = Counter()

    def run(self, wanted: Wanted, steps: _Steps | None = None) -> Replayed:
        done = rejects.replayed(self._lake)
        before = seen = 0
        for some in _batched(rejects.select(self._lake, wanted), _REJECTS_A_STEP):
            left = [reject for reject in some if (reject.segment, reject.event_id) not in done]
            before += len(some) - len(left)
            plan = self._judged(left)
            if steps is not None and plan.traces:
                steps.write(plan)
            seen += len(some)
            self._tick(seen, None)
        return Replayed(dict(self._accepted), dict(self._refused), dict(self._lost), before)

    def _judged(self, some: list[Reject]) -> _Plan:
        plan = _Plan(number=0, landed_at=now_us())
        for reject in some:
            found = rejects.judge(reject, self._snapshot, self._secret)
            if isinstance(found, str):
                self._lost[found] += 1
                continue
            if isinstance(found, Unreadable):
                self._refused[str(found.reason)] += 1
                continue
            self._accepted[reject.reason] += 1
            trace = _Trace(reject.segment, reject.event_id, reject.feed, reject.trust)
            plan.traces.append(trace)
            if isinstance(found, list):
                plan.events += found
            else:
                row = {**found.columns, "feed": reject.feed, "trust": reject.trust}
                plan.views.setdefault(found.table, []).append(row)
        return plan


class _Steps:
    """Writes plans, one after the other; takes up the one that a dead replay left."""

    def __init__(self, path: Path, lake: Lake, homes: Homes) -> None:
        self._path = path
        self._lake = lake
        self._homes = homes

    def finish(self) -> None:
        """Write what is missing of a plan that was under way."""
        try:
            plan = msgspec.msgpack.decode(self._path.read_bytes(), type=_Plan)
        except FileNotFoundError:
            return
        self._commit(plan)

    def write(self, plan: _Plan) -> None:
        """Fix the plan durably, then write its rows."""
        tables = ("dossier_events", *_VIEW_TABLES, _TRACE)
        plan.number = 1 + max(self._lake.landed_version(table, _WRITER) for table in tables)
        files.replace(self._path, msgspec.msgpack.encode(plan))
        self._commit(plan)

    def _commit(self, plan: _Plan) -> None:
        made = {table: _view_rows(table, rows, plan) for table, rows in plan.views.items()}
        if plan.events:
            made["dossier_events"] = _dossier_rows(plan, self._homes)
        for table, rows in made.items():
            self._lake.append(table, rows, app_id=_WRITER, version=plan.number)
        self._lake.append(_TRACE, _trace_rows(plan), app_id=_WRITER, version=plan.number)
        self._path.unlink()


def _dossier_rows(plan: _Plan, homes: Homes) -> pa.Table:
    events = plan.events
    columns: dict[str, Any] = {
        name: [getattr(event, name) for event in events]
        for name in ("dossier_hi", "dossier_lo", "event_time", "received_at")
    }
    rows = events_table(events)
    made = {
        **{name: rows.column(name) for name in KEPT},
        "home_month": pa.array(home_months(columns, homes)),
        "feed": pa.array([str(event.feed) for event in events]),
        "trust": pa.array([str(event.trust) for event in events]),
    }
    return _landed("dossier_events", made, plan)


def _view_rows(table: str, rows: list[dict[str, Any]], plan: _Plan) -> pa.Table:
    schema, _ = EVENT_TABLES[table]
    made = {
        name: pa.array([row.get(name) for row in rows], schema.field(name).type)
        for name in schema.names
        if name not in ("landed_at", "segment", "event_id", "day")
    }
    days = [local_day(row["event_time"]) for row in rows]
    return _landed(table, {**made, "day": pa.array(days)}, plan)


def _trace_rows(plan: _Plan) -> pa.Table:
    count = len(plan.traces)
    segments, numbers, feeds, trusts = zip(*msgspec.to_builtins(plan.traces), strict=True)
    made = {
        "day": pa.array([local_day(plan.landed_at)] * count),
        "reject_segment": pa.array(segments),
        "reject_event_id": pa.array(numbers),
        "feed": pa.array(feeds),
        "trust": pa.array(trusts),
    }
    return _landed(_TRACE, made, plan)


def _landed(table: str, columns: dict[str, Any], plan: _Plan) -> pa.Table:
    """The rows in the order they are stored, numbered in it; landed when the plan says."""
    schema, partition = EVENT_TABLES[table]
    count = len(columns["feed"])
    columns = {
        **columns,
        "landed_at": pa.array([plan.landed_at] * count, pa.int64()).cast(INSTANT),
        "segment": pa.array([f"{_WRITER}:{plan.number}"] * count),
        "event_id": pa.array(range(count), pa.int64()),
    }
    rows = pa.table([columns[name] for name in schema.names], names=schema.names).cast(schema)
    place = schema.get_field_index("event_id")
    numbers = rows.column(place)
    ordered = in_order(rows, (partition, *SORT_KEYS.get(table, ())))
    return ordered.set_column(place, schema.field(place), numbers)


def _batched(found: Iterator[Reject], size: int) -> Iterator[list[Reject]]:
    while some := list(islice(found, size)):
        yield some
