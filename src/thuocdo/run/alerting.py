"""The watch as this process keeps it: one Measure for as long as it lives, and the reports that are out."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from thuocdo.core.settings import Settings

if TYPE_CHECKING:
    from thuocdo.measure.service import Measure
    from thuocdo.steer.causes import Down, Report
    from thuocdo.steer.watching import Watched


def watch(settings: Settings, now: int, *, every: bool = False) -> Watched:
    """One watch at `now` (µs UTC). every: also the kinds that are not due."""
    from thuocdo.registry.setup import setup_django

    setup_django()
    from django.db import close_old_connections

    from thuocdo.steer import watching

    close_old_connections()  # a role lives for weeks
    return watching.watch(
        settings,
        _measure(settings),
        now,
        reports=_reports(settings),
        downs=partial(downs, settings, now),
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
