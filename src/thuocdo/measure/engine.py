"""The engine: DuckDB in process, spoken to through Ibis expressions only.

Facts and indicators are Ibis expressions over integers of microseconds and days, so that the same
expressions compile for another engine (Spark Connect) and agree to the last digit. What belongs
to DuckDB alone (opening it, reading and writing Parquet files) stays on this page.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeAlias

import duckdb
import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.lake.parquet import relation
from thuocdo.lake.store import Lake, partition_of

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (instants are compared as naive UTC inside the engine)
_EPOCH_DAY = date(1970, 1, 1)
_ROW_GROUP = 250_000

Make: TypeAlias = Callable[..., ir.Table]
"""A definition: from tables (and choices) to a table."""


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


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows an engine can see: what they are called there, and their shape."""

    source: str
    schema: ibis.Schema


@dataclass(frozen=True, slots=True)
class _Statement:
    """An expression as this engine runs it; the names of `_input` stand for its inputs."""

    text: str
    shape: ibis.Schema

    def over(self, inputs: Sequence[Rows]) -> str:
        text = self.text
        for place, rows in enumerate(inputs):
            text = text.replace(f'"{_input(place)}"', rows.source)
        return text


def _input(place: int) -> str:
    return f"rows_of_input_{place}"


_STATEMENTS: dict[Hashable, _Statement] = {}
"""Every expression compiled by this process: building one costs more than running it on a few rows."""


def _statement(make: Make, inputs: Sequence[Rows], choices: Mapping[str, Any]) -> _Statement:
    key = (make, tuple(rows.schema for rows in inputs), msgspec.json.encode(choices))
    found = _STATEMENTS.get(key)
    if found is None:
        tables = [ibis.table(rows.schema, name=_input(n)) for n, rows in enumerate(inputs)]
        expression = make(*tables, **choices)
        text = str(ibis.to_sql(expression, dialect="duckdb", pretty=False))
        found = _STATEMENTS[key] = _Statement(text, expression.schema())
    return found


class Engine:
    """One DuckDB database in memory that spills below the instance's home.

    It runs functions from tables to a table (`Make`): Ibis expressions, compiled once a process
    for each function, shape of its inputs and choices (keywords; plain values or definitions).
    Not to be shared between threads without a lock.
    """

    def __init__(self, home: Path, *, memory_limit: str, threads: int | None = None) -> None:
        spill = home / "state" / "spill"
        spill.mkdir(parents=True, exist_ok=True)
        self._con = duckdb.connect(
            config={
                "memory_limit": memory_limit,
                "threads": threads or os.cpu_count() or 1,
                "temp_directory": str(spill),
                "preserve_insertion_order": False,
            }
        )
        self._con.execute("SET TimeZone = 'UTC'")  # instants must not depend on the machine's zone
        self._count = 0
        self._views: list[str] = []
        self._kept: list[str] = []
        self._held: list[str] = []

    def scan(self, files: Sequence[str], schema: pa.Schema, *, partition: bool = False) -> Rows:
        """The rows of Parquet files of `schema`; none when there are no files.

        partition  of the lake: one column of the schema lives in the path only (`day=2026-11-21/`),
                   and files older than a column have null in it
        """
        if not files:
            return self.hold(schema.empty_table())
        if partition:
            return Rows(relation(files, schema), ibis.Schema.from_pyarrow(schema))
        names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        options = f"hive_partitioning = false, union_by_name = {len(files) > 1}"
        source = f"read_parquet([{names}], {options})"
        return Rows(source, ibis.Schema.from_pyarrow(schema))

    def hold(self, rows: pa.Table) -> Rows:
        """Arrow rows as rows of the engine, without copying them."""
        name = self._name("held", self._held)
        self._con.register(name, rows)
        return Rows(name, ibis.Schema.from_pyarrow(rows.schema))

    def view(self, make: Make, *inputs: Rows, **choices: Any) -> Rows:
        """What `make` says, computed whenever it is read."""
        statement = _statement(make, inputs, choices)
        name = self._name("view", self._views)
        self._con.execute(f"CREATE VIEW {name} AS {statement.over(inputs)}")
        return Rows(name, statement.shape)

    def keep(self, make: Make, *inputs: Rows, pinned: bool = False, **choices: Any) -> Rows:
        """What `make` says, computed once and held in memory: for what is used several times.

        pinned  stays when all else is forgotten, until it is dropped
        """
        statement = _statement(make, inputs, choices)
        name = self._name("kept", [] if pinned else self._kept)
        self._con.execute(f"CREATE TEMP TABLE {name} AS {statement.over(inputs)}")
        return Rows(name, statement.shape)

    def drop(self, rows: Rows) -> None:
        """Let go of pinned rows."""
        self._con.execute(f"DROP TABLE {rows.source}")

    def rows(self, make: Make, *inputs: Rows, **choices: Any) -> pa.Table:
        """What `make` says, as an Arrow table in exactly the types it says."""
        statement = _statement(make, inputs, choices)
        found: pa.Table = self._con.sql(statement.over(inputs)).to_arrow_table()
        return found.cast(statement.shape.to_pyarrow())

    def write(self, path: Path, make: Make, *inputs: Rows, **choices: Any) -> None:
        """Write what `make` says to a Parquet file (zstd)."""
        statement = _statement(make, inputs, choices)
        shape = statement.shape.to_pyarrow()
        batches = self._con.sql(statement.over(inputs)).to_arrow_reader(_ROW_GROUP)
        with pq.ParquetWriter(path, shape, compression="zstd") as writer:
            for batch in batches:  # DuckDB's sums are wider than what the expression says
                writer.write_table(pa.Table.from_batches([batch]).cast(shape))

    def forget(self) -> None:
        """Let go of everything scanned, held, viewed or kept so far, save what is pinned."""
        for name in reversed(self._views):
            self._con.execute(f"DROP VIEW {name}")
        for name in self._kept:
            self._con.execute(f"DROP TABLE {name}")
        for name in self._held:
            self._con.unregister(name)
        self._views, self._kept, self._held = [], [], []

    def close(self) -> None:
        self._con.close()

    def _name(self, kind: str, names: list[str]) -> str:
        self._count += 1
        names.append(f"{kind}_{self._count}")
        return names[-1]


def same(rows: ir.Table) -> ir.Table:
    """Rows as they are."""
    return rows


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
