"""Coverage: of the sources an indicator should hear from, how many did it hear from?

Expected are the registered sites (or systems) of the kinds the indicator needs that were there in
the period; a closed one stops being expected. A system that nobody registered, or that reports
dossiers for agencies of somebody else, counts as expected and reporting for those agencies.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final, NamedTuple

import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.vocabulary import Trust
from thuocdo.measure.compute import Remember
from thuocdo.measure.definitions import FeedHours, Feeds, Interest, Version, Visits
from thuocdo.measure.engine import day_number
from thuocdo.measure.frame import Frame
from thuocdo.measure.view import Facts, Piece

_KEYS: Final = {"site_sources_daily": ["site_id"], "system_sources_daily": ["system", "agency"]}


_ITSELF: Final = (FeedHours, Feeds)
"""Terms that count what was heard: their figure is the coverage."""


class SourceSeen(NamedTuple):
    """One expected source of an agency (as the registry or the events name it)."""

    agency: str
    reporting: bool


def source_table(version: Version) -> str:
    """The fact table that tells which sources reported."""
    is_visits = isinstance(version.numerator, (Visits, Interest))
    return "site_sources_daily" if is_visits else "system_sources_daily"


def sources(facts: Facts, frame: Frame, remember: Remember) -> list[SourceSeen]:
    """Every source that counts for coverage in the period, on the organisation map of the frame."""
    if isinstance(frame.version.numerator, _ITSELF) or not frame.version.is_computable:
        return []
    table = source_table(frame.version)
    keys = _KEYS[table]
    first, last = day_number(frame.period.first), day_number(frame.period.last)
    verified = frame.trust == Trust.VERIFIED

    def hear(piece: Piece) -> set[tuple[Any, ...]]:
        given = piece.rows()  # first: making history forgets what is held
        days = facts.engine.hold(pa.table({"day": pa.array(range(first, last + 1), pa.int32())}))
        rows = facts.engine.rows(heard, given, days, keys=keys, verified=verified)
        facts.engine.forget()
        return set(zip(*(column.to_pylist() for column in rows.columns), strict=True))

    found: set[tuple[Any, ...]] = set()
    for piece in facts.pieces(table, first, last):
        key = ("heard", piece.key, first, last, verified)
        found |= remember(key, partial(hear, piece))
    if table == "site_sources_daily":
        return _sites(facts, frame, {site for (site,) in found})
    return _systems(facts, frame, found)


def heard(rows: ir.Table, days: ir.Table, *, keys: list[str], verified: bool) -> ir.Table:
    """The distinct sources that sent an event on these days, of verified events if so asked."""
    inside = rows.semi_join(days, "day")
    if verified:
        inside = inside.filter(inside.events_verified > 0)
    return inside.select(*keys).distinct()


def _sites(facts: Facts, frame: Frame, heard: set[int]) -> list[SourceSeen]:
    expected = facts.dimensions.sites.expected(frame.indicator.source_kinds, frame.period)
    return [SourceSeen(site.agency, site.key in heard) for site in expected]


def _systems(facts: Facts, frame: Frame, pairs: set[tuple[str, str]]) -> list[SourceSeen]:
    organisation, day = facts.dimensions.organisation, frame.organised
    heard = {system for system, _ in pairs}
    expected = facts.dimensions.systems.expected(frame.indicator.source_kinds, frame.period)
    found = [SourceSeen(system.agency, system.key in heard) for system in expected]
    own = {(system.key, organisation.top(system.agency, day)) for system in expected}
    guests = {(system, organisation.top(agency, day)) for system, agency in pairs} - own
    return found + [SourceSeen(top.code, reporting=True) for _, top in guests if top is not None]
