"""Rows as Parquet files: their order and encoding, which decide the bytes at rest.

Landing, imports and compaction all write here, so that they write alike. Columns are only ever
added to a table: a file written before one was has null in it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thuocdo.core import files
from thuocdo.lake.schemas import INSTANT, schema_of

Column: TypeAlias = "pa.Array[Any] | pa.ChunkedArray[Any]"

_COMPRESSION_LEVEL: Final = 7
"""Written once, kept for years: a tenth smaller than at 3 for a third of a µs more a row."""

_ROW_GROUP_ROWS: Final = 1_000_000
_DICTIONARY_BYTES: Final = 16 << 20
"""Segments and moments of a day overflow Parquet's usual 1 MiB, and would then be written out."""

_PLAIN: Final = ("visitor", "dossier_hi", "dossier_lo", "path")
"""Random, or found again by the compression: a dictionary only adds."""

_SEGMENT: Final = ("segment",)
"""Where the dossiers of a whole month lie by key, nearly every row is of another segment."""

_REPEATS: Final = 2
"""A column of instants or segments is a dictionary when each stands there so often; else the bytes of
instants lie by rank, and segments as they are (a fifth smaller than with their dictionary)."""

_SQL_TYPES: Final = {
    pa.bool_(): "BOOLEAN",
    pa.int32(): "INTEGER",
    pa.int64(): "BIGINT",
    pa.date32(): "DATE",
    pa.string(): "VARCHAR",
    pa.list_(pa.string()): "VARCHAR[]",
    INSTANT: "TIMESTAMPTZ",
}


def write(path: Path, rows: pa.Table) -> None:
    """One Parquet file, on disk with its name when this returns."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        pq.write_table(rows, file, store_schema=False, **_encoding(rows))
        file.flush()
        os.fsync(file.fileno())
    files.sync(path.parent)


def relation(
    paths: Sequence[str], schema: pa.Schema, hive: str = "hive_partitioning = true"
) -> str:
    """What DuckDB reads a lake table's files by, all columns of its schema included.

    paths  of one table, not none; its partition column is in them
    hive   how DuckDB is to take that column
    """
    names = ", ".join("'" + path.replace("'", "''") + "'" for path in paths)
    nulls = ", ".join(f'NULL::{_SQL_TYPES[field.type]} AS "{field.name}"' for field in schema)
    return (
        f"(FROM read_parquet([{names}], {hive}, union_by_name = true) "
        f"UNION ALL BY NAME SELECT {nulls} WHERE false)"
    )


def conform(table: str, rows: pa.Table) -> pa.Table:
    """Rows in the table's exact columns and types (engines hand back large and view types)."""
    schema = schema_of(table)
    return rows.select(schema.names).cast(schema)


def in_order(rows: pa.Table, keys: Iterable[str]) -> pa.Table:
    """Rows sorted by columns, ascending; as they are when there is none."""
    ascending: list[tuple[str, Literal["ascending", "descending"]]] = [
        (key, "ascending") for key in keys
    ]
    return rows.sort_by(ascending) if ascending else rows


def is_ordered(rows: pa.Table, keys: Sequence[str]) -> bool:
    """Whether rows lie in the ascending order of some columns, nulls last."""
    undecided = np.ones(max(rows.num_rows - 1, 0), dtype=bool)
    for key in keys:
        column = rows.column(key)
        if column.null_count:
            return False
        values = column.to_numpy()
        if np.any(undecided & (values[:-1] > values[1:])):
            return False
        undecided &= values[:-1] == values[1:]
    return True


def typed_columns(table: str, rows: pa.Table) -> pa.Table:
    """As `conform`, but dictionaries stay: they are written as they are."""
    schema = schema_of(table)
    columns = [typed(rows.column(field.name), field.type) for field in schema]
    return pa.Table.from_arrays(columns, names=schema.names)


def typed(column: Column, kind: pa.DataType) -> Column:
    """A column in a type; a dictionary stays one."""
    return column if pa.types.is_dictionary(column.type) else column.cast(kind)


def repeated(word: str, count: int) -> pa.Array[Any]:
    """One word for many rows, at no cost."""
    return pa.DictionaryArray.from_arrays(
        pa.repeat(pa.scalar(0, pa.int32()), count), pa.array([word])
    )


def _encoding(rows: pa.Table) -> dict[str, Any]:
    """How the columns are written: words as dictionaries, counters byte by byte, hashes plain."""
    names = rows.column_names
    encoded: dict[str, str] = {name: "PLAIN" for name in _PLAIN if name in names}
    encoded |= {name: "PLAIN" for name in _SEGMENT if name in names and _is_spread(rows, name)}
    left = [name for name in names if name not in (*encoded, *_SEGMENT)]
    encoded |= {name: "BYTE_STREAM_SPLIT" for name in left if _is_spread(rows, name)}
    lists = [field.name for field in rows.schema if pa.types.is_list(field.type)]
    dictionaries = [name for name in names if name not in encoded and name not in lists]
    return {
        "compression": "zstd",
        "compression_level": _COMPRESSION_LEVEL,
        "row_group_size": _ROW_GROUP_ROWS,
        "dictionary_pagesize_limit": _DICTIONARY_BYTES,
        "use_dictionary": dictionaries + [f"{name}.list.element" for name in lists],
        "column_encoding": encoded,
    }


def _is_spread(rows: pa.Table, name: str) -> bool:
    """Whether a column's numbers hardly repeat."""
    column = rows.column(name)
    if name == "event_id":
        return True
    if pa.types.is_dictionary(column.type):
        return False  # whoever made one knows that it repeats
    if name not in _SEGMENT and not pa.types.is_timestamp(column.type):
        return False
    return pc.count_distinct(column).as_py() * _REPEATS > len(column)
