"""Reads the one visit of the browser."""

from __future__ import annotations

from typing import Final

from thuocdo.assess.probes.accessibility.judge import judge
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import Result

CHECKS: Final = ("wcag.axe", "wcag.keyboard", "wcag.zoom", "wcag.axe_2_1")


async def run(scene: Scene) -> list[Result]:
    return judge(scene.seen, scene.at)


PROBE: Final = Probe("accessibility", CHECKS, run, needs_look=True, needs_answers=False)
