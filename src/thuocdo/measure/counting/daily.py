"""Daily counts held ready: any period, also one that nobody asked for before, is a small sum.

A piece of the facts is counted once by day and key (an agency, a site), whatever the period. What
a period wants is then the rows of its days, added up by key; a piece whose days all lie inside it
is added up once for all. At the size of a nation a month is a hundred thousand rows where the facts
behind it are millions, and a year of months that stay is twelve sums already made.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.measure.counting.cells import Question
from thuocdo.measure.engine import day_number
from thuocdo.measure.view import Facts, Piece

Integers = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]

NEVER: Final = np.iinfo(np.int64).min
"""In place of a landing that no row tells of."""
_EXACT: Final = 2**53
"""Sums are made in 64-bit floats, which hold whole numbers below this exactly."""
_FEW: Final = 1 << 22
"""So many numbers are told apart by a list of all that may be; more are hashed, or sorted."""


class Totals(NamedTuple):
    """Sums of some keys.

    code    place of each key among `Daily.words`
    counts  name → sum, in the order of `code`
    landed  youngest landing, µs UTC; `NEVER` where no row says
    """

    code: Codes
    counts: dict[str, Integers]
    landed: Integers


@dataclass(frozen=True)
class Daily:
    """Rows by day and key, the days ascending.

    words   columns of the distinct keys; `code` is each row's place in them
    """

    day: Codes
    code: Codes
    words: pa.Table
    counts: dict[str, Codes]
    landed: Integers

    @classmethod
    def of(cls, rows: pa.Table, keys: Sequence[str], counts: Sequence[str]) -> Daily:
        """Of rows with a `day`, key columns, some counts (null is none) and `last_landed`."""
        if rows["day"].null_count:
            rows = rows.filter(pc.is_valid(rows["day"]))
        day = rows["day"].to_numpy()
        if np.any(day[1:] < day[:-1]):
            rows = rows.sort_by("day")
            day = rows["day"].to_numpy()
        code, words = encoded(rows.select(list(keys)))
        return cls(
            day=day,
            code=code,
            words=words,
            counts={name: _numbers(rows[name]) for name in counts},
            landed=filled(rows["last_landed"], NEVER),
        )

    def within(self, first: int, last: int) -> Totals:
        """The sums of some days (day numbers, both included)."""
        if not len(self.day) or first <= self.day[0] <= self.day[-1] <= last:
            return self._whole
        begin, end = np.searchsorted(self.day, [first, last + 1])
        return self._added(slice(int(begin), int(end)))

    @cached_property
    def _whole(self) -> Totals:
        return self._added(slice(None))

    def _added(self, rows: slice) -> Totals:
        code, size = self.code[rows], self.words.num_rows
        present = np.flatnonzero(np.bincount(code, minlength=size)).astype(np.int32)
        landed = np.full(size, NEVER)
        np.maximum.at(landed, code, self.landed[rows])
        counts = {
            name: np.bincount(code, weights=values[rows], minlength=size)[present]
            for name, values in self.counts.items()
        }
        assert all(np.all(np.abs(sums) < _EXACT) for sums in counts.values())
        return Totals(
            present,
            {name: sums.astype(np.int64) for name, sums in counts.items()},
            landed[present],
        )


class CountDays(Protocol):
    """Counts one piece of a fact table by day."""

    def __call__(self, facts: Facts, asked: Question, piece: Piece) -> Daily: ...


def in_periods(daily: Daily, periods: Sequence[Period]) -> pa.Table:
    """(bucket, keys, counts, last_landed) of each period; only keys with a row in it."""
    found = [daily.within(day_number(period.first), day_number(period.last)) for period in periods]
    sizes = [len(totals.code) for totals in found]
    code = np.concatenate([totals.code for totals in found])
    landed = np.concatenate([totals.landed for totals in found])
    keys = daily.words.take(pa.array(code))
    bucket = np.repeat(np.arange(len(periods), dtype=np.int32), sizes)
    columns = {
        "bucket": pa.array(bucket),
        **dict(zip(keys.column_names, keys.columns, strict=True)),
    }
    columns |= {
        name: pa.array(np.concatenate([totals.counts[name] for totals in found]))
        for name in daily.counts
    }
    return pa.table(columns | {"last_landed": pa.array(landed, mask=landed == NEVER)})


def added(table: pa.Table, keys: Sequence[str]) -> pa.Table:
    """Rows with the same keys added up: counts, and the youngest landing."""
    counts = [name for name in table.column_names if name not in (*keys, "last_landed")]
    asked: list[Any] = [*((name, "sum") for name in counts), ("last_landed", "max")]
    summed = table.group_by(list(keys)).aggregate(asked)
    return summed.rename_columns([*keys, *counts, "last_landed"])


def encoded(keys: pa.Table) -> tuple[Codes, pa.Table]:
    """Each row's place among the distinct keys, and those; null is a key like any other."""
    code = np.zeros(keys.num_rows, np.int64)
    sizes, dictionaries = [], []
    for column in keys.columns:
        indices, words = _places(column.combine_chunks())
        sizes.append(len(words))
        dictionaries.append(words)
        code = code * sizes[-1] + indices
    if math.prod(sizes) <= _FEW:
        codes, distinct = ranked(code)
    else:
        places = pa.array(code).dictionary_encode()
        codes, distinct = places.indices.to_numpy(), places.dictionary.to_numpy()
    columns = []
    for size, dictionary in zip(reversed(sizes), reversed(dictionaries), strict=True):
        distinct, own = np.divmod(distinct, size)
        columns.append(dictionary.take(pa.array(own)))
    return codes, pa.table(columns[::-1], names=keys.column_names)


def ranked(numbers: Integers) -> tuple[Codes, Integers]:
    """Each number's place among the distinct ones, and those, ascending; none is below 0."""
    span = int(numbers.max()) + 1 if len(numbers) else 0
    if span > max(_FEW, 4 * len(numbers)):
        distinct, place = np.unique(numbers, return_inverse=True)
        return place.astype(np.int32), distinct
    there = np.zeros(span, np.bool_)
    there[numbers] = True
    places = np.cumsum(there, dtype=np.int32) - 1
    return places[numbers], np.flatnonzero(there)


def _places(column: Any) -> tuple[Any, Any]:
    """Each value's place in a dictionary of the column, null included, and that; never empty."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    words = column.dictionary
    if not column.null_count and len(words):
        return column.indices.to_numpy(), words
    indices = column.indices.fill_null(len(words)).to_numpy()
    return indices, pa.concat_arrays([words, pa.nulls(1, words.type)])


def _numbers(column: Any) -> Codes:
    """Counts of one day: they fit 32 bits, or this raises."""
    numbers: Codes = filled(column.cast(pa.int32()), 0)
    return numbers


def filled(column: Any, nothing: int) -> Any:
    """A column of whole numbers as an array."""
    return column.fill_null(nothing).to_numpy()
