"""The map of organisations on a day: whose figure does an event belong to?

Codes are dated rows; when one ends, its `successor` takes over its history, so a merged
province's figures are the sum of its predecessors' (DESIGN.md §1, facts/emc.md 4A–4B). Nothing is
ever split: a code that keeps existing maps to the row valid on the day.

Agencies have two codes, and neither follows from the other: the identifier (`H60`, QĐ 20/2020) goes
with the name, the statistical office's number (`08`, QĐ 124/2004 and 19/2025) with the place, and in
2025 seven numbers changed their owner. A number is therefore looked up, by date, and refused where
the dates of a question give it two owners.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core import codes
from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import AgencyKind, Block

_BLOCK_OF = {
    AgencyKind.MINISTRY.value: Block.MINISTRY.value,
    AgencyKind.PROVINCE.value: Block.PROVINCE.value,
}


@dataclass(frozen=True, slots=True)
class Agency:
    """One dated row of the `agencies` dimension; both days included, None is open."""

    code: str
    name: str
    name_en: str | None
    kind: str
    parent: str | None
    successor: str | None
    valid_from: date | None
    valid_to: date | None
    gso_code: str | None = None

    @property
    def block(self) -> str | None:
        return _BLOCK_OF.get(self.kind)

    @property
    def starts(self) -> date:
        return self.valid_from or date.min

    def holds(self, day: date) -> bool:
        return self.starts <= day and (self.valid_to is None or day <= self.valid_to)


class Organisation:
    """Agencies with history. Days are Vietnamese calendar days."""

    def __init__(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """`rows` as in lake/schemas.py: AGENCIES, one per (code, valid_from)."""
        fields = [name for name in Agency.__slots__ if name != "gso_code"]
        self._rows: dict[str, list[Agency]] = {}
        for row in rows:
            dated = {name: row[name] for name in fields}
            agency = Agency(**dated, gso_code=row.get("gso_code"))
            self._rows.setdefault(agency.code, []).append(agency)
        for history in self._rows.values():
            history.sort(key=lambda agency: agency.starts)
        self._codes = pa.array(list(self._rows), pa.string())
        self._turns = self._days_of_change()
        self._paths: dict[tuple[str, int], tuple[Agency, ...]] = {}
        self._tops: dict[int, list[Agency]] = {}
        self._top_codes: dict[int, Any] = {}
        self._merged: dict[tuple[Period, date], frozenset[str]] = {}

    def path(self, code: str, day: date) -> tuple[Agency, ...]:
        """The agency that answers for `code` on `day` and those above it, top last.

        Empty when nobody does: the code is unknown, or it ended without a successor.
        """
        key = (code, bisect_right(self._turns, day))
        if key not in self._paths:
            self._paths[key] = tuple(self._climb(code, day))
        return self._paths[key]

    def top(self, code: str, day: date) -> Agency | None:
        """The ministry or province whose figures `code` counts in on `day`."""
        path = self.path(code, day)
        return path[-1] if path and path[-1].block else None

    def top_codes(self, codes: Any, day: date) -> Any:
        """The code of each one's `top` on `day`; null where nobody answers. Of thousands at once."""
        key = bisect_right(self._turns, day)
        if key not in self._top_codes:
            self._top_codes[key] = self._tops_one_by_one(list(self._rows), day)
        places = pc.index_in(codes, self._codes)
        found = self._top_codes[key].take(places)
        if not places.null_count:
            return found
        strangers = places.is_null()
        told = self._tops_one_by_one(codes.filter(strangers).to_pylist(), day)
        return pc.replace_with_mask(found, strangers, told)

    def _tops_one_by_one(self, codes: Iterable[str], day: date) -> Any:
        tops = (self.top(code, day) for code in codes)
        return pa.array([top.code if top else None for top in tops], pa.string())

    def tops(self, day: date, block: str | None = None) -> list[Agency]:
        """Every ministry and province that exists on `day`, or those of one block."""
        key = bisect_right(self._turns, day)
        if key not in self._tops:
            holding = (self._row(history, day) for history in self._rows.values())
            self._tops[key] = [
                each for each in holding if each and each.parent is None and each.block
            ]
        return [agency for agency in self._tops[key] if block in (None, agency.block)]

    def _days_of_change(self) -> list[date]:
        """Days on which the map becomes another: between two of them all days have the same."""
        turns = set[date]()
        for history in self._rows.values():
            for row in history:
                turns.add(row.starts)
                if row.valid_to is not None and row.valid_to < date.max:
                    turns.add(row.valid_to + timedelta(days=1))
        return sorted(turns)

    def children(self, code: str, day: date) -> list[Agency]:
        """The agencies directly below `code` on `day`; those of its predecessors among them."""
        below = (self.path(own, day) for own, rows in self._rows.items() if self._row(rows, day))
        return [path[0] for path in below if len(path) > 1 and path[1].code == code]

    def merged_in(self, period: Period, day: date) -> frozenset[str]:
        """Codes on the map of `day` that took another over, or were, within the period."""
        key = (period, day)
        if key not in self._merged:
            found = set[str]()
            for history in self._rows.values():
                for row in history:
                    ended = row.valid_to is not None and period.first <= row.valid_to < period.last
                    if ended and row.successor not in (None, "", row.code):
                        heirs = (self.path(row.code, day), self.path(row.successor or "", day))
                        found |= {path[0].code for path in heirs if path}
            self._merged[key] = frozenset(found)
        return self._merged[key]

    def find(self, text: str, day: date, during: Period | None = None) -> Agency:
        """The agency that answers on `day` for what a person means by a code: `at` of `meant`."""
        return self.at(self.meant(text, day, during), day)

    def meant(self, text: str, day: date, during: Period | None = None) -> str:
        """The registered code a person means: a code in either written form, or a GSO number.

        during  the period asked about: a number is read by the days of it and `day` together
        Raises ThuocdoError `unknown_agency`, `ambiguous_agency`.
        """
        clean = text.strip()
        known = {code for code in (clean, codes.agency_code(clean)) if code in self._rows}
        first = min(day, during.first) if during else day
        last = max(day, during.last) if during else day
        owners = [
            row
            for history in self._rows.values()
            for row in history
            if row.gso_code == clean and row.starts <= last and (row.valid_to or last) >= first
        ]
        found = {code for code in known if code} | {row.code for row in owners}
        if not found:
            raise ThuocdoError(
                "unknown_agency",
                f"The agency {text!r} is not registered.",
                "Write a code of the registry such as H26, G18 or H26.01.",
            )
        if len(found) > 1:
            raise self._ambiguous(text, found, owners)
        return found.pop()

    def at(self, code: str, day: date) -> Agency:
        """The agency `code` is on `day`, or that has taken it over by then.

        Raises ThuocdoError `agency_not_there` when on that day it was not yet, or no more.
        """
        seen: set[str] = set()
        following = code
        while following in self._rows and following not in seen:
            seen.add(following)
            history = self._rows[following]
            holding = self._row(history, day)
            if holding is not None:
                return holding
            row = self._last_before(history, day)
            if row is None:
                reason = f"exists from {history[0].valid_from} on"
                raise _not_there(history[0], day, reason)
            if not row.successor:
                raise _not_there(row, day, f"ended on {row.valid_to} without a successor")
            following = row.successor
        raise _not_there(self._rows[code][-1], day, "has no successor that is registered")

    def _ambiguous(self, text: str, found: set[str], owners: list[Agency]) -> ThuocdoError:
        named = {row.code: row for row in sorted(owners, key=lambda row: row.starts)}
        told = [
            f"{row.name} ({row.code}){_span(row)}" if (row := named.get(code)) else code
            for code in sorted(found, key=lambda code: (code not in named, code))
        ]
        return ThuocdoError(
            "ambiguous_agency",
            f"The code {text!r} names more than one agency: {' and '.join(told)}.",
            f"Write the identifier: {' or '.join(sorted(found - {text.strip()}))}.",
        )

    def _known(self, text: str) -> str | None:
        """The registered code for `text` exactly, in either form."""
        for code in (text, codes.agency_code(text)):
            if code in self._rows:
                return code
        return None

    def _nearest(self, text: str) -> str | None:
        """The registered code for `text`, or the nearest above it: `H26.01.99` → `H26.01`."""
        code = self._known(text) or codes.agency_code(text) or text
        while code not in self._rows:
            code, dot, _ = code.rpartition(".")
            if not dot:
                return None
        return code

    def _climb(self, code: str, day: date) -> list[Agency]:
        path: list[Agency] = []
        seen: set[str] = set()
        following = self._nearest(code)
        while following is not None and following in self._rows and following not in seen:
            seen.add(following)
            history = self._rows[following]
            holding = self._row(history, day)
            if holding is not None:
                path.append(holding)
                following = holding.parent
                continue
            row = self._last_before(history, day)
            if row is not None and row.successor:
                following = row.successor
            else:  # closed for good, or not yet founded: those above it answer
                following = (row or history[0]).parent
        return path

    @staticmethod
    def _row(history: list[Agency], day: date) -> Agency | None:
        """Of several rows that hold a day the one that began last."""
        return next((agency for agency in reversed(history) if agency.holds(day)), None)

    @staticmethod
    def _last_before(history: list[Agency], day: date) -> Agency | None:
        return next((agency for agency in reversed(history) if agency.starts <= day), None)


def _span(row: Agency) -> str:
    """` from 2025-07-01`, ` until 2025-06-30`, or nothing."""
    begun = f" from {row.valid_from}" if row.valid_from else ""
    return begun + (f" until {row.valid_to}" if row.valid_to else "")


def _not_there(row: Agency, day: date, reason: str) -> ThuocdoError:
    return ThuocdoError(
        "agency_not_there",
        f"The agency {row.code} ({row.name}) {reason}, so the map of {day} does not have it.",
        "Ask for a period or a map of organisations (--as-organised) of its time.",
    )
