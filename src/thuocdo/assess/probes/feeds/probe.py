"""Asks EMC's own figures: was the system heard, and what do the detectors say of what it sent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final

from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import FULL, NONE, Fault, Remark, Result, measured, unmeasured
from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.measure.listening import sources
from thuocdo.measure.model import SourceState
from thuocdo.measure.quality import Finding, State, examine
from thuocdo.measure.service import Measure

CHECKS: Final = ("emc.feeds", "emc.data_quality")


class Rules(RulesFile, frozen=True):
    alive_days: int
    quality_days: int
    shares: list[Decimal]
    indicator: str


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)


async def run(scene: Scene) -> list[Result]:
    system = scene.target.system
    if not system or not scene.settings.is_initialised:
        return [unmeasured(each, Fault.NOT_REGISTERED, system or "–", scene.at) for each in CHECKS]
    try:
        state, findings = await asyncio.to_thread(asked, scene.settings, system, scene.at)
    except ThuocdoError as error:
        return [unmeasured(each, Fault.NO_TOOL, error.message, scene.at) for each in CHECKS]
    return judge(system, state, findings, scene.at)


def asked(settings: Settings, system: str, at: int) -> tuple[SourceState | None, list[Finding]]:
    """Whether the system was heard (None: nobody registered it), and what the detectors say of it.

    Raises ThuocdoError as `Measure` does.
    """
    measure, yesterday = _measure(settings), clock.local_day(at) - timedelta(days=1)
    alive = Period(yesterday - timedelta(days=RULES.alive_days - 1), yesterday)
    found = [
        each
        for each in sources(measure, RULES.indicator, alive)
        if each.key == system and each.registered
    ]
    if not found:
        return None, []
    period = Period(yesterday - timedelta(days=RULES.quality_days - 1), yesterday)
    said = examine(measure, period, found[0].agency)
    return found[0], [each for each in said if each.subject == system]


@cache
def _measure(settings: Settings) -> Measure:
    """One for all scans of a process: what it found out once it remembers."""
    return Measure(settings)


def judge(
    system: str, state: SourceState | None, findings: Sequence[Finding], at: int
) -> list[Result]:
    """Both results; what a silent feed would have sent cannot be judged; pure."""
    if state is None:
        return [unmeasured(each, Fault.NOT_REGISTERED, system, at) for each in CHECKS]
    feeds, quality = CHECKS
    if not state.reporting:
        since = state.silent_since.isoformat() if state.silent_since else "–"
        silent = Remark("feed_silent", {"system": system, "since": since})
        return [measured(feeds, NONE, at, silent), unmeasured(quality, Fault.TOO_FEW, "0", at)]
    open_ones = [each for each in findings if each.state == State.FOUND]
    share = RULES.shares[min(len(open_ones), len(RULES.shares) - 1)]
    remarks = [
        Remark("data_finding", {"name": each.name.vi, "key": str(each.key)}) for each in open_ones
    ]
    return [measured(feeds, FULL, at), measured(quality, share, at, *remarks)]


PROBE: Final = Probe("feeds", CHECKS, run, needs_page=False, needs_answers=False, is_ours=True)
