"""Visits: what a person did, out of page views, what a browser did (DESIGN.md §5.3).

A visit is a run of views by one visitor on one site with no gap of 30 minutes (the analytics
world's usual session, Matomo's default too), cut at local midnight because a partition is one
local day. A view without a visitor is a visit of its own. Bots are counted apart: those that landing
knew by their agent or network, and visitors who reload at a steady interval, which only all views of
their day can tell.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Final

import ibis
import ibis.expr.types as ir
import msgspec
import yaml

from thuocdo.core.vocabulary import Trust, ViewKind
from thuocdo.measure.engine import date_number, micros, union
from thuocdo.measure.facts.schemas import SITE_SOURCES_DAILY, VISITS_DAILY, conform

GAP_US: Final = 30 * 60 * 1_000_000
"""A gap of this length or more starts a new visit."""

_SECOND_US: Final = 1_000_000
_MINUTE_US: Final = 60 * _SECOND_US
_HOUR_US: Final = 60 * _MINUTE_US
_KEY: Final = ["day", "site_id"]
_PERSON: Final = [*_KEY, "visitor"]
_NOTHING: Final = ibis.literal(0, "int64")

_USED: Final = (
    *("day", "site_id", "visitor", "event_time", "landed_at", "trust", "bot"),
    *("kind", "host", "procedure", "state", "agency", "reason", "feed"),
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
        *_KEY, visits_verified=ibis._.visits, loops_verified=ibis._.loop_views
    )
    joined = totals.left_join(every, _KEY).select(
        totals, every.visits, every.visitors, every.loop_views, every.tireless_views
    )
    joined = joined.left_join(vouched, _KEY).select(
        joined, vouched.visits_verified, vouched.loops_verified
    )
    loops = joined.loop_views.fill_null(0)
    return conform(
        joined.mutate(
            visits=joined.visits.fill_null(0),
            visitors=joined.visitors.fill_null(0),
            visits_verified=joined.visits_verified.fill_null(0),
            views=joined.views - loops,
            views_verified=joined.views_verified - joined.loops_verified.fill_null(0),
            bot_views=joined.bot_views + loops,
            loop_views=loops,
            tireless_views=joined.tireless_views.fill_null(0),
            last_landed=micros(joined.last_landed),
        ),
        VISITS_DAILY,
    )


def _visits(views: ir.Table) -> ir.Table:
    """(day, site_id, visits, visitors, loop_views, tireless_views) of views that landing took for a person's.

    Most visitors have few views that span less than one gap: they are one visit without looking at
    the order. Only the others are sorted.
    """
    rules = _rules()
    anonymous = (
        views.filter(views.visitor.isnull())
        .group_by(_KEY)
        .agg(visits=ibis._.count(), visitors=_NOTHING, loop_views=_NOTHING, tireless_views=_NOTHING)
    )
    known = views.filter(views.visitor.notnull()).select(
        *_KEY, "visitor", at=micros(views.event_time)
    )
    people = known.group_by(_PERSON).agg(
        first=known.at.min(), last=known.at.max(), views=ibis._.count()
    )
    brief = (people.last - people.first < GAP_US) & (people.views < rules.fewest_views)
    counted = people.group_by(_KEY).agg(
        visits=brief.ifelse(1, 0).sum(),
        visitors=ibis._.count(),
        loop_views=_NOTHING,
        tireless_views=_NOTHING,
    )
    others = _in_order(known.semi_join(people.filter(~brief), _PERSON))
    is_loop = (others.views >= rules.fewest_views) & (
        others.steady * 100 >= (others.views - 2) * rules.steady_percent
    )
    is_tireless = (
        ~is_loop
        & (others.span >= rules.tireless_hours * _HOUR_US)
        & (others.longest <= rules.tireless_gap_minutes * _MINUTE_US)
    )
    runs = others.group_by(_KEY).agg(
        visits=is_loop.ifelse(0, others.visits).sum(),
        visitors=-is_loop.ifelse(1, 0).sum(),
        loop_views=is_loop.ifelse(others.views, 0).sum(),
        tireless_views=is_tireless.ifelse(others.views, 0).sum(),
    )
    parts = union([anonymous, counted, runs])
    return parts.group_by(_KEY).agg(
        visits=parts.visits.sum(),
        visitors=parts.visitors.sum(),
        loop_views=parts.loop_views.sum(),
        tireless_views=parts.tireless_views.sum(),
    )


def _in_order(views: ir.Table) -> ir.Table:
    """(day, site_id, visitor, visits, views, steady, span, longest) of views (at: µs UTC).

    steady   gaps that are as long as the one before them
    span     from the first view to the last; `longest` gap between two of them, µs
    """
    rules = _rules()
    person = [views[name] for name in _PERSON]
    gaps = views.mutate(gap=views.at - views.at.lag().over(group_by=person, order_by=views.at))
    person = [gaps[name] for name in _PERSON]
    pairs = gaps.mutate(before=gaps.gap.lag().over(group_by=person, order_by=gaps.at))
    alike = (pairs.gap - pairs.before).abs() * 100 <= pairs.before * rules.alike_percent
    inside = pairs.before.between(
        rules.shortest_gap_seconds * _SECOND_US, rules.longest_gap_seconds * _SECOND_US
    )
    starts = pairs.gap.isnull() | (pairs.gap >= GAP_US)
    return pairs.group_by(_PERSON).agg(
        visits=starts.ifelse(1, 0).sum(),
        views=ibis._.count(),
        steady=(alike & inside).fill_null(False).ifelse(1, 0).sum(),
        span=pairs["at"].max() - pairs["at"].min(),
        longest=pairs.gap.max(),
    )


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


class _LoopRules(msgspec.Struct, frozen=True):
    """loops.yaml: when steady reloading is a machine's."""

    version: object
    source: str
    fewest_views: int
    alike_percent: int
    steady_percent: int
    shortest_gap_seconds: int
    longest_gap_seconds: int
    tireless_hours: int
    tireless_gap_minutes: int


@cache
def _rules() -> _LoopRules:
    text = files("thuocdo.measure.facts").joinpath("loops.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), _LoopRules)


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
