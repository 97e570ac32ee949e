"""Numerators and denominators: the terms of a definition as one query over the facts.

All steps of a series are computed at once: a day belongs to the buckets (periods) that hold it,
and the query groups by bucket. The result is a handful of integers per agency as the events name
it; who that agency is on which map of organisations is decided afterwards (figures.py).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import Trust
from thuocdo.measure.definitions import Dossiers, Services, Version, Visits
from thuocdo.measure.engine import day_number
from thuocdo.measure.view import Facts


class Cell(NamedTuple):
    """Counts of one bucket and agency (and procedure), before any map of organisations.

    seen         fact rows or dossiers behind it, whether they counted or not
    declared     dossiers in the numerator by their declared level, the catalogue being silent
    last_landed  youngest event behind it, µs UTC
    """

    bucket: int
    agency: str
    procedure: str | None
    numerator: int
    denominator: int | None
    seen: int
    declared: int
    last_landed: int | None


FACT_OF: dict[type, str] = {
    Visits: "visits_daily",
    Dossiers: "dossiers_daily",
    Services: "dossiers_daily",
}
"""The fact table that each kind of term is computed from."""


def span(periods: Sequence[Period]) -> tuple[int, int]:
    """First and last day number that any of the periods holds."""
    return (
        min(day_number(period.first) for period in periods),
        max(day_number(period.last) for period in periods),
    )


def cells(
    facts: Facts, version: Version, periods: Sequence[Period], trust: str, *, by_procedure: bool
) -> list[Cell]:
    """The counts of `version` in each period; bucket n is `periods[n]`.

    trust         "any" or "verified" (then the facts folded from verified events alone)
    by_procedure  one cell per procedure; for visits there is none
    """
    verified = trust == Trust.VERIFIED
    numerator = version.numerator
    if isinstance(numerator, Visits):
        return _visits(facts, numerator, periods, verified=verified)
    if isinstance(numerator, Dossiers):
        query = _dossiers(facts, version, periods, verified=verified, by_procedure=by_procedure)
    else:
        query = _services(facts, version, periods, verified=verified, by_procedure=by_procedure)
    return [Cell(**row) for row in _rows(facts, query.select(*Cell._fields))]


def _rows(facts: Facts, query: ir.Table) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = facts.engine.rows(query).to_pylist()
    facts.engine.forget()
    return rows


def _days(facts: Facts, periods: Sequence[Period]) -> ir.Table:
    """(bucket, day): the days of each period."""
    pairs = [
        (bucket, day)
        for bucket, period in enumerate(periods)
        for day in range(day_number(period.first), day_number(period.end))
    ]
    return facts.engine.hold(
        pa.table(
            {
                "bucket": pa.array([bucket for bucket, _ in pairs], pa.int32()),
                "day": pa.array([day for _, day in pairs], pa.int32()),
            }
        )
    )


def _visits(facts: Facts, term: Visits, periods: Sequence[Period], *, verified: bool) -> list[Cell]:
    rows = facts.table("visits_daily", *span(periods))
    visits = rows.visits_verified if verified else rows.visits
    dated = rows.mutate(counted=visits).join(_days(facts, periods), "day")
    query = dated.group_by(["bucket", "site_id"]).agg(
        numerator=dated.counted.sum().cast("int64"),
        seen=ibis._.count(),
        last_landed=dated.last_landed.max(),
    )
    found = []
    for row in facts.engine.rows(query).to_pylist():
        site = facts.dimensions.sites.on(row["site_id"], periods[row["bucket"]].last)
        if site is not None and site.kind in term.site_kinds:
            found.append(
                Cell(
                    bucket=row["bucket"],
                    agency=site.agency,
                    procedure=None,
                    numerator=row["numerator"],
                    denominator=None,
                    seen=row["seen"],
                    declared=0,
                    last_landed=row["last_landed"],
                )
            )
    facts.engine.forget()
    return found


def _cube(facts: Facts, periods: Sequence[Period], *, verified: bool) -> ir.Table:
    """The dossier cube of one trust, with the buckets of each day."""
    rows = facts.table("dossiers_daily", *span(periods))
    scopes = ["verified", "both"] if verified else ["any", "both"]
    return rows.filter(rows.scope.isin(scopes)).join(_days(facts, periods), "day")


def _dossiers(
    facts: Facts,
    version: Version,
    periods: Sequence[Period],
    *,
    verified: bool,
    by_procedure: bool,
) -> ir.Table:
    numerator, denominator = version.numerator, version.denominator
    assert isinstance(numerator, Dossiers)
    assert isinstance(denominator, Dossiers)
    rows = _cube(facts, periods, verified=verified)
    counted = _counts(rows, numerator)
    keys = ["bucket", "agency", *(["procedure"] if by_procedure else [])]
    query = rows.group_by(keys).agg(
        numerator=counted.ifelse(rows.dossiers, 0).sum().cast("int64"),
        denominator=_counts(rows, denominator).ifelse(rows.dossiers, 0).sum().cast("int64"),
        seen=rows.dossiers.sum().cast("int64"),
        declared=(counted & (rows.level_source == "declared") & _asks_level(numerator))
        .ifelse(rows.dossiers, 0)
        .sum()
        .cast("int64"),
        last_landed=rows.last_landed.max(),
    )
    return query if by_procedure else query.mutate(procedure=ibis.null("string"))


def _asks_level(term: Dossiers) -> ir.Value:
    return ibis.literal(term.levels is not None or term.full_online is not None)


def _counts(rows: ir.Table, term: Dossiers) -> ir.Value:
    """Whether a row of the cube counts in a term; what is unknown counts nowhere."""
    counted = rows.event == term.event
    if term.channels is not None:
        counted &= rows.channel.isin(term.channels).fill_null(False)
    if term.levels is not None:
        counted &= rows.level.isin(term.levels).fill_null(False)
    if term.full_online is not None:
        counted &= rows.full_online
    return counted


def _services(
    facts: Facts,
    version: Version,
    periods: Sequence[Period],
    *,
    verified: bool,
    by_procedure: bool,
) -> ir.Table:
    numerator, denominator = version.numerator, version.denominator
    assert isinstance(numerator, Services)
    assert isinstance(denominator, Services)
    offered = _offered(facts, periods)
    used = _used(facts, periods, offered, (numerator, denominator), verified=verified)
    service = ["bucket", "agency", "procedure"]
    known = offered.left_join(used, service).select(
        offered, used.in_numerator, used.in_denominator, used.dossiers, used.last_landed
    )

    def counts(term: Services, dossiers: ir.Value) -> ir.Value:
        there = known.level.isin(term.levels).fill_null(False)
        if term.with_dossiers is not None:
            there &= dossiers.fill_null(0) > 0
        return there.ifelse(1, 0).sum().cast("int64")

    keys = service if by_procedure else ["bucket", "agency"]
    query = known.group_by(keys).agg(
        numerator=counts(numerator, known.in_numerator),
        denominator=counts(denominator, known.in_denominator),
        seen=known.dossiers.sum().fill_null(0).cast("int64"),
        declared=ibis.literal(0),
        last_landed=known.last_landed.max(),
    )
    return query if by_procedure else query.mutate(procedure=ibis.null("string"))


def _offered(facts: Facts, periods: Sequence[Period]) -> ir.Table:
    """(bucket, agency, procedure, level): the catalogue on each period's last day."""
    services = facts.engine.hold(facts.dimensions.catalogue)
    last_days = facts.engine.hold(
        pa.table(
            {
                "bucket": pa.array(range(len(periods)), pa.int32()),
                "last_day": pa.array([day_number(p.last) for p in periods], pa.int32()),
            }
        )
    )
    holding = services.join(
        last_days,
        [services.valid_from <= last_days.last_day, last_days.last_day <= services.valid_to],
    )
    return holding.group_by(["bucket", "agency", "procedure"]).agg(
        level=holding.level.argmax(holding.valid_from)
    )


def _used(
    facts: Facts,
    periods: Sequence[Period],
    offered: ir.Table,
    terms: tuple[Services, Services],
    *,
    verified: bool,
) -> ir.Table:
    """Dossiers received per service: the exact agency's service, else its ministry's or province's.

    Columns bucket, agency, procedure, in_numerator, in_denominator, dossiers, last_landed.
    """
    rows = _cube(facts, periods, verified=verified)
    rows = rows.filter(rows.event == "received")

    def by_channel(term: Services) -> ir.Value:
        wanted = term.with_dossiers
        if wanted is None or "any" in wanted:
            return rows.dossiers.sum()
        return rows.channel.isin(wanted).fill_null(False).ifelse(rows.dossiers, 0).sum()

    received = rows.group_by(["bucket", "agency", "agency_top", "procedure"]).agg(
        in_numerator=by_channel(terms[0]),
        in_denominator=by_channel(terms[1]),
        dossiers=rows.dossiers.sum(),
        last_landed=rows.last_landed.max(),
    )
    measures = ("in_numerator", "in_denominator", "dossiers", "last_landed")
    keys = ["bucket", "agency", "procedure"]
    exact = received.semi_join(offered, keys).select(*keys, *measures)
    others = received.anti_join(offered, keys).drop("agency").rename(agency="agency_top")
    matched = ibis.union(exact, others.select(*keys, *measures))
    return matched.group_by(keys).agg(
        in_numerator=matched.in_numerator.sum(),
        in_denominator=matched.in_denominator.sum(),
        dossiers=matched.dossiers.sum(),
        last_landed=matched.last_landed.max(),
    )
