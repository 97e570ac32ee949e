"""Building: the files of one refresh, and the manifest that names them.

A partition is made whole (the first time, and after an erasure) or grown by the files that were
added to it. Growing never trusts half a fact: the sites and the dossiers that new events speak of
are computed again from all their events, and nothing else is.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thuocdo.core.clock import now_us
from thuocdo.lake import dimensions
from thuocdo.lake.ledger.records import Head
from thuocdo.lake.schemas import DOSSIER_EVENTS, EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.engine import (
    Engine,
    Make,
    Rows,
    batched,
    day_number,
    files_by_partition,
    same,
    write_parquet,
)
from thuocdo.measure.facts import cube, dossiers, intake, patches, small, systems, visits
from thuocdo.measure.facts.schemas import FACTS
from thuocdo.measure.facts.store import FactStore, Manifest, Part

DAYS_A_QUERY: Final = 16
"""Days recomputed at once: enough to spread the cost of a query, few enough to fit in memory."""

DAILY_FACTS: Final[Mapping[str, Sequence[tuple[str, Make]]]] = {
    "page_views": (
        ("visits_daily", visits.visits_daily),
        ("hosts_daily", small.hosts_daily),
        ("site_sources_daily", visits.sources),
        (intake.TABLE, intake.of_views),
    ),
    "service_steps": (
        ("steps_daily", small.steps_daily),
        ("step_makers_daily", small.step_makers_daily),
        ("site_sources_daily", visits.sources),
        (intake.TABLE, intake.of_views),
    ),
    "rejects": (("rejects_daily", small.rejects_daily), (intake.TABLE, intake.of_rejects)),
}
"""Event table by day → the facts made of it, and how."""

SERVICES: Final = "services"
_DOSSIERS: Final = "dossier_events"
_SHARED: Final = ("site_sources_daily", intake.TABLE)
"""Facts that several event tables are made into: each table has its own parts."""

Touched: TypeAlias = dict[str, list[str] | None]
"""Partition → files added to it; None: make the whole again."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one refresh has to do.

    lake        table → version to bring the facts to
    head        of the ledger, which tells the rows of those versions and no others
    touched     event table → its changed partitions
    dimensions  those that changed
    """

    lake: dict[str, int]
    touched: dict[str, Touched]
    dimensions: list[str]
    head: Head | None = None

    @property
    def is_empty(self) -> bool:
        return not self.touched and not self.dimensions


class Builder:
    """One run over a plan."""

    def __init__(
        self, store: FactStore, lake: Lake, engine: Engine, base: Manifest, plan: Plan
    ) -> None:
        self.store, self.lake, self.engine, self.plan = store, lake, engine, plan
        self.version = base.version + 1
        self.tables = {name: dict(parts) for name, parts in base.tables.items()}
        self.dimensions = dict(base.dimensions)
        self.levels = cube.CATALOGUE.empty_table()

    def build(self) -> Manifest:
        for name in self.plan.dimensions:
            self._copy_dimension(name)
        self.levels = _levels(self.store.folder / self.dimensions[SERVICES])
        for table, partitions in self.plan.touched.items():
            files = files_by_partition(self.lake, table, self.plan.lake[table])
            if table == _DOSSIERS:
                self._months(partitions, files)
            else:
                self._days(table, partitions, files)
        if SERVICES in self.plan.dimensions:
            self._levels_again()
        return Manifest(
            version=self.version,
            refreshed_at=now_us(),
            lake=self.plan.lake,
            log_size=self.plan.head.size if self.plan.head else None,
            log_root=self.plan.head.root if self.plan.head else None,
            tables=self.tables,
            dimensions=self.dimensions,
        )

    def _copy_dimension(self, name: str) -> None:
        """Facts carry the dimensions they were made with, so that a reader sees one set."""
        path = self.store.path("dimensions", name, self.version)
        rows = dimensions.read(self.lake, name, version=self.plan.lake[name])
        pq.write_table(rows, path, compression="zstd")
        self.dimensions[name] = self.store.seal(path).file

    # Days

    def _days(self, table: str, touched: Touched, files: Mapping[str, list[str]]) -> None:
        whole = []
        for day, added in sorted(touched.items()):
            if day not in files:
                self._drop(day, *(fact for fact, _ in DAILY_FACTS[table]), table=table)
            elif added is None or not self._has_day(table, day):
                whole.append(day)
            else:
                self._more_of_day(table, day, added, files[day])
                self.engine.forget()
        for days in batched(whole, DAYS_A_QUERY):
            self._whole_days(table, days, files)
            self.engine.forget()

    def _has_day(self, table: str, day: str) -> bool:
        return all(
            _partition(fact, table, day) in self.tables.get(fact, {})
            for fact, _ in DAILY_FACTS[table]
        )

    def _whole_days(self, table: str, days: Sequence[str], files: Mapping[str, list[str]]) -> None:
        """The daily facts of some days in one query each: many days cost little more than one."""
        paths = [path for day in days for path in files[day]]
        events = self.engine.scan(paths, EVENT_TABLES[table][0], partition=True)
        for fact, make in DAILY_FACTS[table]:
            rows = self.engine.rows(make, events)
            for day in days:
                own = rows.filter(pc.field("day") == day_number(date.fromisoformat(day)))
                partition = _partition(fact, table, day)
                path = self.store.path(fact, partition, self.version)
                write_parquet(path, own.schema, [own])
                self._name(fact, partition, self.store.seal(path))

    def _more_of_day(self, table: str, day: str, added: list[str], files: list[str]) -> None:
        """The daily facts of the sites that new events speak of; the others stay as they are."""
        shape = EVENT_TABLES[table][0]
        new = self.engine.scan(added, shape, partition=True)
        sites = self.engine.keep(visits.sites, new)
        all_events = self.engine.scan(files, shape, partition=True)
        events = self.engine.keep(visits.of_sites, all_events, sites)
        for fact, make in DAILY_FACTS[table]:
            partition = _partition(fact, table, day)
            if fact == intake.TABLE:
                self._more_intake(partition, self.engine.view(make, new))
                continue
            before = self._scan(fact, self.tables[fact][partition])
            after = self.engine.view(make, events)
            part = self._written(fact, partition, visits.with_sites, before, sites, after)
            self._name(fact, partition, part)

    def _more_intake(self, partition: str, since: Rows) -> None:
        """Counts of single records add up: what is there need not be looked at again."""
        before = self._scan(intake.TABLE, self.tables[intake.TABLE][partition])
        part = self._written(intake.TABLE, partition, intake.more, before, since)
        self._name(intake.TABLE, partition, part)

    # Months of dossiers

    def _months(self, touched: Touched, files: Mapping[str, list[str]]) -> None:
        for month, added in sorted(touched.items()):
            if month not in files:
                facts = (dossiers.TABLE, systems.TABLE, intake.TABLE)
                self._drop(month, *facts, table=_DOSSIERS)
            elif added is None or month not in self.tables.get(dossiers.TABLE, {}):
                self._whole_month(month, files[month])
            else:
                self._more_of_month(month, added, files[month])
            self.engine.forget()

    def _whole_month(self, month: str, files: list[str]) -> None:
        events = self.engine.scan(files, DOSSIER_EVENTS, partition=True)
        self._write_dossiers(month, dossiers.rows(self.engine, events))
        sources = self._written(systems.TABLE, month, systems.sources, events)
        self._name(systems.TABLE, month, sources)
        partition = _partition(intake.TABLE, _DOSSIERS, month)
        came_in = self._written(intake.TABLE, partition, intake.of_dossiers, events)
        self._name(intake.TABLE, partition, came_in)

    def _write_dossiers(self, month: str, folded: Rows) -> None:
        levels = self.engine.hold(self.levels)
        part = self._written(dossiers.TABLE, month, cube.leveled, folded, levels)
        self._name(dossiers.TABLE, month, part)

    def _levels_again(self) -> None:
        """The catalogue changed: levels of all dossiers but those just made with it."""
        for month, part in sorted(self.tables.get(dossiers.TABLE, {}).items()):
            if part.file != self._file(dossiers.TABLE, month):
                self._write_dossiers(month, self.engine.view(dossiers.unleveled, self._part(month)))
                self.engine.forget()

    def _more_of_month(self, month: str, added: list[str], files: list[str]) -> None:
        """Fold again the dossiers that new events speak of."""
        engine = self.engine
        new = engine.keep(same, engine.scan(added, DOSSIER_EVENTS, partition=True))
        before = self._scan(systems.TABLE, self.tables[systems.TABLE][month])
        part = self._written(systems.TABLE, month, systems.more_sources, before, new)
        self._name(systems.TABLE, month, part)
        came_in = engine.view(intake.of_dossiers, new)
        self._more_intake(_partition(intake.TABLE, _DOSSIERS, month), came_in)

        wanted = engine.keep(dossiers.keys, new)
        events = engine.keep(
            dossiers.of, engine.scan(files, DOSSIER_EVENTS, partition=True), wanted
        )
        folded = dossiers.rows(engine, events)
        self._patch(month, engine.keep(cube.leveled, folded, engine.hold(self.levels)))

    def _patch(self, month: str, folded: Rows) -> None:
        """Give a part a new patch, or a new base where the patch has grown too big."""
        part = self.tables[dossiers.TABLE][month]
        patch = self._scan(dossiers.TABLE, part.patch)
        grown = self._written(dossiers.TABLE, f"{month} patch", patches.more, patch, folded)
        self._name(dossiers.TABLE, month, msgspec.structs.replace(part, patch=grown))
        if patches.is_due(part.rows, grown.rows):
            merged = self._written(dossiers.TABLE, month, same, self._part(month))
            self._name(dossiers.TABLE, month, merged)

    # Parts

    def _part(self, month: str) -> Rows:
        """The current dossiers of a home month."""
        part = self.tables[dossiers.TABLE][month]
        base = self._scan(dossiers.TABLE, part)
        if part.patch is None:
            return base
        return self.engine.view(patches.current, base, self._scan(dossiers.TABLE, part.patch))

    def _scan(self, table: str, part: Part | None) -> Rows:
        files = [] if part is None else [str(self.store.folder / part.file)]
        return self.engine.scan(files, FACTS[table])

    def _written(self, table: str, partition: str, make: Make, *inputs: Any) -> Part:
        path: Path = self.store.path(table, partition, self.version)
        self.engine.write(path, make, *inputs)
        return self.store.seal(path)

    def _file(self, table: str, partition: str) -> str:
        """What this build calls a part that it makes."""
        path = self.store.path(table, partition, self.version)
        return str(path.relative_to(self.store.folder))

    def _name(self, table: str, partition: str, part: Part) -> None:
        self.tables.setdefault(table, {})[partition] = part

    def _drop(self, partition: str, *facts: str, table: str = "") -> None:
        """Forget a partition that the lake no longer has."""
        for fact in facts:
            self.tables.get(fact, {}).pop(_partition(fact, table, partition), None)


@lru_cache(maxsize=1)
def _levels(path: Path) -> pa.Table:
    """The levels that a file of the catalogue says; it never changes under its name."""
    return cube.stretches(cube.catalogue(pq.read_table(path)))


def _partition(fact: str, table: str, partition: str) -> str:
    """What the part of a day, or of a home month, is called."""
    return f"{table} {partition}" if fact in _SHARED else partition
