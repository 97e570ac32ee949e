# ruff: noqa: S608 - every name put into SQL here is a column of our schemas or a quoted path
"""The canonical form of a row, and its hash: the same in every engine and in twenty years.

The form is text. For each column that is not null, in the order of the columns' numbers:

    <number>=<value>;              integers in decimal; booleans as `true`, `false`;
                                   days as YYYY-MM-DD; instants as µs since 1970 (UTC), in decimal
    <number>:<bytes>=<text>;       text, with the length of its UTF-8 form
    <number>*<items>:<bytes>=<text>:<bytes>=<text>;
                                   a list of texts; an item that is null is `:-`

Its hash is that of a leaf of RFC 6962: SHA-256(0x00 ‖ form). The engine makes both; `form` below
says the same in plain Python, for one row at a time, and the tests hold one against the other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.merkle import WIDTH, leaf_hash
from thuocdo.lake.ledger.columns import COLUMNS
from thuocdo.lake.parquet import conform, relation
from thuocdo.lake.schemas import EVENT_TABLES, partition_column, schema_of

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Hashed:
    """Rows as the ledger sees them, in the order (segment, event_id, hash).

    segment  number of the row's segment in `segments`; all 0 for a dimension
    known    when the row was known, µs UTC: `landed_at` of an event, `recorded_at` of a dimension
    hashes   (rows, 32)
    """

    segments: Sequence[str]
    segment: npt.NDArray[np.int64]
    event_id: npt.NDArray[np.int64]
    known: npt.NDArray[np.int64]
    hashes: npt.NDArray[np.uint8]


def form(table: str, row: Mapping[str, Any]) -> bytes:
    """The canonical form of one row of a table: column → value, as Arrow's `to_pylist` gives it."""
    return "".join(
        f"{number}{_written(row[name])};"
        for number, name in enumerate(COLUMNS[table], 1)
        if row.get(name) is not None
    ).encode()


def row_hash(table: str, row: Mapping[str, Any]) -> bytes:
    return leaf_hash(form(table, row))


def _written(value: object) -> str:
    if isinstance(value, str):
        return f":{len(value.encode())}={value}"
    if isinstance(value, list):
        items = (":-" if item is None else _written(item) for item in value)
        return f"*{len(value)}{''.join(items)}"
    if isinstance(value, bool):
        return "=true" if value else "=false"
    if isinstance(value, datetime):
        return f"={(value - _EPOCH) // _MICROSECOND}"
    if isinstance(value, date):
        return f"={value.isoformat()}"
    if isinstance(value, int):
        return f"={value}"
    raise TypeError(f"no canonical form for {type(value)}")


def typed(table: str, rows: pa.Table) -> list[dict[str, Any]]:
    """Rows an engine handed back, as `form` takes them."""
    found: list[dict[str, Any]] = conform(table, rows).to_pylist()
    return found


def opened(memory: str = "1GiB", spill: str = "") -> duckdb.DuckDBPyConnection:
    """An engine for `hashed`; spill: a folder for what does not fit in memory."""
    engine = duckdb.connect(config={"memory_limit": memory, "temp_directory": spill})
    engine.execute("SET GLOBAL TimeZone = 'UTC'")
    engine.execute("SET preserve_insertion_order = false")
    return engine


def source(table: str, paths: Sequence[str]) -> str:
    """SQL: the rows of some files of a table, every column of its schema; null in those older than
    a column."""
    column = partition_column(table)
    kind = "DATE" if column == "day" else "VARCHAR"
    hive = f"hive_partitioning = true, hive_types = {{'{column}': {kind}}}"
    return relation(paths, schema_of(table), hive if column else "hive_partitioning = false")


def select(table: str) -> str:
    """SQL: the columns of `Hashed` of a row, by name."""
    forms = ", ".join(
        _sql(number, schema_of(table).field(name))
        for number, name in enumerate(COLUMNS[table], 1)
        if name in schema_of(table).names
    )
    is_event = table in EVENT_TABLES
    return (
        f"{'segment' if is_event else repr('')} AS segment, "
        f"{'event_id' if is_event else '0::BIGINT'} AS event_id, "
        f"epoch_us({'landed_at' if is_event else 'recorded_at'}) AS known, "
        f"unhex(sha256(concat(chr(0), {forms}))) AS hash"
    )


def _sql(number: int, field: pa.Field[Any]) -> str:
    """SQL: what a column adds to the form; null when the column is."""
    name, kind = f'"{field.name}"', field.type
    if pa.types.is_string(kind):
        return f"'{number}:' || strlen({name}) || '=' || {name} || ';'"
    if pa.types.is_list(kind):
        item = "coalesce(':' || strlen(x) || '=' || x, ':-')"
        items = f"array_to_string(list_transform({name}, lambda x: {item}), '')"
        return f"'{number}*' || len({name}) || {items} || ';'"
    value = f"epoch_us({name})" if pa.types.is_timestamp(kind) else name
    return f"'{number}=' || {value} || ';'"


def hashed(engine: duckdb.DuckDBPyConnection, table: str, rows: str) -> Hashed:
    """The rows of an SQL source (`source`, or the name of a registered table), hashed and in order."""
    return in_order(engine.sql(f"SELECT {select(table)} FROM {rows}").to_arrow_table())


def in_order(made: pa.Table) -> Hashed:
    """Rows with the columns of `select`, put in order."""
    encoded = made.column("segment").combine_chunks().dictionary_encode()
    names: list[Any] = encoded.dictionary.to_pylist()
    rank = np.argsort(np.argsort(np.array(names, object))) if names else np.zeros(0, np.int64)
    segment = rank[encoded.indices.to_numpy()] if names else np.zeros(0, np.int64)
    event_id, known = (made.column(name).to_numpy() for name in ("event_id", "known"))
    digests = hash_array(made.column("hash").combine_chunks())
    if (event_id[1:] >= event_id[:-1]).all():  # as one file has them
        order = np.argsort(segment.astype(np.int32), kind="stable")
    else:
        order = np.lexsort((event_id, segment))
    segment, event_id = segment[order], event_id[order]
    same = (segment[1:] == segment[:-1]) & (event_id[1:] == event_id[:-1])
    if same.any():  # dimensions, which have no numbers: by their hashes
        text = np.array([digest.tobytes() for digest in digests[order]], object)
        within = np.lexsort((text.argsort().argsort(), event_id, segment))
        order, segment, event_id = order[within], segment[within], event_id[within]
    return Hashed(sorted(names), segment, event_id, known[order], digests[order])


def hash_array(column: pa.Array[Any]) -> npt.NDArray[np.uint8]:
    """A column of 32-byte hashes as an array (rows, 32)."""
    if not len(column):
        return np.zeros((0, WIDTH), np.uint8)
    column = column.cast(pa.binary(WIDTH))
    content: Any = column.buffers()[1]
    data: npt.NDArray[np.uint8] = np.frombuffer(content, np.uint8)
    return data[column.offset * WIDTH : (column.offset + len(column)) * WIDTH].reshape(-1, WIDTH)
