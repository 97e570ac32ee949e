"""Intake: what came in by the hour, and what became of it: accepted, a robot's, refused.

It is counted by the hour in which it landed, for it answers "do we hear from you, and what do we
say?". A page view is known by its site; a message about a dossier by its system and agency, because
the lake keeps no site of it; what was refused, by the site it named, registered or not.
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
    is_bot = events.bot.notnull()
    return _counted(
        events.mutate(
            day=date_number(events.day),
            system=ibis.null("string"),
            agency=ibis.null("string"),
            outcome=is_bot.ifelse(Intake.BOT.value, Intake.ACCEPTED.value),
            reason=events.bot,
        )
    )


def of_rejects(rejects: ir.Table) -> ir.Table:
    """Rows of INTAKE from rejects of whole local days of landing."""
    return _counted(
        rejects.mutate(
            day=date_number(rejects.day),
            system=ibis.null("string"),
            outcome=ibis.literal(Intake.REFUSED.value),
        )
    )


def of_dossiers(events: ir.Table) -> ir.Table:
    """Rows of INTAKE from dossier events; a home month says nothing of their day."""
    return _counted(
        events.mutate(
            day=ibis.null("int32"),
            site_id=ibis.null("int64"),
            outcome=ibis.literal(Intake.ACCEPTED.value),
            reason=ibis.null("string"),
        )
    )


def more(before: ir.Table, since: ir.Table) -> ir.Table:
    """INTAKE of `before` and of the events that came `since` (both such rows): counts add up."""
    both = ibis.union(before, since)
    summed = both.group_by(_KEYS).agg(
        records=both.records.sum(), last_landed=both.last_landed.max()
    )
    return conform(summed, INTAKE).order_by(_ORDER)


def _counted(events: ir.Table) -> ir.Table:
    landed = events.mutate(landed=micros(events.landed_at))
    keyed = landed.mutate(hour=(landed.landed + OFFSET_US) // HOUR_US)
    counted = keyed.group_by(_KEYS).agg(records=ibis._.count(), last_landed=keyed.landed.max())
    return conform(counted, INTAKE).order_by(_ORDER)
