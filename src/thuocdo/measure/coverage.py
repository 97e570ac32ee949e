"""Coverage: of the sources an indicator should hear from, how many did it hear from?

Expected are the registered sites (or systems) of the kinds the indicator needs that were there in
the period; a closed one stops being expected. A system that nobody registered, or that reports
dossiers for agencies of somebody else, counts as expected and reporting for those agencies.
"""

from __future__ import annotations

from functools import partial
from itertools import starmap
from typing import Any, Final, NamedTuple

import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.vocabulary import Trust
from thuocdo.measure.compute import Remember
from thuocdo.measure.counting.daily import Daily, in_periods
from thuocdo.measure.definitions import FeedHours, Feeds, Interest, Version, Visits
from thuocdo.measure.engine import day_number
from thuocdo.measure.frame import Frame
from thuocdo.measure.view import Facts, Piece

KEYS: Final = {"site_sources_daily": ["site_id"], "system_sources_daily": ["system", "agency"]}


class Heard(NamedTuple):
    """What one source sent of the days of a period."""

    events: int = 0
    events_verified: int = 0


_ITSELF: Final = (FeedHours, Feeds)
"""Terms that count what was heard: their figure is the coverage."""


class SourceSeen(NamedTuple):
    """What one source adds to an agency (as the registry or the events name it).

    expected, reporting, new  1 or 0. A system's events count for the agencies they speak of, which
                              need not be the one that runs it: they are rows of their own
    """

    agency: str
    expected: int = 0
    reporting: int = 0
    new: int = 0
    events: int = 0
    events_verified: int = 0


def source_table(version: Version) -> str:
    """The fact table that tells which sources reported."""
    is_visits = isinstance(version.numerator, (Visits, Interest))
    return "site_sources_daily" if is_visits else "system_sources_daily"


def sources(facts: Facts, frame: Frame, remember: Remember) -> list[SourceSeen]:
    """Every source that counts for coverage in the period, on the organisation map of the frame."""
    if isinstance(frame.version.numerator, _ITSELF) or not frame.version.is_computable:
        return []
    found = heard_in(facts, frame, remember)
    if source_table(frame.version) == "site_sources_daily":
        return _sites(facts, frame, found)
    return _systems(facts, frame, found)


def heard_in(facts: Facts, frame: Frame, remember: Remember) -> dict[tuple[Any, ...], Heard]:
    """What each source sent in the period, by the keys of its fact table; only verified if so asked."""
    table = source_table(frame.version)
    keys = KEYS[table]
    first, last = day_number(frame.period.first), day_number(frame.period.last)
    verified = frame.trust == Trust.VERIFIED

    def hear(piece: Piece) -> Daily:
        rows = facts.engine.rows(heard, piece.rows(), keys=keys, verified=verified)
        facts.engine.forget()
        return Daily.of(rows, keys, Heard._fields)

    def add_up() -> dict[tuple[Any, ...], Heard]:
        parts = [
            in_periods(
                remember(("heard", piece.key, verified), partial(hear, piece)), [frame.period]
            )
            for piece in pieces
        ]
        if not parts:
            return {}
        sums: list[Any] = [(name, "sum") for name in Heard._fields]
        summed = pa.concat_tables(parts).group_by(keys).aggregate(sums)
        sources = zip(*(summed[name].to_pylist() for name in keys), strict=True)
        sent = zip(*(summed[f"{name}_sum"].to_pylist() for name in Heard._fields), strict=True)
        return dict(zip(sources, starmap(Heard, sent), strict=True))

    pieces = facts.pieces(table, first, last)
    files = tuple(file for piece in pieces for file in piece.key)
    return remember(("heard", files, frame.period, verified), add_up)


def heard(rows: ir.Table, *, keys: list[str], verified: bool) -> ir.Table:
    """(day, `keys`, events, events_verified, last_landed); verified events alone if so asked."""
    inside = rows.filter(rows.events_verified > 0) if verified else rows
    sent = inside.events_verified if verified else inside.events
    return inside.select("day", *keys, "events_verified", "last_landed", events=sent)


def _sites(facts: Facts, frame: Frame, heard: dict[tuple[Any, ...], Heard]) -> list[SourceSeen]:
    sites = facts.dimensions.sites
    return [
        SourceSeen(
            site.agency,
            1,
            int((site.key,) in heard),
            int(sites.began(site.key) >= frame.period.first),
            *heard.get((site.key,), Heard()),
        )
        for site in sites.expected(frame.indicator.source_kinds, frame.period)
    ]


def _systems(facts: Facts, frame: Frame, pairs: dict[tuple[Any, ...], Heard]) -> list[SourceSeen]:
    organisation, day = facts.dimensions.organisation, frame.organised
    systems = facts.dimensions.systems
    heard = {system for system, _ in pairs}
    expected = systems.expected(frame.indicator.source_kinds, frame.period)
    found = [
        SourceSeen(
            system.agency,
            1,
            int(system.key in heard),
            int(systems.began(system.key) >= frame.period.first),
        )
        for system in expected
    ]
    own = {(system.key, organisation.top(system.agency, day)) for system in expected}
    guests = {(system, organisation.top(agency, day)) for system, agency in pairs} - own
    found += [SourceSeen(top.code, 1, 1) for _, top in guests if top is not None]
    return found + [SourceSeen(agency, 0, 0, 0, *sent) for (_, agency), sent in pairs.items()]
