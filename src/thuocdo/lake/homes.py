"""The home-month index: which month keeps all events of a dossier (DESIGN.md §5.2).

A dossier's home is chosen once, at its first event, and never moves; so a fold looks into one
partition only. Several landers agree because the first to insert wins and everybody reads back
what stands. The index is a function of the lake: lose it and `rebuild_homes` makes it again.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.core.settings import Settings
from thuocdo.lake.delta_files import partition_of
from thuocdo.lake.store import Lake

_FILE: Final = "homes.sqlite3"
_BUSY_MS: Final = 60_000
_REBUILD_BATCH: Final = 200_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS home (
    hi INTEGER NOT NULL, lo INTEGER NOT NULL, month TEXT NOT NULL, PRIMARY KEY (hi, lo)
) WITHOUT ROWID
"""
_WANTED: Final = """
CREATE TEMP TABLE IF NOT EXISTS wanted (
    place INTEGER PRIMARY KEY, hi INTEGER NOT NULL, lo INTEGER NOT NULL, month TEXT NOT NULL
)
"""


class Homes:
    """The index of one instance, in `state/homes.sqlite3`."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.execute(_SCHEMA)
        self._connection.execute(_WANTED)

    @classmethod
    def open(cls, settings: Settings) -> Homes:
        return cls(settings.state_dir / _FILE)

    @classmethod
    def ready(cls, settings: Settings, lake: Lake) -> Homes:
        """The index, made again from the lake when it was lost."""
        homes = cls.open(settings)
        if homes.is_empty() and lake.files("dossier_events"):
            homes.close()
            rebuild_homes(settings, lake)
            homes = cls.open(settings)
        return homes

    def close(self) -> None:
        self._connection.close()

    def assign(self, keys: Sequence[tuple[int, int]], candidates: Sequence[str]) -> list[str]:
        """The home month of every key, in order.

        keys        (hi, lo) of dossiers; one may stand there several times
        candidates  the month to choose when the dossier is new, "2022-04"; of several for one
                    new dossier the first in the list counts, so pass the earliest event first
        """
        with self._transaction() as db:
            db.executemany(
                "INSERT INTO wanted VALUES (?, ?, ?, ?)",
                (
                    (place, hi, lo, month)
                    for place, ((hi, lo), month) in enumerate(zip(keys, candidates, strict=True))
                ),
            )
            db.execute("INSERT OR IGNORE INTO home SELECT hi, lo, month FROM wanted ORDER BY place")
            found = db.execute(
                "SELECT home.month FROM wanted JOIN home USING (hi, lo) ORDER BY place"
            ).fetchall()
        return [month for (month,) in found]

    def restore(self, rows: Iterable[tuple[int, int, str]]) -> None:
        """Take homes from the lake; what stands already stays."""
        with self._transaction() as db:
            db.executemany("INSERT OR IGNORE INTO home VALUES (?, ?, ?)", rows)

    def forget(self, hi: int, lo: int) -> None:
        """Let go of a dossier that was erased, on the disk too."""
        self._connection.execute("PRAGMA secure_delete = ON")
        self._connection.execute("DELETE FROM home WHERE hi = ? AND lo = ?", (hi, lo))
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def count(self) -> int:
        return int(self._connection.execute("SELECT count(*) FROM home").fetchone()[0])

    def is_empty(self) -> bool:
        return self._connection.execute("SELECT 1 FROM home LIMIT 1").fetchone() is None

    def _transaction(self) -> _Immediate:
        return _Immediate(self._connection)


class _Immediate:
    """A write transaction that takes its lock at the start, with an empty `wanted`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> sqlite3.Connection:
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute("DELETE FROM wanted")
        return self._connection

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._connection.execute("ROLLBACK" if kind else "COMMIT")


def rebuild_homes(settings: Settings, lake: Lake) -> int:
    """Make the index again from the lake; how many dossiers it knows then.

    Run it when the index was lost, before anything lands: a home that the lake shows wins.
    """
    with closing(Homes.open(settings)) as homes:
        for path in lake.files("dossier_events"):
            homes.restore(_homes_in(path))
        return homes.count()


def _homes_in(path: str) -> Iterator[tuple[int, int, str]]:
    month = partition_of(path) or ""
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_REBUILD_BATCH, columns=["dossier_hi", "dossier_lo"]):
            distinct = pa.table(batch).group_by(["dossier_hi", "dossier_lo"]).aggregate([])
            halves = (distinct.column(name).to_pylist() for name in distinct.column_names)
            yield from ((hi, lo, month) for hi, lo in zip(*halves, strict=True))
