"""The map of organisations on a day: whose figure does an event belong to?

Codes are dated rows; when one ends, its `successor` takes over its history, so a merged
province's figures are the sum of its predecessors' (DESIGN.md §1, facts/emc.md 4A–4B). Nothing is
ever split: a code that keeps existing maps to the row valid on the day.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from thuocdo.core import codes
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
        fields = Agency.__slots__
        self._rows: dict[str, list[Agency]] = {}
        for row in rows:
            agency = Agency(**{name: row[name] for name in fields})
            self._rows.setdefault(agency.code, []).append(agency)
        for history in self._rows.values():
            history.sort(key=lambda agency: agency.starts)
        self._paths: dict[tuple[str, date], tuple[Agency, ...]] = {}

    def path(self, code: str, day: date) -> tuple[Agency, ...]:
        """The agency that answers for `code` on `day` and those above it, top last.

        Empty when nobody does: the code is unknown, or it ended without a successor.
        """
        key = (code, day)
        if key not in self._paths:
            self._paths[key] = tuple(self._climb(code, day))
        return self._paths[key]

    def top(self, code: str, day: date) -> Agency | None:
        """The ministry or province whose figures `code` counts in on `day`."""
        path = self.path(code, day)
        return path[-1] if path and path[-1].block else None

    def tops(self, day: date, block: str | None = None) -> list[Agency]:
        """Every ministry and province that exists on `day`, or those of one block."""
        holding = (self._row(history, day) for history in self._rows.values())
        return [
            agency
            for agency in holding
            if agency and agency.parent is None and agency.block and block in (None, agency.block)
        ]

    def find(self, text: str, day: date) -> Agency:
        """The agency a person means by a code in either written form, as organised on `day`.

        Raises ThuocdoError `unknown_agency`.
        """
        known = self._known(text)
        path = self.path(known, day) if known else ()
        if not known or not path:
            reason = "is not registered" if not known else f"has no successor on {day}"
            raise ThuocdoError(
                "unknown_agency",
                f"The agency {text!r} {reason}.",
                "Write a code of the registry such as H26, G18 or H26.01.",
            )
        return path[0]

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
