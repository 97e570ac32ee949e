"""What was measured of one agency, service by service and day by day, from the published facts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import date
from typing import NamedTuple

import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.measure.engine import day_number, number_day
from thuocdo.measure.organisation import Agency
from thuocdo.measure.reconcile.policy import Count, Counted
from thuocdo.measure.view import Facts, Piece


class Grid(NamedTuple):
    """One count of an agency: (procedure, day) → dossiers."""

    cells: Counter[tuple[str, date]]

    def total(self) -> int:
        return sum(self.cells.values())

    def by_service(self) -> Counter[str]:
        found: Counter[str] = Counter()
        for (procedure, _), dossiers in self.cells.items():
            found[procedure] += dossiers
        return found

    def by_day(self) -> Counter[date]:
        found: Counter[date] = Counter()
        for (_, day), dossiers in self.cells.items():
            found[day] += dossiers
        return found


class Scope(NamedTuple):
    """Whose events: an agency and all below it, on the map of one day."""

    agency: Agency
    organised: date
    period: Period
    verified: bool


def belongs(facts: Facts, scope: Scope) -> Callable[[str], bool]:
    """Whether a code that an event names is the agency, or below it."""
    path = facts.dimensions.organisation.path
    return lambda code: any(step.code == scope.agency.code for step in path(code, scope.organised))


def grids(facts: Facts, scope: Scope, wanted: list[Count]) -> dict[str, Grid]:
    """Every basic count, by its code."""
    engine = facts.engine
    found = {count.code: Grid(Counter()) for count in wanted}
    for piece in facts.pieces("dossiers_daily", *_span(scope.period)):
        mine = _agencies(facts, scope, piece)
        if not mine:
            continue
        counted = engine.rows(
            by_service_and_day,
            piece.rows(),
            engine.hold(pa.table({"day": pa.array(_days(scope.period), pa.int32())})),
            engine.hold(pa.table({"agency": pa.array(mine, pa.string())})),
            ways=[count.counted for count in wanted],
            verified=scope.verified,
        )
        engine.forget()
        for row in counted.to_pylist():
            cell = (row["procedure"], number_day(row["day"]))
            for place, count in enumerate(wanted):
                if dossiers := row[f"way_{place}"]:
                    found[count.code].cells[cell] += dossiers
    return found


def by_service_and_day(
    cube: ir.Table, days: ir.Table, agencies: ir.Table, *, ways: list[Counted], verified: bool
) -> ir.Table:
    """(procedure, day, way_0, way_1, …) of a part of DOSSIERS_DAILY."""
    scopes = ["verified", "both"] if verified else ["any", "both"]
    rows = cube.filter(cube.scope.isin(scopes)).semi_join(days, "day")
    rows = rows.semi_join(agencies, "agency")
    return rows.group_by(["procedure", "day"]).agg(
        **{
            f"way_{place}": _counts(rows, way).ifelse(rows.dossiers, 0).sum().cast("int64")
            for place, way in enumerate(ways)
        }
    )


def _counts(rows: ir.Table, way: Counted) -> ir.Value:
    counted = rows.event == way.day
    for wanted, column in (
        (way.channels, rows.channel),
        (way.timeliness, rows.timeliness),
        (way.outcomes, rows.outcome),
    ):
        if wanted is not None:
            counted &= column.isin(wanted).fill_null(False)
    return counted


def heard_days(facts: Facts, scope: Scope) -> set[date]:
    """The days on which some system sent an event of the agency."""
    engine = facts.engine
    found: set[int] = set()
    for piece in facts.pieces("system_sources_daily", *_span(scope.period)):
        rows = piece.rows()
        days = engine.hold(pa.table({"day": pa.array(_days(scope.period), pa.int32())}))
        told = engine.rows(spoken, rows, days, verified=scope.verified)
        engine.forget()
        mine = belongs(facts, scope)
        found.update(row["day"] for row in told.to_pylist() if mine(row["agency"]))
    return {number_day(day) for day in found}


def spoken(rows: ir.Table, days: ir.Table, *, verified: bool) -> ir.Table:
    """(day, agency) of SYSTEM_SOURCES_DAILY: who was spoken of on these days."""
    inside = rows.semi_join(days, "day")
    if verified:
        inside = inside.filter(inside.events_verified > 0)
    return inside.select("day", "agency").distinct()


def _agencies(facts: Facts, scope: Scope, piece: Piece) -> list[str]:
    """Of the agencies a piece of the cube counts, those that count for the scope."""
    rows = facts.engine.rows(_named, piece.rows())
    facts.engine.forget()
    mine = belongs(facts, scope)
    return [code for row in rows.to_pylist() if mine(code := row["agency"])]


def _named(cube: ir.Table) -> ir.Table:
    return cube.select("agency").distinct()


def _span(period: Period) -> tuple[int, int]:
    return day_number(period.first), day_number(period.last)


def _days(period: Period) -> range:
    return range(day_number(period.first), day_number(period.end))
