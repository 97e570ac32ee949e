"""Figures that others state of an agency and period, put together from the lake's `declared`.

Of several statements of one thing the latest counts. A statement of the very period counts before
one that is added up; figures are added up only where they cover the period without a gap.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal
from typing import NamedTuple

import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.core.vietnamese import percent
from thuocdo.core.vocabulary import SaidBy
from thuocdo.lake.store import Lake
from thuocdo.measure.organisation import Agency, Organisation
from thuocdo.measure.reconcile.model import Said


class Stated(NamedTuple):
    """A row of `declared`; `said_at` is when it was written down here, µs UTC."""

    said_by: str
    agency: str
    indicator: str
    procedure: str | None
    period: Period
    value: Decimal
    numerator: int | None
    denominator: int | None
    source: str
    said_at: int


class Statements:
    """What one side states of one indicator, within one period."""

    def __init__(self, rows: Iterable[Stated], period: Period, *, adds_up: bool) -> None:
        """`adds_up`: counts do; percentages only where numerator and denominator are told."""
        self._rows = list(rows)
        self._period = period
        self._adds_up = adds_up

    def __bool__(self) -> bool:
        return bool(self._rows)

    def total(self) -> Said | None:
        """Of all services in the whole period."""
        whole = self._covering(self._period, lambda row: row.procedure is None)
        if whole is not None or not self._adds_up:
            return whole
        parts = [self.of_service(procedure) for procedure in self.procedures()]
        known = [part for part in parts if part is not None]
        return _added(known) if known and len(known) == len(parts) else None

    def procedures(self) -> list[str]:
        return sorted({row.procedure for row in self._rows if row.procedure is not None})

    def days(self) -> list[date]:
        """The days of which something is stated."""
        return sorted({row.period.first for row in self._rows if row.period.days == 1})

    def of_service(self, procedure: str) -> Said | None:
        return self._covering(self._period, lambda row: row.procedure == procedure)

    def of_day(self, day: date) -> Said | None:
        """Of all services on one day."""
        one = Period(day, day)
        whole = self._covering(one, lambda row: row.procedure is None)
        if whole is not None:
            return whole
        parts = [self._covering(one, _is_of(procedure)) for procedure in self.procedures()]
        known = [part for part in parts if part is not None]
        return _added(known) if known else None

    def cells(self) -> list[tuple[str, date, Said]]:
        """What is stated of one service on one day."""
        found = []
        for procedure in self.procedures():
            for day in self.days():
                said = self._covering(Period(day, day), _is_of(procedure))
                if said is not None:
                    found.append((procedure, day, said))
        return found

    def _covering(self, period: Period, wanted: Callable[[Stated], bool]) -> Said | None:
        """The statement of a period, or those that cover it together, of every agency that states."""
        by_agency: dict[str, list[Stated]] = {}
        for row in self._rows:
            if wanted(row) and period.first <= row.period.first <= row.period.last <= period.last:
                by_agency.setdefault(row.agency, []).append(row)
        found = [_cover(rows, period) for rows in by_agency.values()]
        parts = [part for part in found if part is not None]
        if len(parts) < len(found) or not parts:
            return None
        rows = [row for part in parts for row in part]
        if len(rows) == 1:
            return _said(rows[0])
        if self._adds_up:
            return _added([_said(row) for row in rows])
        return _ratio([_said(row) for row in rows])


def read(
    lake: Lake, organisation: Organisation, agency: Agency, period: Period, as_known: int
) -> list[Stated]:
    """The latest statements about an agency (or those it has taken over) within a period."""
    table = lake.read("declared")
    instants = table.column("landed_at").cast(pa.int64())
    table = table.set_column(table.schema.get_field_index("landed_at"), "landed_at", instants)
    latest: dict[tuple[object, ...], Stated] = {}
    for row in table.sort_by([("landed_at", "ascending"), ("event_id", "ascending")]).to_pylist():
        span = Period(row["period_first"], row["period_last"])
        if row["landed_at"] > as_known or span.first < period.first or span.last > period.last:
            continue
        if not _states(row["agency"], organisation, agency, period.last):
            continue
        stated = Stated(
            row["said_by"] or SaidBy.AGENCY.value,
            row["agency"],
            row["indicator"],
            row["procedure"],
            span,
            Decimal(row["value"]),
            row["numerator"],
            row["denominator"],
            row["source"],
            row["landed_at"],
        )
        latest[stated[:5]] = stated
    return list(latest.values())


def _states(code: str, organisation: Organisation, agency: Agency, day: date) -> bool:
    """Whether a statement of `code` is one of the agency, and not of one below it."""
    if code == agency.code:
        return True
    path = organisation.path(code, day)
    return bool(path) and path[0].code == agency.code and not code.startswith(f"{agency.code}.")


def _cover(rows: list[Stated], period: Period) -> list[Stated] | None:
    """Statements that cover a period without gap or overlap, the longest first; None if they do not."""
    following: dict[date, list[Stated]] = {}
    for row in rows:
        following.setdefault(row.period.first, []).append(row)
    for starting in following.values():
        starting.sort(key=lambda row: row.period.last, reverse=True)
    dead: set[date] = set()
    path: list[Stated] = []
    waiting = [iter(following.get(period.first, ()))]
    while waiting:
        step = next(waiting[-1], None)
        if step is None:
            waiting.pop()
            if path:
                dead.add(path.pop().period.end)
            continue
        path.append(step)
        if step.period.last == period.last:
            return path
        after = step.period.end
        waiting.append(iter(() if after in dead else following.get(after, ())))
    return None


def _is_of(procedure: str) -> Callable[[Stated], bool]:
    return lambda row: row.procedure == procedure


def _said(row: Stated) -> Said:
    value = int(row.value) if row.value == row.value.to_integral_value() else row.value
    return Said(
        value,
        row.numerator,
        row.denominator,
        row.source,
        row.said_at,
        summed=False,
        agencies=(row.agency,),
    )


def _added(parts: list[Said]) -> Said:
    return _joined(parts, sum(part.value for part in parts), None, None)


def _ratio(parts: list[Said]) -> Said | None:
    """A percentage of several: of the summed counts, where all of them tell theirs."""
    if any(part.numerator is None or part.denominator is None for part in parts):
        return None
    numerator = sum(part.numerator or 0 for part in parts)
    denominator = sum(part.denominator or 0 for part in parts)
    value = percent(numerator, denominator)
    return None if value is None else _joined(parts, value, numerator, denominator)


def _joined(
    parts: list[Said], value: int | Decimal, numerator: int | None, denominator: int | None
) -> Said:
    return Said(
        value,
        numerator,
        denominator,
        "; ".join(sorted({part.source for part in parts})),
        max(part.said_at for part in parts),
        summed=True,
        agencies=tuple(sorted({code for part in parts for code in part.agencies})),
    )
