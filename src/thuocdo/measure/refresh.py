"""Refresh: bring the facts up to the lake, recomputing only what the lake says was touched.

Facts are a function of the lake. A refresh reads which partitions got rows since the versions in
the manifest, recomputes those from raw, and publishes one new manifest; anything may crash in
between and the next refresh does the same work again. A changed catalogue of services rebuilds
the dossier cube from the dossiers fact, not from raw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import ibis.expr.types as ir
import msgspec
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thuocdo.core.clock import now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS, DOSSIER_EVENTS, EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.engine import Engine, batched, day_number, files_by_partition
from thuocdo.measure.facts import cube, dossiers, small, visits
from thuocdo.measure.facts.schemas import DOSSIERS
from thuocdo.measure.facts.store import FactStore, Manifest, retire

MEMORY_LIMIT: Final = "4GiB"
"""What the engine may hold before it spills; a nation-year's rebuild stays below 6 GiB."""

SOURCE_TABLES: Final = ("page_views", "service_steps", "rejects", "dossier_events")
"""Event tables that facts are made of."""

DAYS_A_QUERY: Final = 16
"""Days recomputed at once: enough to spread the cost of a query, few enough to fit in memory."""

DAILY_FACTS: Final[Mapping[str, Sequence[tuple[str, Callable[[ir.Table], ir.Table]]]]] = {
    "page_views": (
        ("visits_daily", visits.visits_daily),
        ("site_sources_daily", visits.sources),
    ),
    "service_steps": (
        ("steps_daily", small.steps_daily),
        ("site_sources_daily", visits.sources),
    ),
    "rejects": (("rejects_daily", small.rejects_daily),),
}
"""Event table by day → the facts made of it, and how."""

_SERVICES: Final = "services"


class Refreshed(msgspec.Struct, frozen=True):
    """What one refresh did.

    version     of the facts now current
    partitions  lake table → partitions recomputed; empty when nothing was new
    cube_rebuilt  the catalogue changed, so every month of the dossier cube was made again
    """

    version: int
    partitions: dict[str, list[str]] = {}
    cube_rebuilt: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.partitions) or self.cube_rebuilt


@dataclass(frozen=True, slots=True)
class _Plan:
    lake: dict[str, int]
    touched: dict[str, list[str]]
    dimensions: list[str]

    @property
    def is_empty(self) -> bool:
        return not self.touched and not self.dimensions


def refresh(settings: Settings, lake: Lake, *, full: bool = False) -> Refreshed:
    """Bring `settings.facts_dir` up to the lake; `full` forgets the facts and makes all again.

    Safe to run from several processes: one works, the others wait and then find nothing to do.
    """
    store = FactStore(settings.facts_dir)
    with store.locked():
        current = store.read()
        base = Manifest(version=current.version) if full else current
        plan = _plan(lake, base)
        if plan.is_empty:
            if plan.lake != base.lake:  # commits that added no rows, such as a compaction's
                store.publish(msgspec.structs.replace(base, lake=plan.lake))
            return Refreshed(version=base.version)
        engine = Engine(settings.home, memory_limit=MEMORY_LIMIT)
        try:
            made = _Builder(store, lake, engine, base, plan).build()
        finally:
            engine.close()
        store.publish(retire(current, made, now_us()))
        return Refreshed(
            version=made.version,
            partitions=plan.touched,
            cube_rebuilt=_SERVICES in plan.dimensions,
        )


def _plan(lake: Lake, base: Manifest) -> _Plan:
    versions = {table: lake.version(table) for table in (*SOURCE_TABLES, *DIMENSIONS)}
    touched = {}
    for table in SOURCE_TABLES:
        partitions = _touched(lake, table, base.lake.get(table), versions[table])
        if partitions:
            touched[table] = sorted(partitions)
    changed = [name for name in DIMENSIONS if base.lake.get(name) != versions[name]]
    return _Plan(lake=versions, touched=touched, dimensions=changed)


def _touched(lake: Lake, table: str, since: int | None, until: int) -> set[str]:
    """Partitions with new rows; all of them when the log no longer reaches back that far."""
    if since == until:
        return set()
    if since is not None and since < until:
        try:
            return lake.touched(table, since, until)
        except ThuocdoError as error:
            if error.code != "log_gone":
                raise
    return set(files_by_partition(lake, table, until))


class _Builder:
    """One run: makes the files of a plan and the manifest that names them."""

    def __init__(
        self, store: FactStore, lake: Lake, engine: Engine, base: Manifest, plan: _Plan
    ) -> None:
        self.store, self.lake, self.engine, self.plan = store, lake, engine, plan
        self.version = base.version + 1
        self.tables = {name: dict(parts) for name, parts in base.tables.items()}
        self.dimensions = dict(base.dimensions)
        self.services = cube.CATALOGUE.empty_table()

    def build(self) -> Manifest:
        for name in self.plan.dimensions:
            self._copy_dimension(name)
        catalogue = self.store.folder / self.dimensions[_SERVICES]
        self.services = cube.catalogue(pq.read_table(catalogue))
        for table, partitions in self.plan.touched.items():
            files = files_by_partition(self.lake, table, self.plan.lake[table])
            if table == "dossier_events":
                for month in partitions:
                    self._dossier_events(month, files.get(month, []))
                continue
            for days in batched(partitions, DAYS_A_QUERY):
                self._days(table, days, files)
        if _SERVICES in self.plan.dimensions:
            self._rebuild_cube(set(self.plan.touched.get("dossier_events", ())))
        return Manifest(
            version=self.version,
            refreshed_at=now_us(),
            lake=self.plan.lake,
            tables=self.tables,
            dimensions=self.dimensions,
        )

    def _copy_dimension(self, name: str) -> None:
        """Facts carry the dimensions they were made with, so that a reader sees one set."""
        path = self.store.path("dimensions", name, self.version)
        pq.write_table(dimensions.read(self.lake, name), path, compression="zstd")
        self.dimensions[name] = self.store.seal(path).file

    def _days(self, table: str, days: Sequence[str], files: Mapping[str, list[str]]) -> None:
        """The daily facts of some days in one query each: many days compile no slower than one."""
        paths = [path for day in days for path in files.get(day, [])]
        events = self.engine.scan(paths, EVENT_TABLES[table][0], partition=True)
        for fact, make in DAILY_FACTS[table]:
            rows = self.engine.rows(make(events))
            for day in days:
                own = rows.filter(pc.field("day") == day_number(date.fromisoformat(day)))
                partition = f"{table} {day}" if fact == "site_sources_daily" else day
                path = self.store.path(fact, partition, self.version)
                pq.write_table(own, path, compression="zstd")
                self._name(fact, partition, path)
        self.engine.forget()

    def _dossier_events(self, month: str, files: list[str]) -> None:
        events = self.engine.scan(files, DOSSIER_EVENTS)
        self._write("dossiers", month, dossiers.rows(self.engine, events))
        self._write("system_sources_daily", month, dossiers.sources(events))
        self._cube(month)
        self.engine.forget()

    def _cube(self, month: str) -> None:
        file = self.store.folder / self.tables["dossiers"][month].file
        folded = self.engine.scan([str(file)], DOSSIERS)
        services = self.engine.hold(self.services)
        self._write("dossiers_daily", month, cube.dossiers_daily(folded, services))

    def _rebuild_cube(self, done: set[str]) -> None:
        for month in sorted(set(self.tables.get("dossiers", {})) - done):
            self._cube(month)
            self.engine.forget()

    def _write(self, table: str, partition: str, rows: ir.Table) -> None:
        path = self.store.path(table, partition, self.version)
        self.engine.write(rows, path)
        self._name(table, partition, path)

    def _name(self, table: str, partition: str, path: Path) -> None:
        self.tables.setdefault(table, {})[partition] = self.store.seal(path)
