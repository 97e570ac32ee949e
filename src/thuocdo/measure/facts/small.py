"""The small daily counts beside visits and dossiers: interest in procedures, and what was refused."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from thuocdo.measure.engine import date_number, micros
from thuocdo.measure.facts.schemas import REJECTS_DAILY, STEPS_DAILY, conform


def steps_daily(steps: ir.Table) -> ir.Table:
    """Rows of STEPS_DAILY of whole local days: `trackDVC` calls by people. Interest, never dossiers."""
    human = steps.filter(steps.bot.isnull())
    grouped = human.group_by(["day", "site_id", "procedure", "state"]).agg(
        steps=ibis._.count(), visitors=human.visitor.nunique(), last_landed=human.landed_at.max()
    )
    return conform(
        grouped.mutate(day=date_number(grouped.day), last_landed=micros(grouped.last_landed)),
        STEPS_DAILY,
    )


def rejects_daily(rejects: ir.Table) -> ir.Table:
    """Rows of REJECTS_DAILY of whole local days of landing."""
    grouped = rejects.group_by(["day", "site_id", "agency", "reason", "feed"]).agg(
        rejects=ibis._.count(), last_landed=rejects.landed_at.max()
    )
    return conform(
        grouped.mutate(day=date_number(grouped.day), last_landed=micros(grouped.last_landed)),
        REJECTS_DAILY,
    )
