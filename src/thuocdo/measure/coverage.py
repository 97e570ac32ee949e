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
import numpy as np
import pyarrow as pa

from thuocdo.core.vocabulary import Trust
from thuocdo.measure.compute import Remember
from thuocdo.measure.counting.daily import Daily, added, in_periods
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
    """What sources add to an agency (as the registry or the events name it): counts of them.

    expected, reporting, new  A system's events count for the agencies they speak of, which need not
                              be the one that runs it: they are rows of their own, without sources
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
    """The sources that count for coverage in the period, on the organisation map of the frame."""
    if isinstance(frame.version.numerator, _ITSELF) or not frame.version.is_computable:
        return []
    found = _heard_in(facts, frame, remember)
    if source_table(frame.version) == "site_sources_daily":
        return _sites(facts, frame, found)
    return _systems(facts, frame, _by_source(found))


def heard_in(facts: Facts, frame: Frame, remember: Remember) -> dict[tuple[Any, ...], Heard]:
    """What each source sent in the period, by the keys of its fact table; only verified if so asked."""
    return _by_source(_heard_in(facts, frame, remember))


def _by_source(found: pa.Table) -> dict[tuple[Any, ...], Heard]:
    keys = [name for name in found.column_names if name not in Heard._fields]
    sources = zip(*(found[name].to_pylist() for name in keys), strict=True)
    sent = zip(*(found[name].to_pylist() for name in Heard._fields), strict=True)
    return dict(zip(sources, starmap(Heard, sent), strict=True))


def _heard_in(facts: Facts, frame: Frame, remember: Remember) -> pa.Table:
    """(keys, events, events_verified), a row a source that sent anything."""
    table = source_table(frame.version)
    keys = KEYS[table]
    first, last = day_number(frame.period.first), day_number(frame.period.last)
    verified = frame.trust == Trust.VERIFIED

    def hear(piece: Piece) -> Daily:
        rows = facts.engine.rows(heard, piece.rows(), keys=keys, verified=verified)
        facts.engine.forget()
        return Daily.of(rows, keys, Heard._fields)

    def add_up() -> pa.Table:
        parts = [
            in_periods(
                remember(("heard", piece.key, verified), partial(hear, piece)), [frame.period]
            )
            for piece in pieces
        ]
        names = [*keys, *Heard._fields]
        if not parts:
            return pa.table({name: [] for name in names})
        return added(pa.concat_tables(parts).select([*names, "last_landed"]), keys).select(names)

    pieces = facts.pieces(table, first, last)
    files = tuple(file for piece in pieces for file in piece.key)
    return remember(("heard", table, files, frame.period, verified), add_up)


def heard(rows: ir.Table, *, keys: list[str], verified: bool) -> ir.Table:
    """(day, `keys`, events, events_verified, last_landed); verified events alone if so asked."""
    inside = rows.filter(rows.events_verified > 0) if verified else rows
    sent = inside.events_verified if verified else inside.events
    return inside.select("day", *keys, "events_verified", "last_landed", events=sent)


def _sites(facts: Facts, frame: Frame, heard: pa.Table) -> list[SourceSeen]:
    """Counts by the agency that runs the sites: there are thousands of them."""
    sites = facts.dimensions.sites.side_by_side
    rows, places = sites.expected(frame.indicator.source_kinds, frame.period)
    heard_places, known = sites.places(np.asarray(heard["site_id"].to_numpy(), np.int64))
    heard_places = heard_places[known]
    counts = {
        "expected": np.ones(len(rows), np.int64),
        "reporting": np.isin(places, heard_places).astype(np.int64),
        "new": (sites.began(places) >= day_number(frame.period.first)).astype(np.int64),
    }
    for name in Heard._fields:
        sent = np.zeros(len(sites.keys), np.int64)
        sent[heard_places] = np.asarray(heard[name].to_numpy(), np.int64)[known]
        counts[name] = sent[places]
    agencies, inverse = np.unique(sites.agency[rows], return_inverse=True)
    sums = {name: np.zeros(len(agencies), np.int64) for name in counts}
    for name, values in counts.items():
        np.add.at(sums[name], inverse, values)
    codes = [sites.words[agency] for agency in agencies.tolist()]
    return list(starmap(SourceSeen, zip(codes, *(s.tolist() for s in sums.values()), strict=True)))


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
