"""Expressions that every fact needs, in words both engines have and mean alike.

Whole numbers divide through a 64-bit float in Ibis (`//`). That is exact while the dividend is
below 2**53: two neighbouring quotients are then further apart than the float rounds. Instants
reach 2**53 µs in the year 2255.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import cast

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.types as ir

from thuocdo.core.clock import DAY_US, OFFSET_US

_EPOCH_DAY = date(1970, 1, 1)


@ibis.udf.scalar.builtin  # type: ignore[untyped-decorator]
def unix_micros(instant: dt.Timestamp(timezone="UTC")) -> dt.int64:  # type: ignore[valid-type]
    """Spark's `unix_micros`; its twin in DuckDB is `epoch_us`, and Ibis writes that there."""


def micros(instant: ir.Value) -> ir.Value:
    """µs UTC, int64, of an instant column; exact, no float in between."""
    return cast("ir.Value", unix_micros(instant))


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


def before_first(text: ir.Value, mark: str) -> ir.Value:
    """What stands before the first `mark` of a text; all of it when there is none.

    Not `split`: Spark reads the mark as a pattern.
    """
    ended = text + mark
    return ended.substr(0, ended.find(mark))


def same(rows: ir.Table) -> ir.Table:
    """Rows as they are."""
    return rows


def union(tables: Iterable[ir.Table]) -> ir.Table:
    """All rows of tables of one shape."""
    first, *others = tables
    return ibis.union(first, *others) if others else first
