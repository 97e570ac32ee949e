"""Reads the pages that were walked; asks for nothing itself."""

from __future__ import annotations

import asyncio
from typing import Final

from thuocdo.assess.probes.losi.judge import judge
from thuocdo.assess.probes.losi.signs import CHECKS
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import Result


async def run(scene: Scene) -> list[Result]:
    return await asyncio.to_thread(judge, scene.walk.pages, scene.at, scene.walk.hindrance)


PROBE: Final = Probe("losi", CHECKS, run, asked_only=True, needs_answers=False, is_ours=True)
