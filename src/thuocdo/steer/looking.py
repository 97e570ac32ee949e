"""Brings the facts that each kind of incident is told by: what is asked of measuring, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Final, NamedTuple

from thuocdo.core.clock import DAY_US, Period, local_day, year_to
from thuocdo.core.vocabulary import SystemKind
from thuocdo.measure import silence
from thuocdo.measure.invariants.check import check
from thuocdo.measure.listening import sources
from thuocdo.measure.model import SourceState
from thuocdo.measure.outlook.outlook import look_ahead
from thuocdo.measure.quality import inspect
from thuocdo.measure.service import Measure
from thuocdo.steer import causes
from thuocdo.steer.model import Cause, Kind
from thuocdo.steer.policy import Counted, Policy, SuddenChange

_HOUR_US: Final = DAY_US // 24
_KINDS: Final = tuple(kind.value for kind in SystemKind)


class Scene(NamedTuple):
    """What a look is made from. now: µs UTC; tasks: those that wait for their agency; the rest is asked when needed."""

    measure: Measure
    policy: Policy
    now: int
    tasks: tuple[causes.OpenTask, ...]
    downs: Callable[[], Iterable[causes.Down]] = tuple
    failing: Callable[[], Iterable[causes.Failing]] = tuple

    @property
    def today(self) -> date:
        return local_day(self.now)


def silent_sources(scene: Scene) -> list[Cause] | None:
    """None: nothing at all came for as long as would make a source silent, so the fault may be ours."""
    rule = scene.policy.silent_source
    landed = scene.measure.freshness().landed_at
    if landed is None or scene.now - landed > silence.policy_on(scene.today).days * DAY_US:
        return None
    period = Period(scene.today, scene.today)  # what was closed before is not expected any more
    states: list[SourceState] = []
    for indicator in rule.indicators:
        states += sources(scene.measure, indicator, period)
    return causes.silent_sources(states, scene.today, scene.policy)


def refused_shares(scene: Scene) -> list[Cause]:
    since = scene.now - scene.policy.refused_share.hours * _HOUR_US
    totals = scene.measure.intake_totals(since, scene.now)
    return causes.refused_shares(totals, _sources(scene), scene.policy)


def sudden_changes(scene: Scene) -> list[Cause]:
    rule = scene.policy.sudden_change
    landed = scene.measure.freshness().landed_at
    if landed is None:
        return []
    of = min(local_day(landed), scene.today) - timedelta(days=rule.settling_days)
    found = []
    for counted in rule.counts:
        for agency, days in _by_agency(scene.measure, counted, of, rule):
            cause = causes.sudden_change(counted.code, agency, days, of, scene.policy)
            if cause is not None:
                found.append(cause)
    return found


def _by_agency(
    measure: Measure, counted: Counted, of: date, rule: SuddenChange
) -> list[tuple[str, list[causes.Day]]]:
    """Each agency's counts of a day and of the same weekday before it, on the map of that day."""
    found: dict[str, list[causes.Day]] = {}
    for week in range(rule.weeks + 1):
        day = of - timedelta(weeks=week)
        for figure in measure.figures(counted.indicator, Period(day, day), as_organised=of):
            count: int | None = getattr(figure, counted.part)
            found.setdefault(figure.agency, []).append(causes.Day(day, count))
    return sorted(found.items())


def broken_invariants(scene: Scene) -> list[Cause]:
    behind = scene.measure.apart()
    with behind.still():
        return causes.broken_invariants(check(behind, year_to(scene.today)), scene.policy)


def distorted_feeds(scene: Scene) -> list[Cause]:
    first = scene.today - timedelta(days=scene.policy.feed_distorted.days)
    period = Period(first, scene.today - timedelta(days=1))
    findings = inspect(scene.measure.apart(), period)
    return causes.distorted_feeds(findings, _sources(scene), scene.policy)


def _sources(scene: Scene) -> dict[str, causes.Source]:
    """Every site (its id as text) and system that is there today."""
    whose: dict[str, causes.Source] = {}
    with scene.measure.reading(None) as (facts, _):
        for register in (facts.dimensions.sites, facts.dimensions.systems):
            for source in register.expected(_KINDS, Period(scene.today, scene.today)):
                name = source.name or str(source.key)
                whose[str(source.key)] = causes.Source(source.agency, name)
    return whose


def targets_at_risk(scene: Scene) -> list[Cause]:
    today = scene.today
    oldest = today - timedelta(days=scene.policy.target_at_risk.missed_days)
    with scene.measure.reading(None) as (facts, _):
        organisation = facts.dimensions.organisation
        asked = {
            (target.indicator, code)
            for target in scene.measure.targets()
            if target.by >= oldest
            for code in (
                [target.agency]
                if target.agency
                else [top.code for top in organisation.tops(today, target.block)]
            )
        }
    outlooks = [look_ahead(scene.measure, code, agency=agency) for code, agency in sorted(asked)]
    return causes.targets_at_risk(outlooks, today, scene.policy)


def overdue_tasks(scene: Scene) -> list[Cause]:
    return causes.overdue_tasks(scene.tasks, scene.today, scene.policy)


def systems_down(scene: Scene) -> list[Cause]:
    return causes.systems_down(scene.downs(), scene.now, scene.policy)


def jobs_failing(scene: Scene) -> list[Cause]:
    return causes.jobs_failing(scene.failing(), scene.now, scene.policy)


LOOKS: Final[dict[Kind, Callable[[Scene], list[Cause] | None]]] = {
    Kind.SILENT_SOURCE: silent_sources,
    Kind.REFUSED_SHARE: refused_shares,
    Kind.SYSTEM_DOWN: systems_down,
    Kind.JOB_FAILING: jobs_failing,
    Kind.SUDDEN_CHANGE: sudden_changes,
    Kind.BROKEN_INVARIANT: broken_invariants,
    Kind.FEED_DISTORTED: distorted_feeds,
    Kind.TARGET_AT_RISK: targets_at_risk,
    Kind.TASK_OVERDUE: overdue_tasks,
}
"""Every kind that persists; None says that it could not be told."""

OF_FACTS: Final = frozenset(LOOKS) - {Kind.TASK_OVERDUE, Kind.SYSTEM_DOWN, Kind.JOB_FAILING}
"""Kinds that say the same as long as neither the facts nor the day moves."""
