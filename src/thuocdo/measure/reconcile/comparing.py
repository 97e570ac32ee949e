"""Measured and stated figures side by side: differences, and lists by service and by day.

Pure: the lists of one comparison always add up to its totals. What a stated total holds beyond its
parts is a line of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from typing import NamedTuple

from thuocdo.core.vietnamese import round_half_up
from thuocdo.measure.reconcile.measured import Grid
from thuocdo.measure.reconcile.model import Against, Line, Number, Said, State
from thuocdo.measure.reconcile.policy import Tolerance
from thuocdo.measure.reconcile.stated import Statements


class Sides(NamedTuple):
    """What is said of one count, by the agency and by the national portal."""

    declared: Statements
    national: Statements

    def procedures(self) -> set[str]:
        return {*self.declared.procedures(), *self.national.procedures()}

    def days(self) -> set[date]:
        return {*self.declared.days(), *self.national.days()}


def against(
    measured: Number | None, stated: Number | None, tolerance: Tolerance, unit: str = "count"
) -> Against:
    """Measured against one stated figure; null is not 0."""
    adds = unit == "count"
    gap = int(measured or 0) - int(stated or 0) if adds else None
    if measured is None or stated is None:
        silent = State.NOTHING if measured is None and stated is None else State.SILENT
        return Against(None, None, gap, silent)
    difference: Number = measured - stated
    relative = round_half_up(Decimal(100) * difference / stated) if stated else None
    allowed: Decimal = tolerance.percentage_points
    if adds:
        allowed = tolerance.count_share * Decimal(stated)
    if not difference:
        return Against(difference, relative, gap, State.EQUAL)
    state = State.WITHIN if abs(Decimal(difference)) <= allowed else State.DIFFERS
    return Against(difference, relative, gap, state)


def by_service(
    grid: Grid,
    sides: Sides,
    tolerance: Tolerance,
    names: Mapping[str, str],
    *,
    heard: bool,
) -> tuple[Line, ...]:
    """A line for each service that anybody counts, the largest gap first.

    heard  something came of the agency in the period: a service without dossiers has 0 then
    """
    measured = grid.by_service()
    lines = [
        _line(
            procedure,
            names.get(procedure, procedure),
            None,
            measured[procedure] if heard or measured[procedure] else None,
            whole(sides.declared.of_service(procedure)),
            whole(sides.national.of_service(procedure)),
            tolerance,
        )
        for procedure in sorted({*measured, *sides.procedures()})
    ]
    return _with_rest(lines, sides, tolerance)


def by_day(grid: Grid, sides: Sides, tolerance: Tolerance, heard_on: set[date]) -> tuple[Line, ...]:
    """A line for each day on which anybody counts something, the largest gap first."""
    measured = grid.by_day()
    lines = [
        _line(
            None,
            "",
            day,
            measured[day] if day in heard_on or measured[day] else None,
            whole(sides.declared.of_day(day)),
            whole(sides.national.of_day(day)),
            tolerance,
        )
        for day in sorted({*measured, *heard_on, *sides.days()})
    ]
    return _with_rest(lines, sides, tolerance)


def by_cell(
    grid: Grid, sides: Sides, tolerance: Tolerance, names: Mapping[str, str], heard_on: set[date]
) -> tuple[Line, ...]:
    """Services on days where somebody states figures that fine; only lines that differ."""
    declared = {(p, d): said for p, d, said in sides.declared.cells()}
    national = {(p, d): said for p, d, said in sides.national.cells()}
    if not declared and not national:
        return ()
    lines = [
        _line(
            procedure,
            names.get(procedure, procedure),
            day,
            grid.cells[procedure, day] if day in heard_on or grid.cells[procedure, day] else None,
            whole(declared.get((procedure, day))),
            whole(national.get((procedure, day))),
            tolerance,
        )
        for procedure, day in {*grid.cells, *declared, *national}
    ]
    same = (State.EQUAL, State.NOTHING)
    differing = [
        line
        for line in lines
        if (declared and line.to_declared.state not in same)
        or (national and line.to_national.state not in same)
    ]
    return _ordered(differing)


def stating(lines: Iterable[Line]) -> tuple[str, ...]:
    """Which sides state figures as fine as these lines: "declared", "national"."""
    parts = [line for line in lines if not line.rest]
    return tuple(
        side
        for side in ("declared", "national")
        if any(getattr(line, side) is not None for line in parts)
    )


def _line(
    procedure: str | None,
    name: str,
    day: date | None,
    measured: int | None,
    declared: int | None,
    national: int | None,
    tolerance: Tolerance,
    *,
    rest: bool = False,
) -> Line:
    return Line(
        procedure,
        name,
        day,
        measured,
        declared,
        national,
        against(measured, declared, tolerance),
        against(measured, national, tolerance),
        rest,
    )


def _with_rest(lines: list[Line], sides: Sides, tolerance: Tolerance) -> tuple[Line, ...]:
    """The lines, and one for what the stated totals hold beyond them."""
    rests: list[int | None] = []
    for total, parts in (
        (sides.declared.total(), [line.declared for line in lines]),
        (sides.national.total(), [line.national for line in lines]),
    ):
        rest = None if total is None else int(total.value) - sum(part or 0 for part in parts)
        rests.append(rest or None)
    declared, national = rests
    if declared or national:
        lines = [*lines, _line(None, "", None, None, declared, national, tolerance, rest=True)]
    return _ordered(lines)


def _ordered(lines: Iterable[Line]) -> tuple[Line, ...]:
    def size(line: Line) -> tuple[int, int, str, str]:
        gaps = (line.to_declared.gap or 0, line.to_national.gap or 0)
        return -abs(gaps[0]), -abs(gaps[1]), line.procedure or "", str(line.day or "")

    return tuple(sorted(lines, key=size))


def number(said: Said | None) -> Number | None:
    return None if said is None else said.value


def whole(said: Said | None) -> int | None:
    """A stated count."""
    return None if said is None else int(said.value)
