"""What is counted by site: visits, and calls of `trackDVC`. A site is its agency's by the registry."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.measure.counting.cells import Question, days
from thuocdo.measure.counting.daily import Daily
from thuocdo.measure.definitions import Interest
from thuocdo.measure.engine import day_number
from thuocdo.measure.view import Facts, Piece


def count_visits(facts: Facts, asked: Question, piece: Piece) -> Daily:
    """The visits of a part of VISITS_DAILY on each of its days, by site."""
    rows = facts.engine.rows(visits, piece.rows(), verified=asked.verified)
    return Daily.of(rows, ["site_id"], ("numerator", "seen"))


def of_agencies(
    facts: Facts, found: pa.Table, periods: Sequence[Period], kinds: Sequence[str] | None
) -> pa.Table:
    """Counts by bucket and site as counts of the agencies that run the sites, those of `kinds`.

    A site is looked up on each period's last day; one that nobody registered counts for nobody.
    """
    sites = facts.dimensions.sites.side_by_side
    places, known = sites.places(found["site_id"].to_numpy())
    found, places = found.filter(pa.array(known)), places[known]
    lasts = np.array([day_number(period.last) for period in periods], np.int64)
    rows = sites.on(places, lasts[found["bucket"].to_numpy()])
    agencies = pa.array(sites.words, pa.string()).take(sites.agency[rows])
    owned = found.append_column("agency", agencies)
    owned = owned.append_column("declared", pa.array(np.zeros(found.num_rows, np.int64)))
    return owned if kinds is None else owned.filter(pa.array(sites.of_kinds(rows, kinds)))


def count_interest(facts: Facts, asked: Question, piece: Piece) -> pa.Table:
    """CELLS of a part of STEPS_DAILY; `trackDVC` carries no key, so none of it is verified."""
    term = asked.version.numerator
    assert isinstance(term, Interest)
    found = facts.engine.rows(interest, piece.rows(), days(facts, asked.periods), term=term)
    return of_agencies(facts, found, asked.periods, None)


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
