"""Where figures get their facts from: the stored ones, or those known at an instant.

Both answer the same two questions, so a figure is computed by the same expressions whether it is
today's or one that must be defended as it stood on a day in the past.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import cached_property
from typing import Protocol

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.lake import dimensions as lake_dimensions
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.dimensions import Dimensions
from thuocdo.measure.engine import Engine, batched, day_number, files_by_partition, micros
from thuocdo.measure.facts import cube, dossiers, visits
from thuocdo.measure.facts.schemas import FACTS
from thuocdo.measure.facts.store import FactStore, Manifest
from thuocdo.measure.refresh import DAYS_A_QUERY


class Facts(Protocol):
    """Fact tables of a span of days (day numbers, both included), and the dimensions with them."""

    engine: Engine

    @property
    def dimensions(self) -> Dimensions: ...

    def table(self, name: str, first: int, last: int) -> ir.Table:
        """Rows of a table of facts/schemas.py; rows of other days may be among them."""
        ...

    def fingerprint(self, name: str, first: int, last: int) -> tuple[str, ...]:
        """Changes when that table's rows of those days, or ("dimensions") any dimension, changed."""
        ...


class StoredFacts:
    """One manifest's set of facts."""

    def __init__(self, store: FactStore, manifest: Manifest, engine: Engine) -> None:
        self.store, self.manifest, self.engine = store, manifest, engine

    @cached_property
    def dimensions(self) -> Dimensions:
        return Dimensions({name: self._dimension(name) for name in DIMENSIONS})

    def table(self, name: str, first: int, last: int) -> ir.Table:
        files = [str(self.store.folder / file) for file in self.fingerprint(name, first, last)]
        return self.engine.scan(files, FACTS[name])

    def fingerprint(self, name: str, first: int, last: int) -> tuple[str, ...]:
        if name == "dimensions":
            return tuple(sorted(self.manifest.dimensions.values()))
        parts = self.manifest.tables.get(name, {}).values()
        return tuple(
            part.file
            for part in parts
            if part.first_day is not None
            and part.last_day is not None
            and part.first_day <= last
            and part.last_day >= first
        )

    def _dimension(self, name: str) -> pa.Table:
        file = self.manifest.dimensions.get(name)
        if file is None:
            return DIMENSIONS[name][0].empty_table()
        return pq.read_table(self.store.folder / file, schema=DIMENSIONS[name][0])


class KnownFacts:
    """Facts computed on the fly from what had landed, and been recorded, by an instant.

    known  µs UTC
    Tables are computed once per span of days and held in memory.
    """

    def __init__(self, lake: Lake, engine: Engine, known: int) -> None:
        self.lake, self.engine, self.known = lake, engine, known
        self._made: dict[tuple[str, int, int], pa.Table] = {}

    @cached_property
    def dimensions(self) -> Dimensions:
        return Dimensions(
            {name: lake_dimensions.read(self.lake, name, self.known) for name in DIMENSIONS}
        )

    def table(self, name: str, first: int, last: int) -> ir.Table:
        key = (name, first, last)
        if key not in self._made:
            make: dict[str, Callable[[], list[pa.Table]]] = {
                "visits_daily": lambda: self._by_day(
                    "page_views", visits.visits_daily, first, last
                ),
                "site_sources_daily": lambda: [
                    *self._by_day("page_views", visits.sources, first, last),
                    *self._by_day("service_steps", visits.sources, first, last),
                ],
                "system_sources_daily": lambda: self._by_month(dossiers.sources),
                "dossiers_daily": lambda: self._by_month(self._cube),
            }
            self._made[key] = pa.concat_tables([_empty(name), *make[name]()])
        return self.engine.hold(self._made[key])

    def fingerprint(self, name: str, first: int, last: int) -> tuple[str, ...]:
        return (str(self.known), name, str(first), str(last))

    def _by_day(
        self, table: str, fact: Callable[[ir.Table], ir.Table], first: int, last: int
    ) -> list[pa.Table]:
        days = {
            day: files
            for day, files in files_by_partition(self.lake, table).items()
            if first <= day_number(date.fromisoformat(day)) <= last
        }
        made = []
        for some in batched(sorted(days), DAYS_A_QUERY):
            files = [file for day in some for file in days[day]]
            made.append(self._rows(fact(self._events(table, files, partition=True))))
        return made

    def _by_month(self, fact: Callable[[ir.Table], ir.Table]) -> list[pa.Table]:
        return [
            self._rows(fact(self._events("dossier_events", files)))
            for files in files_by_partition(self.lake, "dossier_events").values()
        ]

    def _cube(self, events: ir.Table) -> ir.Table:
        folded = self.engine.keep(dossiers.rows(self.engine, events))
        return cube.dossiers_daily(folded, self.engine.hold(self.dimensions.catalogue))

    def _events(self, table: str, files: list[str], *, partition: bool = False) -> ir.Table:
        events = self.engine.scan(files, EVENT_TABLES[table][0], partition=partition)
        return events.filter(micros(events.landed_at) <= self.known)

    def _rows(self, expression: ir.Table) -> pa.Table:
        rows = self.engine.rows(expression)
        self.engine.forget()
        return rows


def _empty(name: str) -> pa.Table:
    return FACTS[name].empty_table()
