"""The watch as this process keeps it: one Measure for as long as it lives."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from thuocdo.core.settings import Settings

if TYPE_CHECKING:
    from thuocdo.measure.service import Measure
    from thuocdo.steer.watching import Watched


def watch(settings: Settings, now: int, *, every: bool = False) -> Watched:
    """One watch at `now` (µs UTC). every: also the kinds that are not due."""
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.steer import watching

    return watching.watch(settings, _measure(settings), now, every=every)


@cache
def _measure(settings: Settings) -> Measure:
    from thuocdo.measure.service import Measure

    return Measure(settings)
