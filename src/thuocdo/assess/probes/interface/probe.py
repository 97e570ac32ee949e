"""Reads the one visit of the browser, and asks for /sitemap.xml."""

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
    parts = urlsplit(scene.front.url)
    sitemap = await scene.citizen.get(f"{parts.scheme}://{parts.netloc}/sitemap.xml")
    return judge(scene.seen, sitemap, scene.at, parts.hostname or "")


PROBE: Final = Probe("interface", CHECKS, run, needs_look=True)
