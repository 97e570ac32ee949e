"""Where figures get their facts from: the stored ones, or those known at an instant.

Both answer the same two questions, so a figure is computed by the same expressions whether it is
today's or one that must be defended as it stood on a day in the past.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Final, NamedTuple, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.lake import dimensions as lake_dimensions
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.building import DAYS_A_QUERY
from thuocdo.measure.dimensions import Dimensions
from thuocdo.measure.engine import (
    Engine,
    Make,
    Rows,
    batched,
    day_number,
    files_by_partition,
    same,
)
from thuocdo.measure.facts import cube, dossiers, intake, patches, small, systems, visits
from thuocdo.measure.facts.schemas import FACTS
from thuocdo.measure.facts.store import FactStore, Manifest, Part
from thuocdo.measure.known import Knowledge

_CUBE: Final = "dossiers_daily"

_STRETCH_DAYS: Final = 28
"""Days whose daily facts are counted together: whole weeks, so that lines by week cut few."""

_LATELY_US: Final = 3_600_000_000
"""Parts with events of the last hour are those that go on growing."""


class Piece(NamedTuple):
    """Some rows of a fact table that change together.

    key    names the files they come from: equal keys, equal rows
    rows   brings them into the engine
    cases  file of DOSSIERS whose days the rows are; None: they are not read off one file
    """

    key: tuple[str, ...]
    rows: Callable[[], Rows]
    cases: Path | None = None


class Facts(Protocol):
    """Fact tables of a span of days (day numbers, both included), and the dimensions with them."""

    @property
    def engine(self) -> Engine: ...

    @property
    def dimensions(self) -> Dimensions: ...

    @property
    def log_size(self) -> int | None:
        """Leaves of the log of raw segments whose rows these are; None where nobody can say."""
        ...

    @property
    def until(self) -> int:
        """Until when the facts know what came in, µs UTC; 0 when nothing did."""
        ...

    def pieces(self, name: str, first: int, last: int) -> list[Piece]:
        """Rows of a table of facts/schemas.py; rows of other days may be among them.

        Counts add up over pieces: a row may take back (negative) what one of another piece counts.
        """
        ...

    def fingerprint(self, name: str, first: int, last: int) -> tuple[str, ...]:
        """Changes when that table's rows of those days, or ("dimensions") any dimension, changed."""
        ...


class StoredFacts:
    """One manifest's set of facts.

    opened  the engine that is open, asked for when something is to be computed: what is remembered
            is told without one
    before  the set this process read last: what did not change since is taken over from it
    """

    def __init__(
        self,
        store: FactStore,
        manifest: Manifest,
        opened: Callable[[], Engine],
        before: StoredFacts | None = None,
    ) -> None:
        self.store, self.manifest, self._opened = store, manifest, opened
        self._last: Engine | None = None
        self._changes: dict[tuple[str, ...], Rows] = {}
        if before is None:
            return
        self._last = before._last
        if before.manifest.dimensions == manifest.dimensions:
            self.dimensions = before.dimensions
        named = {part.files for parts in manifest.tables.values() for part in parts.values()}
        for files, rows in before._changes.items():
            if files in named:
                self._changes[files] = rows
            elif self._last is not None:
                self._last.drop(rows)

    @property
    def engine(self) -> Engine:
        """Another one than before has nothing of what that one had pinned."""
        engine = self._opened()
        if engine is not self._last:
            self._changes.clear()
            self._last = engine
        return engine

    @cached_property
    def dimensions(self) -> Dimensions:
        return Dimensions({name: self._dimension(name) for name in DIMENSIONS})

    @property
    def until(self) -> int:
        return self.manifest.landed_at or 0

    def pieces(self, name: str, first: int, last: int) -> list[Piece]:
        """Home months, and what changed in them; or days: the newest, and all the others."""
        if name == _CUBE:
            return self._cube(first, last)
        parts = self._parts(name, first, last)
        if name == dossiers.TABLE:  # single cases are read whole: a patch takes none of them back
            return [Piece(part.files, partial(self._cases, part)) for part in parts]
        if name == systems.TABLE:  # parts are home months; those of the facts below are days
            return [Piece((part.file,), partial(self._base, name, part)) for part in parts]
        if name == intake.TABLE:  # millions of rows: read where they lie
            files = [part.file for part in parts]
            return [Piece(tuple(files), partial(self._scan, name, files))] if files else []
        return [
            Piece(files, partial(self._scan, name, files, often=True))
            for files in self._stretches(name, first, last)
        ]

    def _cube(self, first: int, last: int) -> list[Piece]:
        """The cube of each home month's base, and what its patch adds to that."""
        parts = self._parts(_CUBE, first, last)
        pieces = [
            Piece((_CUBE, part.file), partial(self._by_day, part), self.store.folder / part.file)
            for part in parts
        ]
        changed = [part for part in parts if part.patch is not None]
        return pieces + [
            Piece((_CUBE, *part.files), partial(self._change, part)) for part in changed
        ]

    def _by_day(self, part: Part) -> Rows:
        return self.engine.view(cube.dossiers_daily, self._base(dossiers.TABLE, part))

    def _stretches(self, name: str, first: int, last: int) -> list[tuple[str, ...]]:
        """Files of days: the newest day, and the others by stretches that no period cuts."""
        parts = sorted(
            self.manifest.tables.get(name, {}).values(), key=lambda part: part.last_day or 0
        )
        newest = max((part.last_day or 0 for part in parts), default=0)
        stretches: dict[tuple[bool, int], list[Part]] = {}
        for part in parts:
            day = part.last_day or 0
            stretches.setdefault((day == newest, day // _STRETCH_DAYS), []).append(part)
        return [
            tuple(part.file for part in found)
            for found in stretches.values()
            if any(part.holds(first, last) for part in found)
        ]

    @property
    def log_size(self) -> int | None:
        return self.manifest.log_size

    def landed(self, name: str, since: int) -> list[Piece]:
        """Rows of the parts in which anything landed since an instant, µs UTC; older ones among them.

        What landed lately moves with every refresh, and is apart from all that stays as it is.
        """
        parts = self.manifest.tables.get(name, {}).values()
        fresh = [part for part in parts if (part.landed_at or 0) >= since]
        lately = max((part.landed_at or 0 for part in fresh), default=0) - _LATELY_US
        split = [
            [part.file for part in fresh if ((part.landed_at or 0) > lately) is wanted]
            for wanted in (False, True)
        ]
        return [Piece(tuple(files), partial(self._scan, name, files)) for files in split if files]

    def fingerprint(self, name: str, first: int, last: int) -> tuple[str, ...]:
        if name == "dimensions":
            return tuple(sorted(self.manifest.dimensions.values()))
        return tuple(file for part in self._parts(name, first, last) for file in part.files)

    def _parts(self, name: str, first: int, last: int) -> list[Part]:
        stored = dossiers.TABLE if name == _CUBE else name
        parts = self.manifest.tables.get(stored, {}).values()
        if name == dossiers.TABLE:  # cases have other days, too
            return [part for part in parts if part.rows or part.patch]
        return [part for part in parts if part.holds(first, last)]

    def _base(self, name: str, part: Part) -> Rows:
        return self._scan(name, [part.file])

    def _scan(self, name: str, files: Sequence[str], *, often: bool = False) -> Rows:
        """often: daily counts, which are small"""
        paths = [str(self.store.folder / file) for file in files]
        return self.engine.scan(paths, FACTS[name], often=often)

    def _cases(self, part: Part) -> Rows:
        base = self._base(dossiers.TABLE, part)
        if part.patch is None:
            return base
        patch = self._base(dossiers.TABLE, part.patch)
        return self.engine.view(patches.current, base, patch)

    def _change(self, part: Part) -> Rows:
        """What the patch of a home month adds to the cube of its base."""
        assert part.patch is not None
        engine = self.engine  # first: a new one forgets the changes
        if part.files not in self._changes:
            base = self._base(dossiers.TABLE, part)
            patch = self._base(dossiers.TABLE, part.patch)
            rows = engine.keep(patches.cube_change, base, patch, pinned=True)
            self._changes[part.files] = rows
        return self._changes[part.files]

    def _dimension(self, name: str) -> pa.Table:
        file = self.manifest.dimensions.get(name)
        if file is None:
            return DIMENSIONS[name][0].empty_table()
        return pq.read_table(self.store.folder / file, schema=DIMENSIONS[name][0])


class KnownFacts:
    """Facts computed on the fly from the raw rows that were known.

    opened  the engine that is open
    Tables are computed once per span of days and held in memory.
    """

    def __init__(self, lake: Lake, opened: Callable[[], Engine], known: Knowledge) -> None:
        self.lake, self._opened, self.known = lake, opened, known
        self._made: dict[tuple[str, int, int], pa.Table] = {}

    @property
    def engine(self) -> Engine:
        return self._opened()

    @property
    def log_size(self) -> int | None:
        return self.known.log_size

    @cached_property
    def dimensions(self) -> Dimensions:
        return Dimensions(
            {
                name: lake_dimensions.read(self.lake, name, self.known.recorded(name))
                for name in DIMENSIONS
            }
        )

    @property
    def until(self) -> int:
        return self.known.until

    def pieces(self, name: str, first: int, last: int) -> list[Piece]:
        key = self.fingerprint(name, first, last)
        return [Piece(key, lambda: self.engine.hold(self._table(name, first, last)))]

    def fingerprint(self, name: str, first: int, last: int) -> tuple[str, ...]:
        return (self.known.name, name, str(first), str(last))

    def _table(self, name: str, first: int, last: int) -> pa.Table:
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
                systems.TABLE: lambda: self._by_month(
                    lambda events: self.engine.view(systems.sources, events)
                ),
                _CUBE: lambda: self._by_month(
                    lambda events: self.engine.view(cube.dossiers_daily, self._dossiers(events))
                ),
                "rejects_daily": lambda: self._by_day("rejects", small.rejects_daily, first, last),
                dossiers.TABLE: lambda: self._by_month(self._dossiers),
                "steps_daily": lambda: self._by_day(
                    "service_steps", small.steps_daily, first, last
                ),
                "hosts_daily": lambda: self._by_day("page_views", small.hosts_daily, first, last),
                "step_makers_daily": lambda: self._by_day(
                    "service_steps", small.step_makers_daily, first, last
                ),
                intake.TABLE: lambda: [
                    *self._by_day("page_views", intake.of_views, first, last),
                    *self._by_day("service_steps", intake.of_views, first, last),
                    *self._by_day("rejects", intake.of_rejects, first, last),
                    *self._by_month(lambda events: self.engine.view(intake.of_dossiers, events)),
                ],
            }
            self._made[key] = pa.concat_tables([_empty(name), *make[name]()])
        return self._made[key]

    def _by_day(self, table: str, fact: Make, first: int, last: int) -> list[pa.Table]:
        days = {
            day: files
            for day, files in files_by_partition(
                self.lake, table, self.known.version(table)
            ).items()
            if first <= day_number(date.fromisoformat(day)) <= last
        }
        made = []
        for some in batched(sorted(days), DAYS_A_QUERY):
            files = [file for day in some for file in days[day]]
            events = self._events(table, files)
            made.append(self._rows(self.engine.view(fact, events)))
        return made

    def _by_month(self, fact: Callable[[Rows], Rows]) -> list[pa.Table]:
        return [
            self._rows(fact(self._events("dossier_events", files)))
            for files in files_by_partition(
                self.lake, "dossier_events", self.known.version("dossier_events")
            ).values()
        ]

    def _dossiers(self, events: Rows) -> Rows:
        levels = self.engine.hold(cube.stretches(self.dimensions.catalogue))
        return self.engine.keep(cube.leveled, dossiers.rows(self.engine, events), levels)

    def _events(self, table: str, files: list[str]) -> Rows:
        events = self.engine.scan(files, EVENT_TABLES[table][0], partition=True)
        return self.known.only(self.engine, table, events)

    def _rows(self, made: Rows) -> pa.Table:
        rows = self.engine.rows(same, made)
        self.engine.forget()
        return rows


def _empty(name: str) -> pa.Table:
    return FACTS[name].empty_table()
