"""Writes what a simulation produced, byte for byte the same for the same seed."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal, Protocol

import duckdb
import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

ViewFormat = Literal["parquet", "csv.zst"]

_ZSTD_LEVEL = 3
_ROW_GROUP = 200_000
_ISO = "%Y-%m-%dT%H:%M:%SZ"


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    """A small table; None is an empty cell."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)
    return path


def write_truth(path: Path, truth: Mapping[str, object]) -> Path:
    """truth.json: indented, keys in the order given."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(truth), indent=1) + b"\n")
    return path


def write_parquet(path: Path, table: pa.Table) -> Path:
    pq.write_table(
        table, path, compression="zstd", compression_level=_ZSTD_LEVEL, store_schema=False
    )
    return path


def write_ndjson(path: Path, table: pa.Table) -> Path:
    """`path` ends in .ndjson.zst; instants are written as ISO 8601 UTC, in the table's order."""
    texts = _with_iso_times(table)
    with duckdb.connect() as connection:
        connection.execute("SET threads = 1")  # one writer keeps the order of the rows
        connection.register("events", texts)
        connection.execute(
            f"COPY (SELECT * FROM events) TO '{path}' (FORMAT json, COMPRESSION zstd)"  # noqa: S608
        )
    return path


class TableWriter(Protocol):
    def write_table(self, table: pa.Table) -> None: ...


@contextmanager
def view_writer(path: Path, schema: pa.Schema, view_format: ViewFormat) -> Iterator[TableWriter]:
    """A file of page views that grows table by table, so that memory stays bounded."""
    if view_format == "parquet":
        with pq.ParquetWriter(
            path,
            schema,
            compression="zstd",
            compression_level=_ZSTD_LEVEL,
            store_schema=False,  # texts read back as texts, not as Arrow's dictionaries
        ) as writer:
            grouped = _Grouped(writer)
            yield grouped
            grouped.flush()
    else:
        with pa.CompressedOutputStream(str(path), "zstd") as stream:
            yield _CsvWriter(stream)


class _Grouped:
    """Gathers small tables into row groups worth their dictionaries."""

    def __init__(self, writer: pq.ParquetWriter) -> None:
        self._writer = writer
        self._waiting: list[pa.Table] = []

    def write_table(self, table: pa.Table) -> None:
        self._waiting.append(table)
        if sum(len(waiting) for waiting in self._waiting) >= _ROW_GROUP:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            self._writer.write_table(pa.concat_tables(self._waiting).unify_dictionaries())
            self._waiting = []


class _CsvWriter:
    """Arrow's CSV writer over a compressed stream; the header once, dictionaries as texts."""

    def __init__(self, stream: pa.NativeFile) -> None:
        self._stream = stream
        self._started = False

    def write_table(self, table: pa.Table) -> None:
        plain = _with_iso_times(table)
        for name in plain.column_names:
            if pa.types.is_dictionary(plain.schema.field(name).type):
                place = plain.schema.get_field_index(name)
                plain = plain.set_column(place, name, plain[name].cast(pa.string()))
        pcsv.write_csv(plain, self._stream, pcsv.WriteOptions(include_header=not self._started))
        self._started = True


def _with_iso_times(table: pa.Table) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_timestamp(field.type):
            table = table.set_column(place, field.name, pc.strftime(table[field.name], _ISO))
    return table
