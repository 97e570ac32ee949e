"""Reads the one visit of the browser and the pages that were walked; asks for nothing itself."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from thuocdo.assess.probes.interface.judge import judge
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import Result

CHECKS: Final = tuple(
    f"interface.{name}"
    for name in (
        *("responsive", "language", "title", "structure", "search", "contact", "sitemap"),
        *("help", "feedback", "privacy", "social"),
        *("languages", "agencies", "apps"),
    )
)


async def run(scene: Scene) -> list[Result]:
    host = urlsplit(scene.front.url).hostname or ""
    return judge(scene.seen, scene.walk, scene.at, host)


PROBE: Final = Probe("interface", CHECKS, run, needs_look=True, needs_answers=False)
