"""What is counted by site: visits, and calls of `trackDVC`. A site is its agency's by the registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
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
    """Counts by bucket and site as CELLS of the agencies that run the sites, those of `kinds`.

    A site that was always one agency's is looked up once, the others on each period's last day.
    """
    register = facts.dimensions.sites
    sites = found["site_id"].combine_chunks().dictionary_encode()
    ids: list[Any] = sites.dictionary.to_pylist()
    only = [register.only(site_id) for site_id in ids]
    owners = pa.array([site.agency if site else None for site in only], pa.string())
    wanted = pa.array([site is not None and site.kind in kinds for site in only], pa.bool_())
    agency, keep = owners.take(sites.indices), wanted.take(sites.indices)
    moved = [
        place
        for place, (i, site) in enumerate(zip(ids, only, strict=True))
        if not site and register.knows(i)
    ]
    if moved:
        agencies, kept = agency.to_pylist(), keep.to_pylist()
        rows = np.flatnonzero(np.isin(sites.indices.to_numpy(), moved))
        for row in rows.tolist():
            last = periods[found["bucket"][row].as_py()].last
            site = register.on(found["site_id"][row].as_py(), last)
            if site is not None:
                agencies[row], kept[row] = site.agency, site.kind in kinds
        agency, keep = pa.array(agencies, pa.string()), pa.array(kept, pa.bool_())
    nothing = pa.repeat(pa.scalar(0, pa.int64()), found.num_rows)
    return found.append_column("agency", agency).append_column("declared", nothing).filter(keep)


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
