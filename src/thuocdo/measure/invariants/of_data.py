"""Rules about the data behind all figures: due dates, and the catalogue between two reports."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.core.vietnamese import collation_key
from thuocdo.core.vocabulary import Level, Trust
from thuocdo.measure.answers import Answers
from thuocdo.measure.engine import day_number
from thuocdo.measure.facts.schemas import columns
from thuocdo.measure.invariants.model import Evidence
from thuocdo.measure.offers import Offer
from thuocdo.measure.view import Facts, Piece

_RANK: Final = {Level.INFORMATION: 0, Level.PARTIAL: 1, Level.FULL: 2}
_MOST: Final = 1_000_000_000

DUE_DATES: Final = columns(
    agency=pa.string(), procedure=pa.string(), before=pa.int64(), dated=pa.int64()
)
"""Services as the events name them: dossiers due before they were received, and with a due date."""


def due_dates(facts: Facts, remember: Answers, period: Period, trust: str) -> pa.Table:
    """DUE_DATES of the dossiers received in the period, one row a service."""
    days = {
        "first": day_number(period.first),
        "last": day_number(period.last),
        "verified": trust == Trust.VERIFIED,
    }

    def count(piece: Piece) -> pa.Table:
        found = facts.engine.rows(dated, piece.rows(), **days)
        facts.engine.forget()
        return found.select(DUE_DATES.names).cast(DUE_DATES)

    parts = [
        remember(("due_dates", piece.key, *days.values()), partial(count, piece))
        for piece in facts.pieces("dossiers", days["first"], days["last"])
    ]
    together = pa.concat_tables([DUE_DATES.empty_table(), *parts])
    summed = together.group_by(["agency", "procedure"]).aggregate(
        [("before", "sum"), ("dated", "sum")]
    )
    return summed.rename_columns([name.removesuffix("_sum") for name in summed.column_names])


def due_by_agency(found: pa.Table) -> dict[str, tuple[int, int]]:
    """DUE_DATES → (before, dated) of each agency as the events name it."""
    summed = found.group_by("agency").aggregate([("before", "sum"), ("dated", "sum")])
    names = ("agency", "before_sum", "dated_sum")
    rows = zip(*(summed[name].to_pylist() for name in names), strict=True)
    return {agency: (before, dated) for agency, before, dated in rows}


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
    moved = {service for service, _level in old.items() ^ new.items()}
    found: dict[str, list[tuple[str, str, str]]] = {}
    for agency, procedure in sorted(moved):
        then, today = old.get((agency, procedure)), new.get((agency, procedure))
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


def due_rows(name_of: dict[str, str], found: pa.Table, most: int = _MOST) -> list[Evidence]:
    """The services of DUE_DATES with wrong due dates, the worst first."""
    wrong = found.filter(pc.greater(found["before"], pa.scalar(0))).to_pylist()
    wrong.sort(
        key=lambda row: (-row["before"], collation_key(row["agency"]), row["procedure"] or "")
    )
    return [
        Evidence(
            row["agency"],
            name_of.get(row["agency"], row["agency"]),
            (("before", row["before"]), ("dated", row["dated"])),
            row["procedure"],
        )
        for row in wrong[:most]
    ]
