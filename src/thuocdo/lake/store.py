"""The lake: append-only Delta tables in a folder, written exactly once.

The files are our own (`lake/table_files.py`), not `write_deltalake`'s. Delta keeps the log: what is
live, what was there at a version, and which batch of which writer is already in.

A commit carries application transactions (writer → number of its last batch). A batch that the
table already has is not written again, and of two writers that commit the same batch at the same
moment one loses cleanly: the log refuses it.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple
from urllib.parse import unquote, urlsplit

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.schema import Schema as DeltaSchema
from deltalake.transaction import RemoveAction

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.lake import table_files
from thuocdo.lake.delta_files import (
    DataFile,
    added,
    encoded,
    now_ms,
    partition_of,
    partition_values,
)
from thuocdo.lake.schemas import (
    DIMENSIONS,
    EVENT_TABLES,
    partition_column,
    schema_of,
)

COMPACTION: Final = "compaction"
"""The writer name under which files are swapped."""

LOG_CONFIGURATION: Final = {
    "delta.checkpointInterval": "100",
    "delta.logRetentionDuration": "interval 7 days",
    "delta.deletedFileRetentionDuration": "interval 1 days",
}
_COMMIT_ATTEMPTS: Final = 20
_BACKOFF_SECONDS: Final = 0.02


class Change(NamedTuple):
    """What became of one partition between two versions.

    added  absolute paths of files with new rows; compaction may have merged them away since
    lost   rows were taken out (erased)
    """

    added: list[str]
    lost: bool


class Lake:
    """The tables of `lake/schemas.py` below one folder. Safe to share between threads."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._handles: dict[str, DeltaTable] = {}
        self._lock = threading.RLock()

    @classmethod
    def open(cls, settings: Settings) -> Lake:
        """Raises ThuocdoError `lake_url` when the address is not a folder."""
        address = urlsplit(settings.lake_url)
        if address.scheme not in ("", "file"):
            raise ThuocdoError(
                "lake_url",
                f"The lake cannot live at {settings.lake_url}.",
                "Set THUOCDO_LAKE_URL to a folder.",
            )
        return cls(Path(unquote(address.path)).resolve())

    def create(self) -> None:
        """Make every table that is missing, and give the others the columns they lack.

        An earlier version's rows have null in a column they were written without. Raises
        ThuocdoError `lake_schema` when a column there is holds something else than it should.
        """
        for table in (*EVENT_TABLES, *DIMENSIONS):
            path = self.root / table
            path.mkdir(parents=True, exist_ok=True)
            if DeltaTable.is_deltatable(str(path)):
                self._complete(table)
                continue
            partition = partition_column(table)
            DeltaTable.create(
                path,
                schema_of(table),
                mode="ignore",
                partition_by=[partition] if partition else None,
                configuration=LOG_CONFIGURATION,
            )

    def append(self, table: str, rows: pa.Table, *, app_id: str, version: int) -> bool:
        """Add rows as batch `version` of `app_id`. False: the table has that batch already."""
        return self.commit(table, rows, {app_id: version})

    def commit(self, table: str, rows: pa.Table, batches: Mapping[str, int]) -> bool:
        """Add rows that end several writers' batches in one atomic step.

        batches  writer → number of its last batch in `rows`
        False when the table already holds all of them: nothing is written.
        Raises ThuocdoError `half_landed` when it holds only some: the caller mixed batches.
        """
        if self._already_there(table, batches):
            return False
        return self.record(table, table_files.write(self.root, table, rows), batches)

    def record(self, table: str, files: Iterable[DataFile], batches: Mapping[str, int]) -> bool:
        """Name written files in the log; False when the batches are there already."""
        adds = [added(table, file, data_change=True) for file in files]
        return self._log(table, adds, batches)

    def replace(
        self,
        table: str,
        old: Iterable[DataFile],
        new: Iterable[DataFile],
        *,
        number: int,
        lost: bool = False,
    ) -> bool:
        """Swap files for others with the same rows (compaction), or without some (`lost`: erasure).

        number  `landed_version(table, COMPACTION) + 1`, asked before `old` was listed.
                False when another compaction took it meanwhile: its files stand, ours are
                left for the sweep.
        """
        moment = now_ms()
        actions: list[Any] = [added(table, file, data_change=False) for file in new]
        actions += [
            RemoveAction(
                path=encoded(file.path),
                data_change=lost,
                deletion_timestamp=moment,
                size=file.size,
                partition_values=partition_values(table, file.partition),
            )
            for file in old
        ]
        return self._log(table, actions, {COMPACTION: number})

    def landed_version(self, table: str, app_id: str) -> int:
        """Number of the last batch of `app_id` in the table; -1 when never."""
        with self._lock:
            found = self._fresh(table).transaction_version(app_id)
        return -1 if found is None else int(found)

    def version(self, table: str) -> int:
        """The table's Delta version; it moves with every commit."""
        with self._lock:
            return int(self._fresh(table).version())

    def files(
        self,
        table: str,
        *,
        partitions: Collection[str] | None = None,
        version: int | None = None,
    ) -> list[str]:
        """Absolute paths of the live files, of some partitions or all, now or at a version."""
        with self._lock:
            handle = self._fresh(table)
            if version is not None and version != handle.version():
                handle = DeltaTable(self.root / table, version=version)
            found = sorted(str(uri) for uri in handle.file_uris())
        if partitions is None:
            return found
        wanted = set(partitions)
        return [path for path in found if partition_of(path) in wanted]

    def changes(self, table: str, since: int, until: int) -> dict[str, Change]:
        """What became of each partition in versions since < v <= until; compaction does not count.

        Raises ThuocdoError `log_gone` when the log of those versions was cleaned: rebuild instead.
        """
        found: dict[str, Change] = {}
        for version in range(since + 1, until + 1):
            path = self.log_path(table, version)
            try:
                lines = path.read_text().splitlines()
            except FileNotFoundError:
                raise ThuocdoError(
                    "log_gone",
                    f"The log of {table} no longer reaches back to version {version}.",
                    "Run `thuocdo rebuild`.",
                ) from None
            for line in lines:
                action = json.loads(line)
                changed = action.get("add") or action.get("remove")
                if not changed or not changed["dataChange"]:
                    continue
                place = str(self.root / table / unquote(changed["path"]))
                change = found.setdefault(partition_of(place) or "", Change([], False))
                if "add" in action:
                    change.added.append(place)
                else:
                    found[partition_of(place) or ""] = change._replace(lost=True)
        return found

    def read(self, table: str, *, partitions: Collection[str] | None = None) -> pa.Table:
        """The rows of some partitions or all, partition column included; an empty table reads too."""
        return table_files.read(self.root, table, self.files(table, partitions=partitions))

    def handle(self, table: str) -> DeltaTable:
        """Delta's own view of a table, at its newest version (for maintenance)."""
        with self._lock:
            return self._fresh(table)

    def log_path(self, table: str, version: int) -> Path:
        return self.root / table / "_delta_log" / f"{version:020d}.json"

    def _complete(self, table: str) -> None:
        """Name a table's new columns in its log; no file is touched."""
        wanted = DeltaSchema.from_arrow(schema_of(table)).fields
        with self._lock:
            handle = self._fresh(table)
            there = {field.name: field.type for field in handle.schema().fields}
            other = [f.name for f in wanted if there.get(f.name, f.type) != f.type]
            if other:
                raise ThuocdoError(
                    "lake_schema",
                    f"{table} has {', '.join(other)} in another type than this version writes.",
                    "Use the version of thuocdo that wrote the lake.",
                )
            if missing := [field for field in wanted if field.name not in there]:
                handle.alter.add_columns(missing)

    def _already_there(self, table: str, batches: Mapping[str, int]) -> bool:
        with self._lock:
            return _holds(table, self._fresh(table), batches)

    def _log(self, table: str, actions: list[Any], batches: Mapping[str, int]) -> bool:
        """Write one log entry, again and again until it is in or the batches turn out to be."""
        properties = CommitProperties(
            app_transactions=[Transaction(app_id, last) for app_id, last in batches.items()]
        )
        partition = partition_column(table)
        for attempt in range(_COMMIT_ATTEMPTS):
            with self._lock:
                handle = self._fresh(table)
                # Asked of the very state the commit builds on: Delta refuses a commit when the
                # same writer's batch came after that state, but not when it was part of it.
                if _holds(table, handle, batches):
                    return False
                before = handle.version()
                try:
                    handle.create_write_transaction(
                        actions,
                        "append",
                        schema_of(table),
                        [partition] if partition else None,
                        commit_properties=properties,
                    )
                except CommitFailedError:
                    time.sleep(_BACKOFF_SECONDS * (attempt + 1))
                    continue
                handle = self._fresh(table)
                for version in range(before + 1, handle.version() + 1):
                    with suppress(FileNotFoundError):  # Delta's own clean-up took it meanwhile
                        files.sync(self.log_path(table, version))
                files.sync(self.root / table / "_delta_log")
            return True
        raise ThuocdoError(
            "lake_busy",
            f"{table} did not take a commit after {_COMMIT_ATTEMPTS} attempts.",
            "Look for another process that writes without pause, then try again.",
        )

    def _fresh(self, table: str) -> DeltaTable:
        handle = self._handles.get(table)
        try:
            if handle is None:
                handle = self._opened(table)
            else:
                handle.update_incremental()
        except DeltaError:
            self._handles.pop(table, None)
            handle = self._opened(table)
        self._handles[table] = handle
        return handle

    def _opened(self, table: str) -> DeltaTable:
        """Raises ThuocdoError `no_table`: an instance of an earlier version, or none at all."""
        path = self.root / table
        if not DeltaTable.is_deltatable(str(path)):
            raise ThuocdoError(
                "no_table", f"The lake in {self.root} has no table {table}.", "Run `thuocdo init`."
            )
        return DeltaTable(path)


def _holds(table: str, handle: DeltaTable, batches: Mapping[str, int]) -> bool:
    """Whether a table's state has these batches. Raises ThuocdoError `half_landed`."""
    there = []
    for app_id, last in batches.items():
        found = handle.transaction_version(app_id)
        there.append(found is not None and found >= last)
    if any(there) and not all(there):
        raise ThuocdoError(
            "half_landed",
            f"{table} holds some of the batches {dict(batches)} and lacks others.",
            "Commit only the batches that are missing.",
        )
    return bool(there) and all(there)
