"""Visits: what a person did, out of page views, what a browser did (DESIGN.md §5.3).

A visit is a run of views by one visitor on one site with no gap of 30 minutes (the analytics
world's usual session, Matomo's default too), cut at local midnight because a partition is one
local day. A view without a visitor is a visit of its own. Bots are counted apart.
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir

from thuocdo.core.vocabulary import Trust, ViewKind
from thuocdo.measure.engine import date_number, micros, union
from thuocdo.measure.facts.schemas import SITE_SOURCES_DAILY, VISITS_DAILY, conform

GAP_US: Final = 30 * 60 * 1_000_000
"""A gap of this length or more starts a new visit."""

_KEY: Final = ["day", "site_id"]

_USED: Final = (
    *("day", "site_id", "visitor", "event_time", "landed_at", "trust", "bot"),
    *("kind", "procedure", "state", "agency", "reason", "feed"),
)
"""Columns that daily facts are made of."""


def visits_daily(events: ir.Table) -> ir.Table:
    """Rows of VISITS_DAILY of whole local days of page views (lake/schemas.py: PAGE_VIEWS)."""
    page_views = events.mutate(day=date_number(events.day))
    human = page_views.bot.isnull() & (page_views.kind == ViewKind.VIEW)
    verified = page_views.trust == Trust.VERIFIED
    totals = page_views.group_by(_KEY).agg(
        views=human.ifelse(1, 0).sum(),
        views_verified=(human & verified).ifelse(1, 0).sum(),
        bot_views=page_views.bot.notnull().ifelse(1, 0).sum(),
        last_landed=page_views.landed_at.max(),
    )
    every = _visits(page_views.filter(human))
    vouched = _visits(page_views.filter(human & verified)).select(
        *_KEY, visits_verified=ibis._.visits
    )
    joined = totals.left_join(every, _KEY).select(totals, every.visits, every.visitors)
    joined = joined.left_join(vouched, _KEY).select(joined, vouched.visits_verified)
    return conform(
        joined.mutate(
            visits=joined.visits.fill_null(0),
            visitors=joined.visitors.fill_null(0),
            visits_verified=joined.visits_verified.fill_null(0),
            last_landed=micros(joined.last_landed),
        ),
        VISITS_DAILY,
    )


def _visits(views: ir.Table) -> ir.Table:
    """(day, site_id, visits, visitors) of human views.

    Most visitors' views span less than one gap: they are one visit without looking at the order.
    Only the others are sorted.
    """
    anonymous = (
        views.filter(views.visitor.isnull())
        .group_by(_KEY)
        .agg(visits=ibis._.count(), visitors=ibis.literal(0, "int64"))
    )
    known = views.filter(views.visitor.notnull()).select(
        *_KEY, "visitor", at=micros(views.event_time)
    )
    people = known.group_by([*_KEY, "visitor"]).agg(first=known.at.min(), last=known.at.max())
    brief = people.last - people.first < GAP_US
    counted = people.group_by(_KEY).agg(visits=brief.ifelse(1, 0).sum(), visitors=ibis._.count())
    long = known.semi_join(people.filter(~brief), [*_KEY, "visitor"])
    before = long.at.lag().over(group_by=[long.day, long.site_id, long.visitor], order_by=long.at)
    starts = long.mutate(starts=(before.isnull() | (long.at - before >= GAP_US)).ifelse(1, 0))
    runs = starts.group_by(_KEY).agg(visits=starts.starts.sum(), visitors=ibis.literal(0, "int64"))
    parts = union([anonymous, counted, runs])
    return parts.group_by(_KEY).agg(visits=parts.visits.sum(), visitors=parts.visitors.sum())


def sources(events: ir.Table) -> ir.Table:
    """Rows of SITE_SOURCES_DAILY from page views or service steps of whole days: who reported.

    Bots count here: a source that sends anything is connected.
    """
    grouped = events.group_by(_KEY).agg(
        events=ibis._.count(),
        events_verified=(events.trust == Trust.VERIFIED).ifelse(1, 0).sum(),
        last_event=events.event_time.max(),
        last_landed=events.landed_at.max(),
    )
    return conform(
        grouped.mutate(
            day=date_number(grouped.day),
            last_event=micros(grouped.last_event),
            last_landed=micros(grouped.last_landed),
        ),
        SITE_SOURCES_DAILY,
    )


def sites(events: ir.Table) -> ir.Table:
    """Which sites events of one day speak of; null is one of them."""
    return events.select("site_id").distinct()


def of_sites(events: ir.Table, wanted: ir.Table) -> ir.Table:
    """The events of some sites (`sites`), in the columns that daily facts need."""
    used = events.select(*(name for name in _USED if name in events.columns))
    return used.semi_join(wanted, used.site_id.identical_to(wanted.site_id))


def with_sites(before: ir.Table, wanted: ir.Table, after: ir.Table) -> ir.Table:
    """The daily fact `before` with the rows `after` in place of those of some sites."""
    others = before.anti_join(wanted, before.site_id.identical_to(wanted.site_id))
    return ibis.union(others, after)
