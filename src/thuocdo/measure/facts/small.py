"""The small daily counts beside visits and dossiers: interest in procedures, who showed it and on
which hosts a site's tag was, and what was refused."""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from thuocdo.core.clock import DAY_US, OFFSET_US
from thuocdo.core.vocabulary import ViewKind
from thuocdo.measure.engine import date_number, micros
from thuocdo.measure.facts.schemas import (
    HOSTS_DAILY,
    REJECTS_DAILY,
    STEP_MAKERS_DAILY,
    STEPS_DAILY,
    conform,
)

_MINUTE_US: Final = 60_000_000
OFFICE_OPENS_US: Final = 7 * 60 * _MINUTE_US
OFFICE_CLOSES_US: Final = (17 * 60 + 30) * _MINUTE_US
"""Within these local times from Monday to Saturday one-stop counters are open: hours differ from
province to province and by season, none opens earlier or closes later, and many receive on Saturdays
(OpenCPS counts those apart, facts/emc.md 2B)."""

_SUNDAY: Final = 6
_MONDAY: Final = 3
"""1970-01-01 was a Thursday: the day with number 0 is the third after Monday."""


def in_office_hours(instant_us: ir.Value) -> ir.Value:
    """Whether an instant (µs UTC) falls into office hours in Vietnam; a holiday is not told apart."""
    local = instant_us + OFFSET_US
    of_day = local % DAY_US
    weekday = (local // DAY_US + _MONDAY) % 7
    return (weekday < _SUNDAY) & (of_day >= OFFICE_OPENS_US) & (of_day < OFFICE_CLOSES_US)


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


def step_makers_daily(steps: ir.Table) -> ir.Table:
    """Rows of STEP_MAKERS_DAILY of whole local days: how many visitors made how many steps.

    A visitor is a browser (or, without a first-party id, an address and agent) on one site and day,
    known by a keyed hash of that day alone; a step without a visitor is one of a visitor of its own.
    """
    human = steps.filter(steps.bot.isnull()).select(
        "day", "site_id", "state", "visitor", "landed_at", at=micros(steps.event_time)
    )
    counted = human.mutate(in_hours=in_office_hours(human["at"]).ifelse(1, 0))
    key = ["day", "site_id", "state"]
    nameless = counted.filter(counted.visitor.isnull())
    known = counted.filter(counted.visitor.notnull()).group_by([*key, "visitor"])
    each = ibis.union(
        known.agg(
            made=ibis._.count(), in_hours=ibis._.in_hours.sum(), landed=ibis._.landed_at.max()
        ).drop("visitor"),
        nameless.select(
            *key,
            made=ibis.literal(1, "int64"),
            in_hours=nameless.in_hours.cast("int64"),
            landed=nameless.landed_at,
        ),
    )
    grouped = each.group_by([*key, "made"]).agg(
        visitors=ibis._.count(), in_hours=each.in_hours.sum(), last_landed=each.landed.max()
    )
    return conform(
        grouped.mutate(day=date_number(grouped.day), last_landed=micros(grouped.last_landed)),
        STEP_MAKERS_DAILY,
    )


def hosts_daily(events: ir.Table) -> ir.Table:
    """Rows of HOSTS_DAILY of whole local days of page views: where a site's tag was seen."""
    human = events.filter(events.bot.isnull() & (events.kind == ViewKind.VIEW))
    grouped = human.group_by(["day", "site_id", "host"]).agg(
        views=ibis._.count(), last_landed=human.landed_at.max()
    )
    return conform(
        grouped.mutate(day=date_number(grouped.day), last_landed=micros(grouped.last_landed)),
        HOSTS_DAILY,
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
