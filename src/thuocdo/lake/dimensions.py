# ruff: noqa: S608 - every name put into SQL here is a constant of this module or a quoted path
"""Dimensions with history: what the registry knew, and when it knew it.

Rows are never changed. Of several rows with one key the latest recorded wins; a `withdrawn` row
says that the key's earlier rows no longer hold (DESIGN.md §5.1, bitemporal rule).
"""

from __future__ import annotations

from functools import cache
from typing import Any
from weakref import WeakKeyDictionary

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import now_us
from thuocdo.lake import table_files
from thuocdo.lake.parquet import conform
from thuocdo.lake.schemas import DIMENSIONS, INSTANT
from thuocdo.lake.store import Lake

_WRITER = "registry"
_remembered: WeakKeyDictionary[Lake, dict[str, tuple[int, pa.Table]]] = WeakKeyDictionary()


def write(lake: Lake, name: str, rows: pa.Table) -> int:
    """Append the rows that differ from what is current; how many that were.

    rows  columns of the dimension; `recorded_at` null or absent means now, `withdrawn` absent
          means false, other columns absent mean null. Keys not among the rows stay as they are.
    """
    incoming = _completed(name, rows)
    while True:
        number = lake.landed_version(name, _WRITER) + 1
        changed = _changed(name, _current(lake, name), incoming)
        if changed.num_rows == 0:
            return 0
        if lake.append(name, changed, app_id=_WRITER, version=number):
            return int(changed.num_rows)


def read(
    lake: Lake, name: str, as_known: int | None = None, *, version: int | None = None
) -> pa.Table:
    """The rows that held as known at an instant (µs UTC; None: now), one per key, none withdrawn.

    version  of the table; None: its newest. Only for what is known now.
    """
    latest = (
        _current(lake, name, version)
        if as_known is None
        else _latest(name, lake.read(name), as_known)
    )
    return latest.filter(pc.invert(latest.column("withdrawn")))


def _completed(name: str, rows: pa.Table) -> pa.Table:
    """Every column of the schema, in order; the moment of recording filled in."""
    schema, _ = DIMENSIONS[name]
    for field in schema:
        if field.name not in rows.column_names:
            rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    rows = conform(name, rows)
    now = pa.scalar(now_us(), INSTANT)
    filled: tuple[tuple[str, Any], ...] = (("recorded_at", now), ("withdrawn", pa.scalar(False)))
    for column, value in filled:
        place = schema.get_field_index(column)
        rows = rows.set_column(
            place, schema.field(column), pc.fill_null(rows.column(column), value)
        )
    return rows


def _current(lake: Lake, name: str, version: int | None = None) -> pa.Table:
    """What is current, remembered until the table moves: a publication asks twice for each table."""
    version = lake.version(name) if version is None else version
    of_lake = _remembered.setdefault(lake, {})
    known = of_lake.get(name)
    if known is None or known[0] != version:
        rows = table_files.read(lake.root, name, lake.files(name, version=version))
        known = of_lake[name] = (version, _latest(name, rows, None))
    return known[1]


@cache
def _engine() -> duckdb.DuckDBPyConnection:
    """One engine a process, for it costs more to open than most of what it does here."""
    engine = duckdb.connect()
    engine.execute("SET GLOBAL TimeZone = 'UTC'")
    return engine


def _latest(name: str, rows: pa.Table, as_known: int | None) -> pa.Table:
    """The last recorded row of each key, withdrawn ones included."""
    _, keys = DIMENSIONS[name]
    if as_known is not None:
        rows = rows.filter(pc.less_equal(rows.column("recorded_at"), pa.scalar(as_known, INSTANT)))
    with _engine().cursor() as engine:
        engine.register("rows", rows)
        found = engine.sql(
            f"FROM rows QUALIFY row_number() OVER (PARTITION BY {', '.join(keys)} "
            f"ORDER BY recorded_at DESC, withdrawn) = 1 ORDER BY {', '.join(keys)}"
        ).to_arrow_table()
    return conform(name, found)


def _changed(name: str, current: pa.Table, incoming: pa.Table) -> pa.Table:
    """Incoming rows that no current row equals, but for the moment of recording."""
    schema, _ = DIMENSIONS[name]
    compared = [column for column in schema.names if column != "recorded_at"]
    same = " AND ".join(f"i.{column} IS NOT DISTINCT FROM c.{column}" for column in compared)
    with _engine().cursor() as engine:
        engine.register("incoming", incoming)
        engine.register("current_rows", current)
        found = engine.sql(
            f"FROM incoming AS i WHERE NOT EXISTS (SELECT 1 FROM current_rows AS c WHERE {same})"
        ).to_arrow_table()
    return conform(name, found)
