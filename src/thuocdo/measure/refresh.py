"""Refresh: bring the facts up to the lake, recomputing only what the lake says was touched.

Facts are a function of the lake. A refresh reads which partitions got rows since the versions in
the manifest, recomputes those from raw, and publishes one new manifest; anything may crash in
between and the next refresh does the same work again. A changed catalogue of services rebuilds
the dossier cube from the dossiers fact, not from raw.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow.parquet as pq

from thuocdo.core.clock import now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake, partition_of
from thuocdo.measure.engine import Engine, day_number
from thuocdo.measure.facts import cube, dossiers, small, visits
from thuocdo.measure.facts.schemas import DOSSIERS
from thuocdo.measure.facts.store import FactStore, Manifest, retire

MEMORY_LIMIT: Final = "4GiB"
"""What the engine may hold before it spills; a nation-year's rebuild stays below 6 GiB."""

SOURCE_TABLES: Final = ("page_views", "service_steps", "rejects", "dossier_events")
"""Event tables that facts are made of."""

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
    files = lake.files(table, version=until)
    return {partition for path in files if (partition := partition_of(path)) is not None}


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
        build: Mapping[str, Callable[[str], None]] = {
            "page_views": self._page_views,
            "service_steps": self._service_steps,
            "rejects": self._rejects,
            "dossier_events": self._dossier_events,
        }
        for table, partitions in self.plan.touched.items():
            for partition in partitions:
                build[table](partition)
                self.engine.forget()
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

    def _page_views(self, day: str) -> None:
        events, number = self._events("page_views", day), _number(day)
        self._write("visits_daily", day, visits.visits_daily(events, number))
        self._write("site_sources_daily", f"page_views {day}", visits.sources(events, number))

    def _service_steps(self, day: str) -> None:
        events, number = self._events("service_steps", day), _number(day)
        self._write("steps_daily", day, small.steps_daily(events, number))
        self._write("site_sources_daily", f"service_steps {day}", visits.sources(events, number))

    def _rejects(self, day: str) -> None:
        events = self._events("rejects", day)
        self._write("rejects_daily", day, small.rejects_daily(events, _number(day)))

    def _dossier_events(self, month: str) -> None:
        events = self._events("dossier_events", month)
        self._write("dossiers", month, dossiers.rows(self.engine, events))
        self._write("system_sources_daily", month, dossiers.sources(events))
        self._cube(month)

    def _cube(self, month: str) -> None:
        file = self.store.folder / self.tables["dossiers"][month].file
        folded = self.engine.scan([str(file)], DOSSIERS)
        services = ibis.memtable(self.services)
        self._write("dossiers_daily", month, cube.dossiers_daily(folded, services))

    def _rebuild_cube(self, done: set[str]) -> None:
        for month in sorted(set(self.tables.get("dossiers", {})) - done):
            self._cube(month)
            self.engine.forget()

    def _events(self, table: str, partition: str) -> ir.Table:
        files = self.lake.files(table, partitions=[partition], version=self.plan.lake[table])
        return self.engine.scan(files, EVENT_TABLES[table][0])

    def _write(self, table: str, partition: str, rows: ir.Table) -> None:
        path = self.store.path(table, partition, self.version)
        self.engine.write(rows, path)
        self.tables.setdefault(table, {})[partition] = self.store.seal(path)


def _number(day: str) -> int:
    return day_number(date.fromisoformat(day))
