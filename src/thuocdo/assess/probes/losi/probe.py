"""Reads the pages that were walked; asks for nothing itself."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from thuocdo.assess.probes.losi.judge import judge
from thuocdo.assess.probes.losi.signs import CHECKS
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import Evidence, Result


async def run(scene: Scene) -> list[Result]:
    walk = scene.walk
    found = await asyncio.to_thread(judge, walk.pages, scene.at, walk.hindrance)
    return [_with_list(each, walk.evidence) for each in found]


def _with_list(result: Result, listing: Evidence) -> Result:
    """What was not found names the list of the pages that were looked at."""
    if result.share is not None:
        return result
    return msgspec.structs.replace(result, evidence=(*result.evidence, listing))


PROBE: Final = Probe("losi", CHECKS, run, asked_only=True, needs_answers=False, is_ours=True)
