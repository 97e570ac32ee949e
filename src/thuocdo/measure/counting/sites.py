"""What is counted by site: visits, and calls of `trackDVC`. A site is its agency's by the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.measure.counting.cells import CELLS, Question, days
from thuocdo.measure.definitions import Interest, Visits
from thuocdo.measure.view import Facts, Piece


def count_visits(facts: Facts, asked: Question, piece: Piece) -> pa.Table:
    """CELLS of a part of VISITS_DAILY."""
    term = asked.version.numerator
    assert isinstance(term, Visits)
    found = facts.engine.rows(
        visits, piece.rows(), days(facts, asked.periods), verified=asked.verified
    )
    return _of_agencies(facts, found, asked.periods, term.site_kinds)


def count_interest(facts: Facts, asked: Question, piece: Piece) -> pa.Table:
    """CELLS of a part of STEPS_DAILY; `trackDVC` carries no key, so none of it is verified."""
    term = asked.version.numerator
    assert isinstance(term, Interest)
    found = facts.engine.rows(interest, piece.rows(), days(facts, asked.periods), term=term)
    return _of_agencies(facts, found, asked.periods, None)


def _of_agencies(
    facts: Facts, found: pa.Table, periods: Sequence[Period], kinds: Sequence[str] | None
) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for row in found.to_pylist():
        site = facts.dimensions.sites.on(row["site_id"], periods[row["bucket"]].last)
        if site is not None and (kinds is None or site.kind in kinds):
            rows.append(row | {"agency": site.agency, "declared": 0})
    return pa.Table.from_pylist(rows, schema=CELLS)


def visits(visits_daily: ir.Table, days: ir.Table, *, verified: bool) -> ir.Table:
    """(bucket, site_id, numerator, seen, last_landed) of VISITS_DAILY."""
    counted = visits_daily.visits_verified if verified else visits_daily.visits
    dated = visits_daily.mutate(counted=counted).join(days, "day")
    return dated.group_by(["bucket", "site_id"]).agg(
        numerator=dated.counted.sum().cast("int64"),
        seen=ibis._.count(),
        last_landed=dated.last_landed.max(),
    )


def interest(steps_daily: ir.Table, days: ir.Table, *, term: Interest) -> ir.Table:
    """(bucket, site_id, numerator, seen, last_landed) of STEPS_DAILY."""
    dated = steps_daily.join(days, "day")
    counted = ibis.literal(True)
    if term.procedures is not None:
        counted &= dated.procedure.isin(term.procedures).fill_null(False)
    if term.states is not None:
        counted &= dated.state.isin(term.states).fill_null(False)
    return dated.group_by(["bucket", "site_id"]).agg(
        numerator=counted.ifelse(dated.steps, 0).sum().cast("int64"),
        seen=ibis._.count(),
        last_landed=dated.last_landed.max(),
    )
