"""What an engine is, whichever it is, and how an expression becomes its statement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, Protocol, TypeAlias

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
import pyarrow.parquet as pq

Dialect: TypeAlias = Literal["duckdb", "pyspark"]

Make: TypeAlias = Callable[..., ir.Table]
"""A definition: from tables (and choices) to a table."""

ROW_GROUP: Final = 250_000
"""Rows of one row group of the Parquet files that engines write."""

_HARDLY_REPEAT: Final = (
    *("dossier_hi", "dossier_lo", "received_us", "submitted_us", "resolved_us"),
    *("last_event", "last_landed"),
)
"""Columns of facts whose dictionary would be as long as they: a third of the time of writing."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows an engine can see: how that engine (and no other) finds them, and their shape."""

    source: Any
    schema: ibis.Schema


class Engine(Protocol):
    """Runs functions from tables to a table (`Make`): Ibis expressions.

    They are compiled once a process for each function, shape of its inputs and choices (keywords;
    plain values or definitions). Not to be shared between threads without a lock.
    Every method may raise ThuocdoError: `engine_lost`, `engine_cannot_see` or `engine_failed`.
    """

    @property
    def is_lost(self) -> bool:
        """Whether what it held is gone for good: open another one."""
        ...

    def scan(
        self,
        files: Sequence[str],
        schema: pa.Schema,
        *,
        partition: bool = False,
        often: bool = False,
    ) -> Rows:
        """The rows of Parquet files of `schema`; none when there are no files.

        partition  of the lake: one column of the schema lives in the path only (`day=2026-11-21/`),
                   and files older than a column have null in it
        often      small files that never change and are read again and again
        """
        ...

    def hold(self, rows: pa.Table) -> Rows:
        """Arrow rows as rows of the engine."""
        ...

    def view(self, make: Make, *inputs: Rows, **choices: Any) -> Rows:
        """What `make` says, computed whenever it is read."""
        ...

    def keep(self, make: Make, *inputs: Rows, pinned: bool = False, **choices: Any) -> Rows:
        """What `make` says, computed once: for what is used several times.

        pinned  stays when all else is forgotten, until it is dropped
        """
        ...

    def drop(self, rows: Rows) -> None:
        """Let go of pinned rows."""
        ...

    def rows(self, make: Make, *inputs: Rows, **choices: Any) -> pa.Table:
        """What `make` says, as an Arrow table in exactly the types it says."""
        ...

    def write(self, path: Path, make: Make, *inputs: Rows, **choices: Any) -> None:
        """Write what `make` says to a Parquet file (zstd)."""
        ...

    def forget(self) -> None:
        """Let go of everything scanned, held, viewed or kept so far, save what is pinned."""
        ...

    def close(self) -> None:
        """Let go of everything; nothing may be asked afterwards."""
        ...


@dataclass(frozen=True, slots=True)
class Statement:
    """An expression in an engine's language; the names of `input_name` stand for its inputs."""

    text: str
    shape: ibis.Schema


_STATEMENTS: dict[Hashable, Statement] = {}
"""Every expression compiled by this process: building one costs more than running it on a few rows."""


def input_name(place: int) -> str:
    """What the n-th input of a statement is called in its text."""
    return f"rows_of_input_{place}"


def statement(
    dialect: Dialect, make: Make, inputs: Sequence[Rows], choices: Mapping[str, Any]
) -> Statement:
    """What `make` says of `inputs`, in an engine's language."""
    key = (dialect, make, tuple(rows.schema for rows in inputs), msgspec.json.encode(choices))
    found = _STATEMENTS.get(key)
    if found is None:
        tables = [ibis.table(rows.schema, name=input_name(n)) for n, rows in enumerate(inputs)]
        expression = make(*tables, **choices)
        text = str(ibis.to_sql(expression, dialect=dialect, pretty=False))
        found = _STATEMENTS[key] = Statement(text, expression.schema())
    return found


def write_parquet(path: Path, shape: pa.Schema, batches: Iterable[pa.Table]) -> None:
    """Write rows to a Parquet file (zstd) in exactly the types of `shape`.

    Engines count in wider types than the expressions say; what does not fit is an error.
    """
    repeating: Any = [
        f"{field.name}.list.element" if pa.types.is_list(field.type) else field.name
        for field in shape
        if field.name not in _HARDLY_REPEAT
    ]
    with pq.ParquetWriter(path, shape, compression="zstd", use_dictionary=repeating) as writer:
        for group in _grouped(batches):
            writer.write_table(group.cast(shape))


def _grouped(batches: Iterable[pa.Table]) -> Iterator[pa.Table]:
    """Rows in runs that make good row groups, however small the batches come."""
    waiting: list[pa.Table] = []
    for batch in batches:
        waiting.append(batch)
        if sum(table.num_rows for table in waiting) >= ROW_GROUP:
            yield pa.concat_tables(waiting)
            waiting = []
    if waiting:
        yield pa.concat_tables(waiting)
