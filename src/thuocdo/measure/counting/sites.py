"""What is counted by site: visits, and calls of `trackDVC`. A site is its agency's by the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.measure.counting.cells import CELLS, Question, days
from thuocdo.measure.counting.daily import Daily
from thuocdo.measure.definitions import Interest
from thuocdo.measure.view import Facts, Piece


def count_visits(facts: Facts, asked: Question, piece: Piece) -> Daily:
    """The visits of a part of VISITS_DAILY on each of its days, by site."""
    rows = facts.engine.rows(visits, piece.rows(), verified=asked.verified)
    return Daily.of(rows, ["site_id"], ("numerator", "seen"))


def of_agencies(
    facts: Facts, found: pa.Table, periods: Sequence[Period], kinds: Sequence[str]
) -> pa.Table:
    """Counts by bucket and site as CELLS of the agencies that run the sites, those of `kinds`."""
    keep: list[int] = []
    agencies: list[str] = []
    register = facts.dimensions.sites
    names: tuple[list[Any], ...] = tuple(found[n].to_pylist() for n in ("site_id", "bucket"))
    pairs = zip(*names, strict=True)
    last_days = [period.last for period in periods]
    for place, (site_id, bucket) in enumerate(pairs):
        site = register.on(site_id, last_days[bucket])
        if site is not None and site.kind in kinds:
            keep.append(place)
            agencies.append(site.agency)
    rows = found.take(pa.array(keep, pa.int64()))
    nothing = pa.repeat(pa.scalar(0, pa.int64()), len(keep))
    return rows.append_column("agency", pa.array(agencies, pa.string())).append_column(
        "declared", nothing
    )


def count_interest(facts: Facts, asked: Question, piece: Piece) -> pa.Table:
    """CELLS of a part of STEPS_DAILY; `trackDVC` carries no key, so none of it is verified."""
    term = asked.version.numerator
    assert isinstance(term, Interest)
    found = facts.engine.rows(interest, piece.rows(), days(facts, asked.periods), term=term)
    return _of_agencies(facts, found, asked.periods)


def _of_agencies(facts: Facts, found: pa.Table, periods: Sequence[Period]) -> pa.Table:
    rows: list[dict[str, Any]] = []
    for row in found.to_pylist():
        site = facts.dimensions.sites.on(row["site_id"], periods[row["bucket"]].last)
        if site is not None:
            rows.append(row | {"agency": site.agency, "declared": 0})
    return pa.Table.from_pylist(rows, schema=CELLS)


def visits(visits_daily: ir.Table, *, verified: bool) -> ir.Table:
    """(day, site_id, numerator, seen, last_landed) of VISITS_DAILY."""
    counted = visits_daily.visits_verified if verified else visits_daily.visits
    return visits_daily.select(
        "day", "site_id", numerator=counted, seen=ibis.literal(1), last_landed=ibis._.last_landed
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
