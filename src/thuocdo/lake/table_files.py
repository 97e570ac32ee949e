"""Rows as files of a table, laid down before Delta's log names them and read back by their paths.

A file lies in the folder of its partition, in the order of `SORT_KEYS`, and is on disk before anybody is
told of it. What is live is the log's to say (`lake/store.py`).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thuocdo.lake import parquet
from thuocdo.lake.delta_files import DataFile, partition_of
from thuocdo.lake.parquet import Column
from thuocdo.lake.schemas import SORT_KEYS, partition_column, schema_of

if TYPE_CHECKING:
    import pyarrow.dataset as ds


def write(root: Path, table: str, rows: pa.Table) -> list[DataFile]:
    """Write rows as Parquet, one file a partition, on disk before this returns.

    root  of the lake
    Words may come as dictionaries; rows that are in order already are not sorted again.
    """
    partition = partition_column(table)
    rows = parquet.typed_columns(table, rows)
    if partition is None:
        return [_write(root, table, None, rows)] if rows.num_rows else []
    keys = rows.column(partition)
    values = [value for value in keys.unique().to_pylist() if value is not None]
    if len(values) == 1 and not keys.null_count:
        return [_write(root, table, str(values[0]), rows)]
    column = pc.cast(keys, pa.string())
    return [
        _write(root, table, str(value), rows.filter(pc.equal(column, pa.scalar(str(value)))))
        for value in sorted(values)
    ]


def write_partition(
    root: Path, table: str, partition: str, columns: Mapping[str, Column]
) -> DataFile:
    """Write rows of one partition that are in `SORT_KEYS` order already.

    columns  those of the table but the partition's; a column left out is null, one given
             as a dictionary (`repeated`) is written as it is.
    """
    count = len(next(iter(columns.values())))
    fields = [field for field in schema_of(table) if field.name != partition_column(table)]
    arrays = [
        parquet.typed(columns[field.name], field.type)
        if field.name in columns
        else pa.nulls(count, field.type)
        for field in fields
    ]
    rows = pa.Table.from_arrays(arrays, names=[field.name for field in fields])
    return _put(root, table, partition, rows)


def described(root: Path, table: str, path: str) -> DataFile:
    """A file of a table, by its absolute path."""
    file = Path(path)
    rows = pq.read_metadata(file).num_rows
    relative = file.relative_to(root / table).as_posix()
    return DataFile(relative, file.stat().st_size, rows, partition_of(path))


def read(
    root: Path, table: str, paths: Sequence[str], *, where: ds.Expression | None = None
) -> pa.Table:
    """The rows of given files (those that `where` says), with the table's exact schema."""
    schema = schema_of(table)
    if not paths:
        return schema.empty_table()
    # Takes pandas with it where there is one: 0.3 s, of every command that opens the lake.
    import pyarrow.dataset as ds  # noqa: PLC0415

    partition = partition_column(table)
    layout = (
        ds.partitioning(pa.schema([schema.field(partition)]), flavor="hive") if partition else None
    )
    source = ds.dataset(
        list(paths),
        schema=schema,
        format="parquet",
        partitioning=layout,
        partition_base_dir=str(root / table),
    )
    return source.to_table(filter=where)


def _write(root: Path, table: str, partition: str | None, rows: pa.Table) -> DataFile:
    column = partition_column(table)
    keys = SORT_KEYS.get(table, ())
    if not parquet.is_ordered(rows, keys):
        rows = parquet.in_order(rows, keys)
    if column:
        rows = rows.drop_columns([column])
    return _put(root, table, partition, rows)


def _put(root: Path, table: str, partition: str | None, rows: pa.Table) -> DataFile:
    """One Parquet file, on disk when this returns."""
    column = partition_column(table)
    folder = f"{column}={quote(partition or '', safe='')}/" if column else ""
    relative = f"{folder}part-{uuid.uuid4().hex}.parquet"
    path = root / table / relative
    parquet.write(path, rows)
    return DataFile(relative, path.stat().st_size, rows.num_rows, partition)
