"""Who ran which site and system when: the histories of sources, one by one and side by side.

A page about one site asks for its rows; a figure of the nation asks nine thousand sites at once, and
then the rows stand in arrays (`Side`) and each question is one look-up in them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.measure.engine import day_number

Integers = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_OPEN: Final = 2**31 - 1
"""Day number of an end that is not known yet."""
_DAYS: Final = 2**32
"""More days than any number of a day apart from another: keys times this, plus the day, are in order."""


@dataclass(frozen=True, slots=True)
class Source:
    """One dated row of a site or a system; `key` is its site_id or its code."""

    key: int | str
    agency: str
    kind: str
    name: str | None
    valid_from: date | None
    valid_to: date | None

    @property
    def starts(self) -> date:
        return self.valid_from or date.min

    def holds_in(self, period: Period) -> bool:
        """Whether it was there on any day of the period."""
        return self.starts <= period.last and (
            self.valid_to is None or self.valid_to >= period.first
        )


class Register:
    """The histories of sources of one sort, by key."""

    def __init__(self, sources: list[Source]) -> None:
        self._rows: dict[int | str, list[Source]] = {}
        for source in sorted(sources, key=lambda source: source.starts):
            self._rows.setdefault(source.key, []).append(source)

    def on(self, key: int | str, day: date) -> Source | None:
        """The row that answers for `key` on `day`: the last begun by then, else its first."""
        history = self._rows.get(key)
        if not history:
            return None
        begun = [source for source in history if source.starts <= day]
        return begun[-1] if begun else history[0]

    def began(self, key: int | str) -> date:
        """The day of its first row; `date.min` when that is open."""
        return self._rows[key][0].starts

    def knows(self, key: int | str) -> bool:
        """Whether anybody ever registered it."""
        return key in self._rows

    def below(self, agency: str) -> list[int | str]:
        """The keys of an agency and of those below it, at any time."""
        inside = f"{agency}."
        return [
            key
            for key, history in self._rows.items()
            if any(row.agency == agency or row.agency.startswith(inside) for row in history)
        ]

    def expected(self, kinds: Collection[str], period: Period) -> list[Source]:
        """One row per source of these kinds that was there in the period."""
        found = []
        for history in self._rows.values():
            there = [s for s in history if s.kind in kinds and s.holds_in(period)]
            if there:
                found.append(there[-1])
        return found

    @cached_property
    def side_by_side(self) -> Side:
        """All rows in arrays; for keys that are numbers."""
        return Side(self._rows)


class Side:
    """The rows of a register with numbers as keys, by key and start.

    keys    the keys, ascending; a `place` is an index into them
    words   codes of agencies; `agency` is each row's place in them
    """

    def __init__(self, histories: Any) -> None:
        self.keys: Integers = np.array(sorted(histories), np.int64)
        rows = [row for key in self.keys.tolist() for row in histories[key]]
        sizes = [len(histories[key]) for key in self.keys.tolist()]
        self._first: Integers = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        self._place: Integers = np.repeat(np.arange(len(self.keys)), sizes)
        self._starts = np.array([day_number(row.starts) for row in rows], np.int64)
        self._ends = np.array(
            [day_number(row.valid_to) if row.valid_to else _OPEN for row in rows], np.int64
        )
        self._ordered = self._place * _DAYS + self._starts
        self._kind = np.array([row.kind for row in rows], np.str_)
        codes = pa.array([row.agency for row in rows], pa.string()).dictionary_encode()
        self.words: list[Any] = codes.dictionary.to_pylist()
        self.agency: Integers = codes.indices.to_numpy().astype(np.int64)

    def places(self, keys: Integers) -> tuple[Integers, Bools]:
        """The place of each key, and whether it is there at all."""
        if not len(self.keys):
            return np.zeros(len(keys), np.int64), np.zeros(len(keys), np.bool_)
        found = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return found, self.keys[found] == keys

    def on(self, places: Integers, days: Integers) -> Integers:
        """`Register.on` of many: the row of each place on a day (day numbers)."""
        found = np.searchsorted(self._ordered, places * _DAYS + days, side="right") - 1
        return np.maximum(found, self._first[places])

    def of_kinds(self, rows: Integers, kinds: Sequence[str]) -> Bools:
        """Which rows are of one of the kinds."""
        return np.isin(self._kind[rows], list(kinds))

    def expected(self, kinds: Collection[str], period: Period) -> tuple[Integers, Integers]:
        """`Register.expected` as rows, and the place of each."""
        there = self.of_kinds(np.arange(len(self._place)), list(kinds))
        there &= self._starts <= day_number(period.last)
        there &= self._ends >= day_number(period.first)
        rows = np.flatnonzero(there)
        places = self._place[rows]
        last = np.append(places[1:] != places[:-1], True)[: len(rows)]
        return rows[last], places[last]

    def began(self, places: Integers) -> Integers:
        """Day number of the first row of each place."""
        return self._starts[self._first[places]]
