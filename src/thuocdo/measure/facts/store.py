"""The facts on disk: Parquet files and one MANIFEST.json that names the current ones.

Files are written once under names no version shares; the manifest is replaced atomically. So a
reader in another process holds one consistent set for as long as it keeps the manifest it read,
and a crash before the replacement leaves nothing but unnamed files, swept later.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import msgspec
import pyarrow.parquet as pq

from thuocdo.core import files
from thuocdo.core.clock import now_us

FORMAT: Final = 7
"""Raised when the meaning of a stored fact changes: older facts are then rebuilt, not read."""

GRACE_US: Final = 3 * 60 * 1_000_000
"""How long a replaced file stays for readers that hold the manifest before: longer than any query,
short enough that a refresh a second leaves hundreds of old files and not thousands."""

_MANIFEST: Final = "MANIFEST.json"
_LOCK: Final = ".lock"
_DAYS: Final = ("day", "received_day", "resolved_day")
"""Columns by whose days a row counts, whichever of them a table has."""
_LANDED: Final = "last_landed"


class Part(msgspec.Struct, frozen=True):
    """One partition of one fact table.

    file       relative to the facts folder
    first_day, last_day   bounds of the days rows count by (day numbers); None without any
    landed_at  youngest event behind it, µs UTC
    patch      rows that replace some of the file's (facts/patches.py); None when nothing changed
    """

    file: str
    rows: int
    first_day: int | None
    last_day: int | None
    landed_at: int | None
    patch: Part | None = None

    @property
    def files(self) -> tuple[str, ...]:
        """The file, and the patch's when there is one."""
        return (self.file,) if self.patch is None else (self.file, self.patch.file)

    def holds(self, first: int, last: int) -> bool:
        """Whether rows of these days (both included) may be in it."""
        if self.first_day is None or self.last_day is None:
            there = self.rows > 0  # a table without days
        else:
            there = self.first_day <= last and self.last_day >= first
        return there or (self.patch is not None and self.patch.holds(first, last))


class Manifest(msgspec.Struct, frozen=True):
    """One consistent set of facts.

    lake        table → Delta version it was made from
    tables      fact table → partition → file
    dimensions  dimension → file, as they were known then
    log_size, log_root  head of the ledger whose rows these are (lake/ledger); None when there is none
    retired     file no longer named → when it was replaced (µs UTC)
    """

    format: int = FORMAT
    version: int = 0
    refreshed_at: int | None = None
    lake: dict[str, int] = {}
    log_size: int | None = None
    log_root: str | None = None
    tables: dict[str, dict[str, Part]] = {}
    dimensions: dict[str, str] = {}
    retired: dict[str, int] = {}

    @property
    def landed_at(self) -> int | None:
        """When the youngest event in the facts landed, µs UTC."""
        moments = [
            each.landed_at
            for parts in self.tables.values()
            for part in parts.values()
            for each in (part, part.patch)
            if each is not None and each.landed_at is not None
        ]
        return max(moments, default=None)

    def files(self) -> set[str]:
        """Every file this set consists of."""
        named = {
            file for parts in self.tables.values() for part in parts.values() for file in part.files
        }
        return named | set(self.dimensions.values())


@dataclass(frozen=True, slots=True)
class FactStore:
    """The facts folder of one instance."""

    folder: Path

    @property
    def manifest_path(self) -> Path:
        return self.folder / _MANIFEST

    def read(self) -> Manifest:
        """The current set; an empty one when there is none or it is of an older format."""
        try:
            found = msgspec.json.decode(self.manifest_path.read_bytes(), type=Manifest)
        except FileNotFoundError:
            return Manifest()
        if found.format == FORMAT:
            return found
        now = now_us()
        return Manifest(version=found.version, retired=dict.fromkeys(found.files(), now))

    def stamp(self) -> tuple[int, int] | None:
        """Changes whenever the manifest is replaced; None when there is none."""
        try:
            found = self.manifest_path.stat()
        except FileNotFoundError:
            return None
        return found.st_ino, found.st_mtime_ns

    def path(self, table: str, partition: str, version: int) -> Path:
        """Where that partition made in that version goes; its folder exists."""
        place = self.folder / table / f"{quote(partition, safe='-')}.{version}.parquet"
        place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def seal(self, path: Path) -> Part:
        """Describe a finished file and make it survive a power cut."""
        with path.open("rb") as file:
            os.fsync(file.fileno())
        metadata = pq.read_metadata(path)
        bounds = [found for name in _DAYS if (found := _bounds(metadata, name))]
        return Part(
            file=str(path.relative_to(self.folder)),
            rows=metadata.num_rows,
            first_day=min((least for least, _ in bounds), default=None),
            last_day=max((greatest for _, greatest in bounds), default=None),
            landed_at=landed[1] if (landed := _bounds(metadata, _LANDED)) else None,
        )

    def publish(self, manifest: Manifest) -> None:
        """Replace the manifest in one step, then sweep what nobody can be reading any more."""
        files.replace(self.manifest_path, msgspec.json.encode(manifest))
        self._sweep(manifest)

    @contextmanager
    def locked(self) -> Iterator[None]:
        """One writer at a time, also among processes; the lock dies with its process."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / _LOCK).open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _sweep(self, manifest: Manifest) -> None:
        """Remove unnamed files: retired ones, and those a crash left, each after the grace."""
        keep = manifest.files() | set(manifest.retired)
        oldest_ns = (now_us() - GRACE_US) * 1000
        for path in self.folder.glob("*/*.parquet"):
            name = str(path.relative_to(self.folder))
            if name not in keep and path.stat().st_mtime_ns < oldest_ns:
                path.unlink()


def retire(before: Manifest, after: Manifest, now: int) -> Manifest:
    """`after`, remembering when each file of `before` was replaced; forgetting past the grace."""
    still = {file: when for file, when in before.retired.items() if now - when < GRACE_US}
    gone = dict.fromkeys(sorted(before.files() - after.files()), now)
    return msgspec.structs.replace(after, retired=still | gone)


def _bounds(metadata: pq.FileMetaData, column: str) -> tuple[int, int] | None:
    """Least and greatest value of an integer column, from the file's own statistics."""
    names = [metadata.schema.column(place).path for place in range(len(metadata.schema))]
    if column not in names:
        return None
    place = names.index(column)
    found: list[Any] = [
        statistics
        for group in range(metadata.num_row_groups)
        if (statistics := metadata.row_group(group).column(place).statistics) is not None
        and statistics.has_min_max
    ]
    if not found:
        return None
    return min(s.min for s in found), max(s.max for s in found)
