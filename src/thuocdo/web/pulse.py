"""When each site and each system was last heard.

Read from the same published set of facts that the figures come from. Fact files never change
under their name, so what was read from one is kept by name and only new files are opened.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from thuocdo.core.settings import Settings
from thuocdo.measure.facts.store import FactStore, Part

_FILES_KEPT = 4096


@dataclass(frozen=True, slots=True)
class Heard:
    """When (µs UTC) each site and each system's dossier feed last had an event."""

    sites: dict[int, int]
    systems: dict[str, int]


def heard(settings: Settings) -> Heard:
    """The latest event of every source in the current facts."""
    store = FactStore(settings.facts_dir)
    return _heard(settings.facts_dir, store.stamp())


@lru_cache(maxsize=1)
def _heard(folder: Path, _stamp: tuple[int, int] | None) -> Heard:
    """Added up once for every set of facts."""
    store = FactStore(folder)
    tables = store.read().tables
    sites = _latest_of(store, tables.get("site_sources_daily", {}).values(), "site_id")
    systems = _latest_of(store, tables.get("system_sources_daily", {}).values(), "system")
    return Heard(sites, systems)


def _latest_of(store: FactStore, parts: Iterable[Part], key: str) -> dict[Any, int]:
    known: dict[Any, int] = {}
    for part in parts:
        for source, moment in _latest(str(store.folder / part.file), key).items():
            known[source] = max(moment, known.get(source, moment))
    return known


@lru_cache(maxsize=_FILES_KEPT)
def _latest(path: str, key: str) -> dict[Any, int]:
    rows = pq.read_table(Path(path), columns=[key, "last_event"])
    latest = rows.group_by(key).aggregate([("last_event", "max")])
    return {
        row[key]: row["last_event_max"]
        for row in latest.to_pylist()
        if row["last_event_max"] is not None
    }
