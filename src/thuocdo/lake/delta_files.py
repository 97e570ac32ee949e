"""Files of a lake's tables, as Delta's log names them."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote

from deltalake.transaction import AddAction

from thuocdo.lake.schemas import partition_column


@dataclass(frozen=True, slots=True)
class DataFile:
    """One Parquet file not yet (or no longer) named by the log; `path` is relative to its table."""

    path: str
    size: int
    rows: int
    partition: str | None


def partition_of(path: str) -> str | None:
    """The partition value in a file's path: `…/day=2022-04-30/part-….parquet` → `2022-04-30`."""
    _, equals, value = Path(path).parent.name.partition("=")
    return unquote(value) if equals else None


def added(table: str, file: DataFile, *, data_change: bool) -> AddAction:
    """What the log says when a file is put in; data_change: false where no row is new."""
    return AddAction(
        path=encoded(file.path),
        size=file.size,
        partition_values=partition_values(table, file.partition),
        modification_time=now_ms(),
        data_change=data_change,
        stats=json.dumps({"numRecords": file.rows}),
    )


def partition_values(table: str, partition: str | None) -> dict[str, str | None]:
    """The columns a file's path stands for."""
    column = partition_column(table)
    return {column: partition} if column else {}


def encoded(path: str) -> str:
    """Delta's log holds paths as URLs; ours use only letters that need no escape but `%`."""
    return quote(path, safe="/=-._")


def now_ms() -> int:
    return time.time_ns() // 1_000_000
