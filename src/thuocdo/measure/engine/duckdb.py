"""DuckDB within the process: the engine of an instance that fits one machine.

What belongs to DuckDB alone (opening it, reading Parquet files, names) stays on this page.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import duckdb
import ibis
import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.lake.parquet import relation
from thuocdo.measure.engine.shape import (
    ROW_GROUP,
    Make,
    Rows,
    Statement,
    input_name,
    statement,
    write_parquet,
)

_SMALL_FILES: Final = 2_000
"""Files of daily counts kept in memory: some years of days, a few hundred rows each."""


class DuckDBEngine:
    """One DuckDB database in memory that spills below the instance's home (`shape.Engine`)."""

    is_lost: Final = False

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
        self._con.execute("SET enable_progress_bar = false")  # a worker's output is a log
        self._con.execute("SET TimeZone = 'UTC'")  # instants must not depend on the machine's zone
        self._count = 0
        self._views: list[str] = []
        self._kept: list[str] = []
        self._held: list[str] = []

    def scan(
        self,
        files: Sequence[str],
        schema: pa.Schema,
        *,
        partition: bool = False,
        often: bool = False,
    ) -> Rows:
        if not files:
            return self.hold(schema.empty_table())
        if often:
            return self.hold(pa.concat_tables([_small_file(file) for file in files]))
        if partition:
            return Rows(relation(files, schema), ibis.Schema.from_pyarrow(schema))
        names = ", ".join("'" + file.replace("'", "''") + "'" for file in files)
        options = f"hive_partitioning = false, union_by_name = {len(files) > 1}"
        source = f"read_parquet([{names}], {options})"
        return Rows(source, ibis.Schema.from_pyarrow(schema))

    def hold(self, rows: pa.Table) -> Rows:
        """Without copying them."""
        name = self._name("held", self._held)
        self._con.register(name, rows)
        return Rows(name, ibis.Schema.from_pyarrow(rows.schema))

    def view(self, make: Make, *inputs: Rows, **choices: Any) -> Rows:
        said = statement("duckdb", make, inputs, choices)
        name = self._name("view", self._views)
        self._con.execute(f"CREATE VIEW {name} AS {_over(said, inputs)}")
        return Rows(name, said.shape)

    def keep(self, make: Make, *inputs: Rows, pinned: bool = False, **choices: Any) -> Rows:
        """Held in memory."""
        said = statement("duckdb", make, inputs, choices)
        name = self._name("kept", [] if pinned else self._kept)
        self._con.execute(f"CREATE TEMP TABLE {name} AS {_over(said, inputs)}")
        return Rows(name, said.shape)

    def drop(self, rows: Rows) -> None:
        self._con.execute(f"DROP TABLE {rows.source}")

    def rows(self, make: Make, *inputs: Rows, **choices: Any) -> pa.Table:
        said = statement("duckdb", make, inputs, choices)
        found: pa.Table = self._con.sql(_over(said, inputs)).to_arrow_table()
        return found.cast(said.shape.to_pyarrow())

    def write(self, path: Path, make: Make, *inputs: Rows, **choices: Any) -> None:
        said = statement("duckdb", make, inputs, choices)
        batches = self._con.sql(_over(said, inputs)).to_arrow_reader(ROW_GROUP)
        tables = (pa.Table.from_batches([batch]) for batch in batches)
        write_parquet(path, said.shape.to_pyarrow(), tables)

    def forget(self) -> None:
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


def _over(said: Statement, inputs: Sequence[Rows]) -> str:
    text = said.text
    for place, rows in enumerate(inputs):
        text = text.replace(f'"{input_name(place)}"', rows.source)
    return text


@lru_cache(maxsize=_SMALL_FILES)
def _small_file(path: str) -> pa.Table:
    """A file of daily counts; it never changes under its name."""
    return pq.ParquetFile(path, memory_map=True).read(
        use_threads=False
    )  # threads cost more than it
