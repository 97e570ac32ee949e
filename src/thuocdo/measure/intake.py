"""What came in, hour by hour: of one site or agency, and under ids that nobody registered."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import OFFSET_US, Period
from thuocdo.core.vocabulary import Intake, RejectReason
from thuocdo.measure.compute import Remember
from thuocdo.measure.engine import day_number
from thuocdo.measure.facts.intake import HOUR_US, TABLE
from thuocdo.measure.model import IntakeCount, IntakeTotal, Stranger
from thuocdo.measure.view import Piece, StoredFacts

_KEYS: Final = ["hour", "site_id", "system", "feed", "trust", "outcome", "reason"]
_STRANGERS: Final = 500
"""Ids that nobody registered: more than these say nothing to anybody."""


def of_sources(
    facts: StoredFacts,
    since: int,
    until: int,
    sites: Collection[int],
    systems: Collection[str],
    remember: Remember,
) -> list[IntakeCount]:
    """The counts of some sites and systems in the local hours that begin from `since` to `until`."""
    hours = _hours(since, until)

    def count(piece: Piece) -> list[IntakeCount]:
        rows = facts.engine.rows(
            of_these,
            piece.rows(),
            facts.engine.hold(pa.table({"hour": pa.array(hours, pa.int32())})),
            facts.engine.hold(pa.table({"site_id": pa.array(sorted(sites), pa.int64())})),
            facts.engine.hold(pa.table({"system": pa.array(sorted(systems), pa.string())})),
        )
        facts.engine.forget()
        return [_count(row) for row in rows.to_pylist()]

    whose = (tuple(sorted(sites)), tuple(sorted(systems)))
    found: list[IntakeCount] = []
    for piece in facts.landed(TABLE, since):
        key = ("intake", piece.key, hours.start, hours.stop, *whose)
        found += remember(key, partial(count, piece))
    return found


def totals(facts: StoredFacts, since: int, until: int, remember: Remember) -> list[IntakeTotal]:
    """What every source sent in the local hours that begin from `since` to `until`, by outcome."""
    hours = _hours(since, until)

    def count(piece: Piece) -> list[IntakeTotal]:
        held = facts.engine.hold(pa.table({"hour": pa.array(hours, pa.int32())}))
        rows = facts.engine.rows(of_everybody, piece.rows(), held)
        facts.engine.forget()
        return [IntakeTotal(**row) for row in rows.to_pylist()]

    return [
        total
        for piece in facts.landed(TABLE, since)
        for total in remember(("totals", piece.key, hours.start, hours.stop), partial(count, piece))
    ]


def strangers(facts: StoredFacts, since: int, until: int, remember: Remember) -> list[Stranger]:
    """Site ids that nobody had registered when they were refused, the most frequent first."""
    hours = _hours(since, until)

    def count(piece: Piece) -> list[Stranger]:
        held = facts.engine.hold(pa.table({"hour": pa.array(hours, pa.int32())}))
        rows = facts.engine.rows(of_strangers, piece.rows(), held)
        facts.engine.forget()
        return [Stranger(**row) for row in rows.to_pylist()]

    parts = [
        stranger
        for piece in facts.landed(TABLE, since)
        for stranger in remember(
            ("strangers", piece.key, hours.start, hours.stop), partial(count, piece)
        )
    ]
    return sorted(_together(parts), key=lambda one: (-one.records, one.site_id))[:_STRANGERS]


def loop_views(facts: StoredFacts, site_id: int, period: Period, remember: Remember) -> int:
    """Views of a site on some days that reloads at a steady interval made."""
    first, last = day_number(period.first), day_number(period.last)

    def add_up(piece: Piece) -> int:
        given = piece.rows()
        days = facts.engine.hold(pa.table({"day": pa.array(range(first, last + 1), pa.int32())}))
        sites = facts.engine.hold(pa.table({"site_id": pa.array([site_id], pa.int64())}))
        (row,) = facts.engine.rows(of_loops, given, days, sites).to_pylist()
        facts.engine.forget()
        return int(row["views"])

    return sum(
        remember(("loops", piece.key, first, last, site_id), partial(add_up, piece))
        for piece in facts.pieces("visits_daily", first, last)
    )


def of_loops(rows: ir.Table, days: ir.Table, sites: ir.Table) -> ir.Table:
    """(views) of VISITS_DAILY: those of loops on these days, of these sites."""
    inside = rows.semi_join(sites, "site_id").semi_join(days, "day")
    return inside.agg(views=inside.loop_views.sum().fill_null(0).cast("int64"))


def of_these(rows: ir.Table, hours: ir.Table, sites: ir.Table, systems: ir.Table) -> ir.Table:
    """INTAKE of some hours, of these sites or these systems; no row has both.

    Joined one by one, so that the engine reads of the files no more than the few rows it is about.
    """
    of_sites = rows.semi_join(sites, "site_id")
    of_systems = rows.semi_join(systems, "system")
    wanted = ibis.union(of_sites, of_systems).semi_join(hours, "hour")
    return wanted.group_by(_KEYS).agg(
        records=ibis._.records.sum().cast("int64"), last_landed=ibis._.last_landed.max()
    )


def of_everybody(rows: ir.Table, hours: ir.Table) -> ir.Table:
    """(site_id, system, outcome, reason, records) of some hours."""
    inside = rows.semi_join(hours, "hour")
    return inside.group_by(["site_id", "system", "outcome", "reason"]).agg(
        records=ibis._.records.sum().cast("int64")
    )


def of_strangers(rows: ir.Table, hours: ir.Table) -> ir.Table:
    """(site_id, records, last_landed) of what was refused because nobody knows its site id."""
    inside = rows.semi_join(hours, "hour")
    unknown = inside.filter(
        (inside.outcome == Intake.REFUSED)
        & (inside.reason == RejectReason.UNKNOWN_SITE)
        & inside.site_id.notnull()
    )
    return unknown.group_by("site_id").agg(
        records=ibis._.records.sum().cast("int64"), last_landed=ibis._.last_landed.max()
    )


def _hours(since: int, until: int) -> range:
    """Numbers of the local hours that begin in [since, until), µs UTC."""
    return range(-(-(since + OFFSET_US) // HOUR_US), -(-(until + OFFSET_US) // HOUR_US))


def _count(row: dict[str, object]) -> IntakeCount:
    hour = row.pop("hour")
    assert isinstance(hour, int)
    return IntakeCount(hour=hour * HOUR_US - OFFSET_US, **row)  # type: ignore[arg-type]


def _together(parts: Iterable[Stranger]) -> list[Stranger]:
    """One of each id."""
    found: dict[int, Stranger] = {}
    for part in parts:
        known = found.get(part.site_id)
        found[part.site_id] = (
            part
            if known is None
            else Stranger(
                part.site_id,
                known.records + part.records,
                max(known.last_landed, part.last_landed),
            )
        )
    return list(found.values())
