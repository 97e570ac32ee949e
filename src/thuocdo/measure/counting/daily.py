"""Daily counts held ready: any period, also one that nobody asked for before, is a small sum.

A piece of the facts is counted once by day and key (an agency, a site), whatever the period. What
a period wants is then the rows of its days, added up by key; a piece whose days all lie inside it
is added up once for all. At the size of a nation a month is a hundred thousand rows where the facts
behind it are millions, and a year of months that stay is twelve sums already made.
"""

from __future__ import annotations

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
        rows = rows.filter(pc.is_valid(rows["day"])).sort_by("day").combine_chunks()
        code, words = _encoded(rows.select(list(keys)))
        return cls(
            day=rows["day"].to_numpy(),
            code=code,
            words=words,
            counts={name: _numbers(rows[name]) for name in counts},
            landed=_filled(rows["last_landed"], NEVER),
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


def _encoded(keys: pa.Table) -> tuple[Codes, pa.Table]:
    """Each row's place among the distinct keys, and those."""
    code = np.zeros(keys.num_rows, np.int64)
    sizes, dictionaries = [], []
    for column in keys.columns:
        words = column.combine_chunks().dictionary_encode(null_encoding="encode")
        sizes.append(max(1, len(words.dictionary)))
        dictionaries.append(words.dictionary)
        code = code * sizes[-1] + words.indices.to_numpy()
    places = pa.array(code).dictionary_encode()
    distinct = places.dictionary.to_numpy()
    columns = []
    for size, dictionary in zip(reversed(sizes), reversed(dictionaries), strict=True):
        distinct, own = np.divmod(distinct, size)
        columns.append(dictionary.take(pa.array(own)))
    codes: Codes = places.indices.to_numpy().astype(np.int32)
    return codes, pa.table(columns[::-1], names=keys.column_names)


def _numbers(column: Any) -> Codes:
    """Counts of one day: they fit 32 bits, or this raises."""
    numbers: Codes = _filled(column.cast(pa.int32()), 0)
    return numbers


def _filled(column: Any, nothing: int) -> Any:
    return column.fill_null(nothing).to_numpy()
