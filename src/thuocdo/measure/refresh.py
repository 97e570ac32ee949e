"""Refresh: bring the facts up to the lake, recomputing only what the lake says was touched.

Facts are a function of the lake. A refresh reads which files were added to which partitions since
the versions in the manifest, works through those, and publishes one new manifest; anything may
crash in between and the next refresh does the same work again. Where the lake cannot say (its log
was cleaned, or it was made anew) everything is made again. A changed catalogue of services gives
the dossiers their levels anew, from the dossiers fact and not from raw.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core.clock import now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.lake.ledger.records import Head
from thuocdo.lake.schemas import DIMENSIONS, SOURCE_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.building import SERVICES, Builder, Plan, Touched
from thuocdo.measure.engine import Engine, files_by_partition, open_engine
from thuocdo.measure.facts.store import FactStore, Manifest, retire

MEMORY_LIMIT: Final = "4GiB"
"""What the engine may hold before it spills; a nation-year's rebuild stays below 6 GiB."""


class Refreshed(msgspec.Struct, frozen=True):
    """What one refresh did.

    version     of the facts now current
    partitions  lake table → partitions recomputed; empty when nothing was new
    leveled     the catalogue changed, so the level of every dossier was looked up again
    """

    version: int
    partitions: dict[str, list[str]] = {}
    leveled: bool = False

    @property
    def changed(self) -> bool:
        return bool(self.partitions) or self.leveled


def refresh(
    settings: Settings, lake: Lake, *, full: bool = False, head: Head | None = None
) -> Refreshed:
    """Bring `settings.facts_dir` up to the lake; `full` forgets the facts and makes all again.

    head  of the ledger: the facts are made of exactly the rows it tells, and say so
    Safe to run from several processes: one works, the others wait and then find nothing to do.
    """
    store = FactStore(settings.facts_dir)
    with store.locked():
        current = store.read()
        nothing = Manifest(version=current.version)
        base = nothing if full or not _reaches(lake, current) else current
        try:
            plan = _plan(lake, base, head)
        except ThuocdoError as error:
            if error.code != "log_gone":
                raise
            base = nothing
            plan = _plan(lake, base, head)
        if plan.is_empty:
            same = _at(base, plan)
            if same != base:  # commits that added no rows to facts, such as a compaction's
                store.publish(same)
            return Refreshed(version=base.version)
        engine = _engine(settings)
        try:
            made = Builder(store, lake, engine, base, plan).build()
        finally:
            engine.forget()
        store.publish(retire(current, made, now_us()))
        return Refreshed(
            version=made.version,
            partitions={table: sorted(parts) for table, parts in plan.touched.items()},
            leveled=SERVICES in plan.dimensions,
        )


_OPEN: Final[dict[Settings, Engine]] = {}
"""The engine of this process: opening one costs as much as a small refresh.

It holds nothing between refreshes, and the lock of the facts lets one refresh use it at a time.
"""


def _engine(settings: Settings) -> Engine:
    if settings not in _OPEN or _OPEN[settings].is_lost:
        while _OPEN:
            _OPEN.popitem()[1].close()
        _OPEN[settings] = open_engine(settings, memory_limit=MEMORY_LIMIT)
    return _OPEN[settings]


def _reaches(lake: Lake, base: Manifest) -> bool:
    """Whether the lake is at least as new as the facts: a lake made anew begins at version 0."""
    return all(lake.version(table) >= version for table, version in base.lake.items())


def _at(base: Manifest, plan: Plan) -> Manifest:
    """The same facts, as those of later versions."""
    size, root = (plan.head.size, plan.head.root) if plan.head else (None, None)
    return msgspec.structs.replace(base, lake=plan.lake, log_size=size, log_root=root)


def _plan(lake: Lake, base: Manifest, head: Head | None) -> Plan:
    """What changed since `base`. Raises ThuocdoError `log_gone`."""
    told = head.versions if head else {}
    versions = {
        table: told[table] if head else lake.version(table)
        for table in (*SOURCE_TABLES, *DIMENSIONS)
    }
    touched = {}
    for table in SOURCE_TABLES:
        partitions = _touched(lake, table, base.lake.get(table), versions[table])
        if partitions:
            touched[table] = partitions
    changed = [name for name in DIMENSIONS if base.lake.get(name) != versions[name]]
    return Plan(lake=versions, touched=touched, dimensions=changed, head=head)


def _touched(lake: Lake, table: str, since: int | None, until: int) -> Touched:
    """Changed partitions with the files added to each; None where the whole must be read again."""
    if since is None:
        return dict.fromkeys(files_by_partition(lake, table, until))
    return {
        partition: None if change.lost or not _are_there(change.added) else change.added
        for partition, change in lake.changes(table, since, until).items()
    }


def _are_there(paths: list[str]) -> bool:
    """Compaction deletes what it merged, an hour later: then only the whole partition tells."""
    return all(Path(path).exists() for path in paths)
