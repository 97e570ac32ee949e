"""Intake: what came in by the hour, and what became of it: accepted, a robot's, refused.

It is counted by the hour in which it landed, for it answers "do we hear from you, and what do we
say?". A page view is known by its site; a message about a dossier by its system, because the lake
keeps no site of it; what was refused, by the site it named, registered or not. Which agencies a
system reports of is another fact (facts/dossiers.py: sources): by the hour they would be as many
rows as there are messages.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from thuocdo.core.clock import OFFSET_US
from thuocdo.core.vocabulary import Intake
from thuocdo.measure.engine import date_number, micros
from thuocdo.measure.facts.schemas import INTAKE, conform

TABLE: Final = "intake"
HOUR_US: Final = 3_600_000_000
_COUNTED: Final = ("records", "last_landed")
_KEYS: Final = [name for name in INTAKE.names if name not in _COUNTED]
_ORDER: Final = ["site_id", "system", "hour"]


def of_views(events: ir.Table) -> ir.Table:
    """Rows of INTAKE from page views or steps of services of whole local days."""
    counted = _counted(events, "day", "site_id", "bot")
    outcome = counted.bot.notnull().ifelse(Intake.BOT.value, Intake.ACCEPTED.value)
    return _shaped(counted, day=date_number(counted.day), outcome=outcome, reason=counted.bot)


def of_rejects(rejects: ir.Table) -> ir.Table:
    """Rows of INTAKE from rejects of whole local days of landing."""
    counted = _counted(rejects, "day", "site_id", "agency", "reason")
    outcome = ibis.literal(Intake.REFUSED.value)
    return _shaped(counted, day=date_number(counted.day), outcome=outcome)


def of_dossiers(events: ir.Table) -> ir.Table:
    """Rows of INTAKE from dossier events; a home month says nothing of their day."""
    counted = _counted(events, "system")
    return _shaped(counted, outcome=ibis.literal(Intake.ACCEPTED.value))


def more(before: ir.Table, since: ir.Table) -> ir.Table:
    """INTAKE of `before` and of the events that came `since` (both such rows): counts add up."""
    both = ibis.union(before, since)
    summed = both.group_by(_KEYS).agg(
        records=both.records.sum(), last_landed=both.last_landed.max()
    )
    return conform(summed, INTAKE).order_by(_ORDER)


def _counted(events: ir.Table, *keys: str) -> ir.Table:
    """Records by hour of landing, feed, trust and what else tells them apart."""
    landed = events.mutate(landed=micros(events.landed_at))
    keyed = landed.mutate(hour=(landed.landed + OFFSET_US) // HOUR_US)
    return keyed.group_by(["hour", "feed", "trust", *keys]).agg(
        records=ibis._.count(), last_landed=keyed.landed.max()
    )


def _shaped(counted: ir.Table, **said: ir.Value) -> ir.Table:
    """All columns of INTAKE, null where there is nothing to say."""
    missing = {name: ibis.null() for name in INTAKE.names if name not in counted.columns}
    return conform(counted.mutate(**(missing | said)), INTAKE).order_by(_ORDER)
