"""Which systems reported dossiers, and of which agencies: what coverage is told by."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from thuocdo.core.vocabulary import Trust
from thuocdo.measure.engine import local_day, micros
from thuocdo.measure.facts.schemas import SYSTEM_SOURCES_DAILY, conform

TABLE: Final = "system_sources_daily"


def sources(events: ir.Table) -> ir.Table:
    """Rows of SYSTEM_SOURCES_DAILY: which system sent events of which agency, by day of the event."""
    timed = events.select(
        "system",
        "agency",
        at=micros(events.event_time),
        landed=events.landed_at,
        verified=(events.trust == Trust.VERIFIED).ifelse(1, 0),
    ).mutate(day=local_day(ibis._.at))
    grouped = timed.group_by(["day", "system", "agency"]).agg(
        events=ibis._.count(),
        events_verified=timed.verified.sum(),
        last_event=timed["at"].max(),
        last_landed=timed.landed.max(),
    )
    return conform(
        grouped.mutate(last_landed=micros(grouped.last_landed)),
        SYSTEM_SOURCES_DAILY,
    )


def more_sources(before: ir.Table, events: ir.Table) -> ir.Table:
    """SYSTEM_SOURCES_DAILY of `before` (such rows) and of events that came since: counts add up."""
    both = ibis.union(before, sources(events))
    summed = both.group_by(["day", "system", "agency"]).agg(
        events=both.events.sum(),
        events_verified=both.events_verified.sum(),
        last_event=both.last_event.max(),
        last_landed=both.last_landed.max(),
    )
    return conform(summed, SYSTEM_SOURCES_DAILY)
