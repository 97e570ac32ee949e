"""Coverage: of the sources an indicator should hear from, how many did it hear from?

Expected are the registered sites (or systems) of the kinds the indicator needs that were there in
the period; a closed one stops being expected. A system that nobody registered, or that reports
dossiers for agencies of somebody else, counts as expected and reporting for those agencies.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import ibis.expr.types as ir

from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import Trust
from thuocdo.measure.definitions import Indicator, Version, Visits
from thuocdo.measure.engine import day_number
from thuocdo.measure.view import Facts


class SourceSeen(NamedTuple):
    """One expected source of an agency (as the registry or the events name it)."""

    agency: str
    reporting: bool


def source_table(version: Version) -> str:
    """The fact table that tells which sources reported."""
    is_visits = isinstance(version.numerator, Visits)
    return "site_sources_daily" if is_visits else "system_sources_daily"


def sources(
    facts: Facts, indicator: Indicator, version: Version, period: Period, trust: str, day: date
) -> list[SourceSeen]:
    """Every source that counts for coverage in the period, on the organisation map of `day`."""
    table = source_table(version)
    rows = facts.table(table, day_number(period.first), day_number(period.last))
    if table == "site_sources_daily":
        return _sites(facts, indicator, rows, period, trust)
    return _systems(facts, indicator, rows, period, trust, day)


def _heard(
    facts: Facts, rows: ir.Table, keys: list[str], period: Period, trust: str
) -> list[dict[str, Any]]:
    """The distinct sources that sent an event in the period, of verified events if so asked."""
    inside = rows.filter(rows.day.between(day_number(period.first), day_number(period.last)))
    if trust == Trust.VERIFIED:
        inside = inside.filter(inside.events_verified > 0)
    found: list[dict[str, Any]] = facts.engine.rows(inside.select(*keys).distinct()).to_pylist()
    facts.engine.forget()
    return found


def _sites(
    facts: Facts, indicator: Indicator, rows: ir.Table, period: Period, trust: str
) -> list[SourceSeen]:
    heard = {row["site_id"] for row in _heard(facts, rows, ["site_id"], period, trust)}
    expected = facts.dimensions.sites.expected(list(indicator.source_kinds), period)
    return [SourceSeen(site.agency, site.key in heard) for site in expected]


def _systems(
    facts: Facts, indicator: Indicator, rows: ir.Table, period: Period, trust: str, day: date
) -> list[SourceSeen]:
    organisation, systems = facts.dimensions.organisation, facts.dimensions.systems
    pairs = {
        (row["system"], row["agency"])
        for row in _heard(facts, rows, ["system", "agency"], period, trust)
    }
    heard = {system for system, _ in pairs}
    expected = systems.expected(list(indicator.source_kinds), period)
    found = [SourceSeen(system.agency, system.key in heard) for system in expected]
    own = {(system.key, organisation.top(system.agency, day)) for system in expected}
    guests = {(system, organisation.top(agency, day)) for system, agency in pairs} - own
    return found + [SourceSeen(top.code, reporting=True) for _, top in guests if top is not None]
