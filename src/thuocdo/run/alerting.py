"""The watch as this process keeps it: one Measure for as long as it lives, and the reports that are out."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from thuocdo.core import duties
from thuocdo.core.settings import Settings

if TYPE_CHECKING:
    from thuocdo.measure.service import Measure
    from thuocdo.steer.causes import Down, Failing, Report
    from thuocdo.steer.watching import Watched


def watch(settings: Settings, now: int, *, every: bool = False) -> Watched:
    """One watch at `now` (µs UTC). every: also the kinds that are not due."""
    from thuocdo.registry.setup import awake

    awake()
    from thuocdo.steer import watching

    return watching.watch(
        settings,
        _measure(settings),
        now,
        reports=_reports(settings),
        downs=partial(downs, settings, now),
        failing=partial(failing, settings),
        every=every,
    )


def downs(settings: Settings, now: int) -> list[Down]:
    """Registered systems whose last looks failed, none answered since; one nobody looks at any more stays so.

    now: µs UTC. Raises ThuocdoError `bad_looks`.
    """
    from thuocdo.assess.watching import telling
    from thuocdo.assess.watching.policy import words
    from thuocdo.assess.watching.targets import named
    from thuocdo.steer.causes import Down

    failing = telling.not_back(settings, now)
    return [
        Down(
            one.code,
            one.agency,
            one.name,
            failing[one.code].since,
            words()[failing[one.code].fault].what,
        )
        for one in named(failing, now)
    ]


def failing(settings: Settings) -> list[Failing]:
    """The worker's jobs whose last tries failed, as it wrote them down."""
    from thuocdo.steer.causes import Failing

    return [
        Failing(name, one.failing_since, one.failures, one.failure.why)
        for name, one in duties.read(settings).jobs.items()
        if one.failures and one.failure
    ]


@cache
def _measure(settings: Settings) -> Measure:
    from thuocdo.measure.service import Measure

    return Measure(settings)


def _reports(settings: Settings) -> list[Report]:
    """What stands of every week; a revision is another report, and news of its own."""
    from thuocdo.report.desk.public import current
    from thuocdo.steer.causes import Report

    return [
        Report(f"{one.week}-{one.name}", f"{one.head.number} ({one.week})", *one.head.period)
        for one in current(settings)
    ]
