"""Rules about the data behind all figures: due dates, and the catalogue between two reports."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.core.vietnamese import collation_key
from thuocdo.core.vocabulary import Level, Trust
from thuocdo.measure.answers import Answers
from thuocdo.measure.engine import day_number
from thuocdo.measure.invariants.model import Evidence
from thuocdo.measure.offers import Offer
from thuocdo.measure.view import Facts, Piece

_RANK: Final = {Level.INFORMATION: 0, Level.PARTIAL: 1, Level.FULL: 2}
_MOST: Final = 1_000_000_000

DueDates = dict[tuple[str, str], tuple[int, int]]
"""(agency as the events name it, procedure) → (due before they were received, with a due date)."""


def due_dates(facts: Facts, remember: Answers, period: Period, trust: str) -> DueDates:
    """Dossiers received in the period that have a due date."""
    days = {
        "first": day_number(period.first),
        "last": day_number(period.last),
        "verified": trust == Trust.VERIFIED,
    }

    def count(piece: Piece) -> pa.Table:
        found = facts.engine.rows(dated, piece.rows(), **days)
        facts.engine.forget()
        return found

    sums: DueDates = {}
    for piece in facts.pieces("dossiers", days["first"], days["last"]):
        key = ("due_dates", piece.key, *days.values())
        for row in remember(key, partial(count, piece)).to_pylist():
            service = (row["agency"], row["procedure"])
            before, all_dated = sums.get(service, (0, 0))
            sums[service] = (before + row["before"], all_dated + row["dated"])
    return sums


def dated(dossiers: ir.Table, *, first: int, last: int, verified: bool) -> ir.Table:
    """(agency, procedure, before, dated) of a part of DOSSIERS."""
    own = dossiers.filter(
        dossiers.scope.isin(["verified", "both"] if verified else ["any", "both"]),
        dossiers.received_day.between(first, last),
        dossiers.due_day.notnull(),
    )
    before = (own.due_day < own.received_day).ifelse(1, 0)
    return own.group_by(["agency", "procedure"]).agg(
        before=before.sum().cast("int64"), dated=ibis._.count()
    )


def changes(before: Iterable[Offer], now: Iterable[Offer]) -> dict[str, list[tuple[str, str, str]]]:
    """Agency → its changed services: (kind of change, procedure, the levels in between)."""
    old = {(offer.agency, offer.procedure): offer.level for offer in before}
    new = {(offer.agency, offer.procedure): offer.level for offer in now}
    found: dict[str, list[tuple[str, str, str]]] = {}
    for agency, procedure in sorted(old.keys() | new.keys()):
        then, today = old.get((agency, procedure)), new.get((agency, procedure))
        if then != today:
            change = (_kind(then, today), procedure, f"{then or '–'} → {today or '–'}")
            found.setdefault(agency, []).append(change)
    return found


def _kind(then: str | None, today: str | None) -> str:
    if then is None or today is None:
        return "added" if then is None else "removed"
    return "raised" if _RANK[Level(today)] > _RANK[Level(then)] else "lowered"


def change_rows(agency: str, name: str, found: list[tuple[str, str, str]]) -> list[Evidence]:
    """How many services of an agency changed in which way; then each of them."""
    kinds = ("added", "removed", "raised", "lowered")
    summed = tuple((kind, sum(change[0] == kind for change in found)) for kind in kinds)
    return [
        Evidence(agency, name, summed),
        *(
            Evidence(agency, name, ((kind, 1),), procedure, levels)
            for kind, procedure, levels in found
        ),
    ]


def due_rows(name_of: dict[str, str], found: DueDates, most: int = _MOST) -> list[Evidence]:
    """The services with wrong due dates, the worst first."""
    wrong = [(service, counted) for service, counted in found.items() if counted[0]]
    wrong.sort(key=lambda one: (-one[1][0], collation_key(one[0][0]), one[0][1]))
    return [
        Evidence(agency, name_of.get(agency, agency), (("before", bad), ("dated", n)), procedure)
        for (agency, procedure), (bad, n) in wrong[:most]
    ]
