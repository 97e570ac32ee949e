"""The counts of one day, over the whole country: what moves by the second."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import partial
from typing import Final

import ibis.expr.types as ir

from thuocdo.measure.compute import Remember
from thuocdo.measure.engine import Make, day_number
from thuocdo.measure.model import DayCounts
from thuocdo.measure.view import Facts, Piece


def of_visits(rows: ir.Table, *, day: int) -> ir.Table:
    """(views, visits) of VISITS_DAILY on a day."""
    own = rows.filter(rows.day == day)
    return own.agg(views=_sum(own.views), visits=_sum(own.visits))


def of_steps(rows: ir.Table, *, day: int) -> ir.Table:
    """(steps) of STEPS_DAILY on a day."""
    own = rows.filter(rows.day == day)
    return own.agg(steps=_sum(own.steps))


def of_dossiers(rows: ir.Table, *, day: int) -> ir.Table:
    """(received, resolved) of DOSSIERS_DAILY on a day.

    A dossier known both with and without credentials stands in two rows; "verified" repeats it.
    """
    own = rows.filter((rows.day == day) & (rows.scope != "verified"))
    return own.agg(
        **{
            event: _sum((own.event == event).ifelse(own.dossiers, 0))
            for event in ("received", "resolved")
        }
    )


_MADE_OF: Final[Mapping[str, Make]] = {
    "visits_daily": of_visits,
    "steps_daily": of_steps,
    "dossiers_daily": of_dossiers,
}


def counts(facts: Facts, day: date, remember: Remember) -> DayCounts:
    """Everything counted on a Vietnamese day; zeros when nothing came in."""
    number = day_number(day)
    total = dict.fromkeys(DayCounts.__struct_fields__, 0)

    def count(make: Make, piece: Piece) -> dict[str, int]:
        (row,) = facts.engine.rows(make, piece.rows(), day=number).to_pylist()
        facts.engine.forget()
        return dict(row)

    for table, make in _MADE_OF.items():
        for piece in facts.pieces(table, number, number):
            found = remember(("day", table, number, piece.key), partial(count, make, piece))
            for name, value in found.items():
                total[name] += value
    return DayCounts(**total)


def _sum(column: ir.Value) -> ir.Value:
    return column.sum().fill_null(0).cast("int64")
