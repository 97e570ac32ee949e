"""The engine: DuckDB in process, spoken to through Ibis expressions only.

Facts and indicators are Ibis expressions over integers of microseconds and days, so that the same
expressions compile for another engine (Spark Connect) and agree to the last digit. What belongs
to DuckDB alone (opening it, reading and writing Parquet files) stays on this page.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from pathlib import Path

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.lake.store import Lake, partition_of

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (instants are compared as naive UTC inside the engine)
_EPOCH_DAY = date(1970, 1, 1)


def micros(instant: ir.Value) -> ir.Value:
    """µs UTC, int64, of an instant column; exact, no float in between."""
    naive = instant.cast("timestamp(6)")
    return naive.delta(ibis.literal(_EPOCH), unit="microsecond").cast("int64")


def local_day(instant_us: ir.Value) -> ir.Value:
    """The Vietnamese day of an instant (µs UTC), int32: days since 1970-01-01."""
    return ((instant_us + OFFSET_US) // DAY_US).cast("int32")


def date_number(day: ir.Value) -> ir.Value:
    """`day_number` of a date column, or of one written YYYY-MM-DD."""
    return day.cast("date").delta(ibis.literal(_EPOCH_DAY), unit="day").cast("int32")


def day_number(day: date) -> int:
    """Facts keep days as integers: days since 1970-01-01."""
    return (day - _EPOCH_DAY).days


def number_day(number: int) -> date:
    """The inverse of `day_number`."""
    return date.fromordinal(_EPOCH_DAY.toordinal() + number)


class Engine:
    """One DuckDB database in memory that spills below the instance's home.

    Not to be shared between threads without a lock.
    """

    def __init__(self, home: Path, *, memory_limit: str, threads: int | None = None) -> None:
        spill = home / "state" / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        self.con = ibis.duckdb.connect(
            memory_limit=memory_limit,
            threads=threads or os.cpu_count() or 1,
            temp_directory=str(spill),
            preserve_insertion_order=False,
        )
        self.con.raw_sql("SET TimeZone = 'UTC'")  # instants must not depend on the machine's zone
        self._count = 0
        self._scanned: list[str] = []
        self._kept: list[str] = []
        self._held: list[str] = []

    def scan(self, files: Sequence[str], schema: pa.Schema, *, partition: bool = False) -> ir.Table:
        """The rows of Parquet files; an empty table of `schema` when there are none.

        partition  also read the column that lives in the path only (`day=2026-11-21/`), as text
        """
        if not files:
            return self.hold(schema.empty_table())
        self._count += 1
        self._scanned.append(f"scan_{self._count}")
        table: ir.Table = self.con.read_parquet(
            list(files),
            table_name=self._scanned[-1],
            hive_partitioning=partition,
            hive_types_autocast=False,
            union_by_name=True,
        )
        return table

    def hold(self, rows: pa.Table) -> ir.Table:
        """Arrow rows as a table of the engine, without copying them."""
        table: ir.Table = ibis.memtable(rows)
        self._held.append(table.op().name)
        return table

    def keep(self, expression: ir.Table) -> ir.Table:
        """Compute once and hold in memory, for expressions used several times over."""
        self._count += 1
        table: ir.Table = self.con.create_table(f"kept_{self._count}", expression, temp=True)
        self._kept.append(f"kept_{self._count}")
        return table

    def forget(self) -> None:
        """Let go of everything scanned, held or kept so far."""
        for name in self._scanned:
            self.con.raw_sql(f"DROP VIEW {name}")
        for name in self._kept:
            self.con.raw_sql(f"DROP TABLE {name}")
        for name in self._held:
            self.con.con.unregister(name)
        self._scanned, self._kept, self._held = [], [], []

    def rows(self, expression: ir.Table) -> pa.Table:
        """The answer as an Arrow table."""
        table: pa.Table = self.con.to_pyarrow(expression)
        return table

    def write(self, expression: ir.Table, path: Path) -> None:
        """Write to a Parquet file (zstd)."""
        self.con.to_parquet(expression, path, compression="zstd")

    def close(self) -> None:
        self.con.disconnect()


def union(tables: Iterable[ir.Table]) -> ir.Table:
    """All rows of tables of one shape."""
    first, *others = tables
    return ibis.union(first, *others) if others else first


def batched(items: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    """`items` in runs of at most `size`."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def files_by_partition(lake: Lake, table: str, version: int | None = None) -> dict[str, list[str]]:
    """Partition → the files an event table has there, at a version or now."""
    found: dict[str, list[str]] = {}
    for path in lake.files(table, version=version):
        found.setdefault(partition_of(path) or "", []).append(path)
    return found
