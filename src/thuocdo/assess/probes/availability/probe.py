"""Takes the last seven days from what the monitor saw (assess/watching); where that is too little, asks a few times now.

A moment says little, and says so. The week passes when it was down no longer than the policy allows.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from decimal import ROUND_FLOOR, Decimal
from statistics import median
from typing import Final

import structlog

from thuocdo.assess.fetch import Answer, Failure
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import FULL, Measure, Remark, Result, measured, unmeasured
from thuocdo.assess.watching import telling
from thuocdo.assess.watching.model import Availability
from thuocdo.core.errors import ThuocdoError

CHECK: Final = "availability.response"
REQUESTS: Final = 3
_BROKEN_FROM: Final = 500
_DIGITS: Final = Decimal("0.0001")
_PERMILLE: Final = 1000

log = structlog.get_logger("thuocdo.assess")


async def run(scene: Scene) -> list[Result]:
    week = await asyncio.to_thread(_week, scene) if scene.target.system else None
    if week is not None and week.covered:
        return [of_week(week, telling.policy_of(scene.at).allowed_permille, scene.at)]
    if isinstance(scene.page, Failure):
        return [unmeasured(CHECK, scene.page.fault, scene.page.detail, scene.at)]
    if (why := scene.given_up) is not None:  # who is not asked has not failed to answer
        return [unmeasured(CHECK, why.fault, why.detail, scene.at)]
    answers = [await scene.citizen.get(scene.front.url) for _ in range(REQUESTS)]
    return [of_moment(answers, week, scene.at)]


def _week(scene: Scene) -> Availability | None:
    """What the monitor saw; None when its files cannot be read, which a scan does not end for."""
    try:
        return telling.lately(scene.settings, [scene.target.system], scene.at)[scene.target.system]
    except ThuocdoError as problem:
        log.warning("no looks", problem=problem.message)
        return None


def of_week(week: Availability, allowed_permille: int, at: int) -> Result:
    """Answered of measured, whole when no more was down than is allowed; pure."""
    is_fine = _PERMILLE * week.down <= allowed_permille * week.measured
    share = Decimal(week.answered) / week.measured
    minutes = week.down_minutes(at)
    facts = {
        "answered": str(week.answered),
        "measured": str(week.measured),
        "percent": str(week.percent),
        "outages": str(len(week.outages)),
        "minutes": str(minutes),
        "p50": _ms(week.p50_ms),
        "p95": _ms(week.p95_ms),
        "allowed": f"{allowed_permille / 10:g}",
    }
    measures = [
        Measure("availability", week.percent or Decimal(), "percent", None, week.measured),
        Measure("downtime", Decimal(minutes), "min", None, len(week.outages)),
        *(
            Measure(name, Decimal(value), "ms", None, week.answered)
            for name, value in (("ttfb_p50", week.p50_ms), ("ttfb_p95", week.p95_ms))
            if value is not None
        ),
    ]
    return measured(
        CHECK,
        FULL if is_fine else share.quantize(_DIGITS, ROUND_FLOOR),
        at,
        Remark("availability_week" if is_fine else "availability_low", facts),
        measures=measures,
    )


def of_moment(answers: Sequence[Answer | Failure], week: Availability | None, at: int) -> Result:
    """The requests of the scan itself, with the word that it is a moment; pure."""
    times = [each.ttfb_ms for each in answers if isinstance(each, Answer)]
    fine = [each for each in answers if isinstance(each, Answer) and each.status < _BROKEN_FROM]
    facts = {
        "answered": str(len(fine)),
        "of": str(len(answers)),
        "measured": str(week.measured if week else 0),
        "expected": str(week.expected if week else 0),
    }
    measures = []
    if times:
        spread = Decimal(max(times) - min(times))
        measures = [Measure("ttfb", Decimal(round(median(times))), "ms", spread, len(times))]
    share = (Decimal(len(fine)) / len(answers)).quantize(_DIGITS, ROUND_FLOOR)
    word = "availability_moment" if share == 1 else "answers_missing"
    return measured(CHECK, share, at, Remark(word, facts), measures=measures)


def _ms(value: int | None) -> str:
    return "–" if value is None else str(value)


PROBE: Final = Probe("availability", (CHECK,), run, needs_page=False, needs_answers=False)
