"""Upkeep of the lake: many small files become few, and what nobody reads any more is deleted.

It changes no row: files are swapped in one commit that says so, and a fold that asks which
partitions were touched does not see it. It may run beside landers and readers: a reader that
listed files a moment ago still finds them, for a grace period after they were replaced.

Files of a home month that are big already are layers: each has some events of nearly every dossier.
When several lie over each other they become files by ranges of keys, so that all events of a dossier
are in one and its key, agency and procedure are told once.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.lake import table_files
from thuocdo.lake.delta_files import partition_of
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import COMPACTION, Lake

_SMALL_BYTES: Final = 32 << 20
"""A file below this is worth merging."""
_TARGET_BYTES: Final = 64 << 20
"""As much as is merged at once: some million rows, which have to fit in memory."""
_FEWEST: Final = 4
"""Fewer small files than this in a partition are left alone: rewriting costs more than it saves."""
_LAYERED: Final = {"dossier_events": "dossier_hi"}
"""Tables whose big files lie over each other → the key, a hash spread evenly over 64 bits."""
_LEAST_KEY: Final = -(2**63)
_GRACE_HOURS: Final = 1
_GRACE_SECONDS: Final = _GRACE_HOURS * 3600
_LOG_FILES_WORTH_A_CHECKPOINT: Final = 20


class Compacted(msgspec.Struct, frozen=True):
    """What was done: files merged away, files made of them, files deleted from disk."""

    merged: int = 0
    made: int = 0
    deleted: int = 0


def compact(lake: Lake) -> Compacted:
    """Merge small files, write a checkpoint, clean the log and delete what is out of use."""
    merged = made = deleted = 0
    for table in (*EVENT_TABLES, *DIMENSIONS):
        for old, new in (*_merge_table(lake, table), *_gather_table(lake, table)):
            merged += old
            made += new
        handle = lake.handle(table)
        if _log_files_since_checkpoint(lake, table) >= _LOG_FILES_WORTH_A_CHECKPOINT:
            handle.create_checkpoint()
            handle.cleanup_metadata()
        handle.vacuum(retention_hours=_GRACE_HOURS, dry_run=False, enforce_retention_duration=False)
        deleted += _sweep(lake, table)
    return Compacted(merged, made, deleted)


def _merge_table(lake: Lake, table: str) -> Iterator[tuple[int, int]]:
    """(files merged, files made) for each group of small files."""
    groups = list(_groups(lake.files(table)))
    for paths in groups:
        number = lake.landed_version(table, COMPACTION) + 1
        live = set(lake.files(table))
        if not live.issuperset(paths):
            continue  # another compaction took some of them
        rows = table_files.read(lake.root, table, paths)
        new = table_files.write(lake.root, table, rows)
        old = [table_files.described(lake.root, table, path) for path in paths]
        if lake.replace(table, old, new, number=number):
            yield len(old), len(new)


def _groups(paths: list[str]) -> Iterator[list[str]]:
    """Small files of one partition, together up to the target size."""
    by_partition: dict[str | None, list[tuple[str, int]]] = {}
    for path in paths:
        size = Path(path).stat().st_size
        if size < _SMALL_BYTES:
            by_partition.setdefault(partition_of(path), []).append((path, size))
    for files in by_partition.values():
        group: list[str] = []
        total = 0
        for path, size in files:
            if total + size > _TARGET_BYTES:
                yield from [group] if len(group) >= _FEWEST else []
                group, total = [], 0
            group.append(path)
            total += size
        if len(group) >= _FEWEST:
            yield group


def _gather_table(lake: Lake, table: str) -> Iterator[tuple[int, int]]:
    """(files gathered, files made) for each partition with too many layers; a range at a time."""
    if table not in _LAYERED:
        return
    import pyarrow.dataset as ds  # noqa: PLC0415 - 0.3 s, of every command (lake/store.py)

    key = ds.field(_LAYERED[table])
    for paths in _layered(lake.files(table), _LAYERED[table]):
        number = lake.landed_version(table, COMPACTION) + 1
        if not set(lake.files(table)).issuperset(paths):
            continue  # another compaction took some of them
        ranges = max(1, sum(Path(path).stat().st_size for path in paths) // _TARGET_BYTES)
        edges = [_LEAST_KEY + (n << 64) // ranges for n in range(1, ranges)]
        new = []
        for least, end in zip([None, *edges], [*edges, None], strict=True):
            inside = ds.scalar(True)
            if least is not None:
                inside &= key >= pa.scalar(least, pa.int64())
            if end is not None:
                inside &= key < pa.scalar(end, pa.int64())
            new += table_files.write(
                lake.root, table, table_files.read(lake.root, table, paths, where=inside)
            )
        old = [table_files.described(lake.root, table, path) for path in paths]
        if lake.replace(table, old, new, number=number):
            yield len(old), len(new)


def _layered(paths: list[str], key: str) -> list[list[str]]:
    """The big files of each partition in which as many as are worth it hold the same keys."""
    by_partition: dict[str | None, list[str]] = {}
    for path in paths:
        if Path(path).stat().st_size >= _SMALL_BYTES:
            by_partition.setdefault(partition_of(path), []).append(path)
    crowded = [files for files in by_partition.values() if len(files) >= _FEWEST]
    return [files for files in crowded if _layers(files, key) >= _FEWEST]


def _layers(paths: list[str], key: str) -> int:
    """How many files hold one key at most, as far as their bounds tell."""
    spans = [_span(path, key) for path in paths]
    return max(sum(least <= at <= greatest for least, greatest in spans) for at, _ in spans)


def _span(path: str, key: str) -> tuple[int, int]:
    """Least and greatest key of a file, from its own statistics; any key where it has none."""
    metadata = pq.read_metadata(path)
    place = metadata.schema.names.index(key)
    bounds: list[Any] = [
        metadata.row_group(group).column(place).statistics
        for group in range(metadata.num_row_groups)
    ]
    if not all(each is not None and each.has_min_max for each in bounds):
        return _LEAST_KEY, -_LEAST_KEY
    return min(each.min for each in bounds), max(each.max for each in bounds)


def _log_files_since_checkpoint(lake: Lake, table: str) -> int:
    log = lake.root / table / "_delta_log"
    checkpoints = [int(path.name[:20]) for path in log.glob("*.checkpoint*.parquet")]
    return lake.version(table) - max(checkpoints, default=0)


def _sweep(lake: Lake, table: str) -> int:
    """Delete files the log never named: what a killed writer, or one that lost, left behind.

    A file younger than the grace period may be about to be named; one the log still remembers
    as replaced is the vacuum's to delete.
    """
    handle = lake.handle(table)
    remembered = {
        Path(name).name
        for name in handle.vacuum(retention_hours=0, dry_run=True, enforce_retention_duration=False)
    }
    known = {Path(path).name for path in lake.files(table)} | remembered
    before = time.time() - _GRACE_SECONDS
    count = 0
    for path in (lake.root / table).glob("**/part-*.parquet"):
        if path.name not in known and path.stat().st_mtime < before:
            path.unlink()
            count += 1
    return count
