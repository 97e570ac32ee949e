"""The watch as this process keeps it: one Measure for as long as it lives, and the reports that are out."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from thuocdo.core.settings import Settings

if TYPE_CHECKING:
    from thuocdo.measure.service import Measure
    from thuocdo.steer.causes import Report
    from thuocdo.steer.watching import Watched


def watch(settings: Settings, now: int, *, every: bool = False) -> Watched:
    """One watch at `now` (µs UTC). every: also the kinds that are not due."""
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.steer import watching

    return watching.watch(
        settings, _measure(settings), now, reports=_reports(settings), every=every
    )


@cache
def _measure(settings: Settings) -> Measure:
    from thuocdo.measure.service import Measure

    return Measure(settings)


def _reports(settings: Settings) -> list[Report]:
    """The weekly reports that are out, by week; the watch knows which of them are news."""
    from thuocdo.report.archive import archived
    from thuocdo.steer.causes import Report

    return [
        Report(kept.week, f"{kept.report.number} ({kept.week})", *kept.report.period)
        for kept in archived(settings)
    ]
