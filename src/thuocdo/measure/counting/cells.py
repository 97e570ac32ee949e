"""What counting gives: integers per bucket, agency and procedure, before any map of organisations."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from typing import NamedTuple, Protocol, TypeVar

import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.measure.definitions import Version
from thuocdo.measure.engine import Rows, day_number
from thuocdo.measure.facts.schemas import columns
from thuocdo.measure.organisation import Organisation
from thuocdo.measure.view import Facts, Piece

T = TypeVar("T")


class Remember(Protocol):
    """Gives the kept answer of a key, or computes and keeps it."""

    def __call__(self, key: Hashable, compute_it: Callable[[], T]) -> T: ...


class Cell(NamedTuple):
    """Counts of one bucket and agency (and procedure), before any map of organisations.

    seen         fact rows, dossiers or sources behind it, whether they counted or not
    declared     dossiers in the numerator by their declared level, the catalogue being silent
    last_landed  youngest event behind it, µs UTC
    left_out     dossiers that could not be judged, and so count nowhere
    value        of what does not add up: a quantile, µs
    """

    bucket: int
    agency: str
    procedure: str | None
    numerator: int
    denominator: int | None
    seen: int
    declared: int
    last_landed: int | None
    left_out: int | None = None
    value: int | None = None


CELLS = columns(
    bucket=pa.int32(),
    agency=pa.string(),
    procedure=pa.string(),
    numerator=pa.int64(),
    denominator=pa.int64(),
    seen=pa.int64(),
    declared=pa.int64(),
    last_landed=pa.int64(),
    left_out=pa.int64(),
    value=pa.int64(),
)
"""Many `Cell`s."""


class Batch(NamedTuple):
    """Cells that stay right together; counts of several batches add up."""

    key: Hashable
    cells: pa.Table


class Question(NamedTuple):
    """What is counted: the same for every piece of the facts.

    kinds         kinds of sources the indicator needs
    verified      only events that a key vouched for
    by_procedure  one cell per procedure
    """

    version: Version
    kinds: tuple[str, ...]
    periods: tuple[Period, ...]
    verified: bool
    by_procedure: bool

    @property
    def key(self) -> Hashable:
        return (self.version.identity, self.periods, self.verified, self.by_procedure)


class Count(Protocol):
    """Counts one piece of a fact table: CELLS, or some of their columns."""

    def __call__(self, facts: Facts, asked: Question, piece: Piece) -> pa.Table: ...


def span(periods: Sequence[Period]) -> tuple[int, int]:
    """First and last day number that any of the periods holds."""
    return (
        min(day_number(period.first) for period in periods),
        max(day_number(period.last) for period in periods),
    )


def to_cells(batches: Sequence[Batch]) -> list[Cell]:
    """The cells of all batches, one by one."""
    return [cell for batch in batches for cell in _one_by_one(batch.cells)]


def _one_by_one(cells: pa.Table) -> list[Cell]:
    values = [column.to_pylist() for column in cells.columns]
    return [Cell._make(row) for row in zip(*values, strict=True)]


def by_top(cells: pa.Table, organisation: Organisation, day: date) -> list[Cell]:
    """CELLS added up by the ministry or province that answers for them on `day`; others drop out."""
    words = cells["agency"].combine_chunks().dictionary_encode()
    codes = organisation.top_codes(words.dictionary, day)
    placed = cells.set_column(CELLS.names.index("agency"), "agency", codes.take(words.indices))
    sums = ("numerator", "denominator", "seen", "declared", "left_out")
    summed = (
        placed.filter(pc.is_valid(placed["agency"]))
        .group_by(["bucket", "agency"])
        .aggregate([*((name, "sum") for name in sums), ("last_landed", "max")])
    )
    names = [name.removesuffix("_sum").removesuffix("_max") for name in summed.column_names]
    return _one_by_one(conform(summed.rename_columns(names)))


def conform(cells: pa.Table) -> pa.Table:
    """As CELLS; columns that are not there are null."""
    arrays = [
        cells[field.name].cast(field.type)
        if field.name in cells.column_names
        else pa.nulls(cells.num_rows, field.type)
        for field in CELLS
    ]
    return pa.table(arrays, schema=CELLS)


def days(facts: Facts, periods: Sequence[Period]) -> Rows:
    """(bucket, day): the days of each period."""
    pairs = [
        (bucket, day)
        for bucket, period in enumerate(periods)
        for day in range(day_number(period.first), day_number(period.end))
    ]
    return facts.engine.hold(
        pa.table(
            {
                "bucket": pa.array([bucket for bucket, _ in pairs], pa.int32()),
                "day": pa.array([day for _, day in pairs], pa.int32()),
            }
        )
    )


def ends(facts: Facts, periods: Sequence[Period]) -> Rows:
    """(bucket, first_day, last_day) of each period."""
    return facts.engine.hold(
        pa.table(
            {
                "bucket": pa.array(range(len(periods)), pa.int32()),
                "first_day": pa.array([day_number(p.first) for p in periods], pa.int32()),
                "last_day": pa.array([day_number(p.last) for p in periods], pa.int32()),
            }
        )
    )
