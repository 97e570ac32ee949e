"""What moves by the second: the counts of today, and when each site and system was last heard.

Read from the same published set of facts that the figures come from. Fact files never change
under their name, so what was read from one is kept by name and only new files are opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq

from thuocdo.core import clock
from thuocdo.core.settings import Settings
from thuocdo.measure.engine import day_number
from thuocdo.measure.facts.store import FactStore, Manifest, Part

_FILES_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Today:
    """Counts of the Vietnamese day that is not over. `steps` measure interest, never dossiers."""

    views: int
    visits: int
    received: int
    resolved: int
    steps: int


@dataclass(frozen=True, slots=True)
class Heard:
    """When (µs UTC) each site and each system's dossier feed last had an event."""

    sites: dict[int, int]
    systems: dict[str, int]


def today(settings: Settings) -> Today:
    """The counts of today in the current facts; zeros when nothing has come in yet."""
    store = FactStore(settings.facts_dir)
    manifest, day = _manifest(store, store.stamp()), clock.local_day(clock.now_us())
    number = day_number(day)
    counts = dict.fromkeys(("views", "visits", "steps", "received", "resolved"), 0)
    for table in ("visits_daily", "steps_daily", "dossiers_daily"):
        for part in _covering(manifest, table, number):
            for name, count in _counts(str(store.folder / part.file), table, number).items():
                counts[name] += count
    return Today(**counts)


def heard(settings: Settings) -> Heard:
    """The latest event of every source in the current facts."""
    store = FactStore(settings.facts_dir)
    tables = _manifest(store, store.stamp()).tables
    sites = _latest_of(store, tables.get("site_sources_daily", {}).values(), "site_id")
    systems = _latest_of(store, tables.get("system_sources_daily", {}).values(), "system")
    return Heard(sites, systems)


@lru_cache(maxsize=1)
def _manifest(store: FactStore, _stamp: tuple[int, int] | None) -> Manifest:
    """The current manifest, read once for every time it is replaced."""
    return store.read()


def _latest_of(store: FactStore, parts: Iterable[Part], key: str) -> dict[Any, int]:
    known: dict[Any, int] = {}
    for part in parts:
        for source, moment in _latest(str(store.folder / part.file), key).items():
            known[source] = max(moment, known.get(source, moment))
    return known


def _covering(manifest: Manifest, table: str, day: int) -> Iterable[Part]:
    for part in manifest.tables.get(table, {}).values():
        if part.first_day is None or part.last_day is None:
            continue
        if part.first_day <= day <= part.last_day:
            yield part


@lru_cache(maxsize=_FILES_KEPT)
def _counts(path: str, table: str, day: int) -> dict[str, int]:
    rows = pq.read_table(Path(path), filters=[("day", "=", day)])
    if table == "visits_daily":
        return {"views": _sum(rows["views"]), "visits": _sum(rows["visits"])}
    if table == "steps_daily":
        return {"steps": _sum(rows["steps"])}
    # A dossier known both with and without credentials stands in two rows; "verified" repeats it.
    rows = rows.filter(pc.not_equal(rows["scope"], "verified"))
    return {
        event: _sum(rows.filter(pc.equal(rows["event"], event))["dossiers"])
        for event in ("received", "resolved")
    }


@lru_cache(maxsize=_FILES_KEPT)
def _latest(path: str, key: str) -> dict[Any, int]:
    rows = pq.read_table(Path(path), columns=[key, "last_event"])
    latest = rows.group_by(key).aggregate([("last_event", "max")])
    return {
        row[key]: row["last_event_max"]
        for row in latest.to_pylist()
        if row["last_event_max"] is not None
    }


def _sum(column: object) -> int:
    return int(pc.sum(column).as_py() or 0)
