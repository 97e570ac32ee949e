"""Asks for the front page a few times, slowly, and keeps the median time to the first octet."""

from __future__ import annotations

from decimal import Decimal
from statistics import median
from typing import Final

from thuocdo.assess.fetch import Answer
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import Measure, Remark, Result, measured

CHECK: Final = "availability.response"
REQUESTS: Final = 3
_BROKEN_FROM: Final = 500


async def run(scene: Scene) -> list[Result]:
    answers = [await scene.citizen.get(scene.front.url) for _ in range(REQUESTS)]
    times = [each.ttfb_ms for each in answers if isinstance(each, Answer)]
    fine = [each for each in answers if isinstance(each, Answer) and each.status < _BROKEN_FROM]
    facts = {"answered": str(len(fine)), "of": str(REQUESTS)}
    remarks = [] if len(fine) == REQUESTS else [Remark("answers_missing", facts)]
    measures = (
        [
            Measure(
                "ttfb",
                Decimal(round(median(times))),
                "ms",
                Decimal(max(times) - min(times)),
                len(times),
            )
        ]
        if times
        else []
    )
    share = Decimal(len(fine)) / REQUESTS
    return [
        measured(CHECK, share.quantize(Decimal("0.0001")), scene.at, *remarks, measures=measures)
    ]


PROBE: Final = Probe((CHECK,), run, seconds=90.0)
