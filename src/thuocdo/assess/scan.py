"""One scan of one site: the front page once, the browser's visit once, a walk of a few pages once, then probe after probe.

A probe that fails, hangs or is cut short leaves typed results for its checks, and the others go on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from playwright.async_api import Browser

from thuocdo.assess.citizen import Citizen, Manners
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Answer, Failure, Fetcher
from thuocdo.assess.probes.catalogue import ALSO, PROBES
from thuocdo.assess.probes.look import Look, look
from thuocdo.assess.probes.scene import Depth, Probe, Scene, Target
from thuocdo.assess.probes.walk.walk import Bounds, walk
from thuocdo.assess.resolving import Resolving
from thuocdo.assess.results import Fault, Result, unmeasured
from thuocdo.core import clock
from thuocdo.core.settings import Settings

SITE_SECONDS: Final = 900.0
"""No site takes longer, whatever it does."""

log = structlog.get_logger("thuocdo.assess")


@dataclass(frozen=True, slots=True)
class Scanner:
    """What all scans of a run share.

    axe        the text of axe-core; "" when it could not be had
    browser    None when there is none
    resolving  whom to ask about names
    """

    settings: Settings
    fetcher: Fetcher
    kept: Kept
    browser: Browser | None = None
    axe: str = ""
    depth: Depth = field(default_factory=Depth)
    manners: Manners = field(default_factory=Manners)
    site_seconds: float = SITE_SECONDS
    resolving: Resolving = field(default_factory=Resolving)


async def scan(scanner: Scanner, target: Target, probes: Sequence[Probe] = PROBES) -> list[Result]:
    """A result for every check of the probes, whatever the site does, within the time bound."""
    at = clock.now_us()
    found: list[Result] = []
    try:
        async with asyncio.timeout(scanner.site_seconds):
            scene = await _scene(scanner, target, at)
            for probe in probes:
                found += await _run(probe, scene)
    except TimeoutError:
        done = {result.check for result in found}
        late = [check for probe in probes for check in probe.checks if check not in done]
        found += _all(late, Failure(Fault.TIMEOUT, f"{scanner.site_seconds:g} s"), at)
    return found


async def _scene(scanner: Scanner, target: Target, at: int) -> Scene:
    citizen = Citizen(scanner.fetcher, scanner.manners)
    page = await citizen.page(target.url)
    looked: Look | Failure | None = None
    if scanner.browser is not None and isinstance(page, Answer):
        looked = await look(
            scanner.browser,
            scanner.fetcher.guard,
            (target.tracker or scanner.settings.collector_url).rstrip("/"),
            scanner.fetcher.agent,
            page.url,
            scanner.kept,
            scanner.axe,
            scanner.depth.browser_s,
        )
    walked = None
    if isinstance(page, Answer):
        seen = looked if isinstance(looked, Look) else None
        bounds = Bounds(scanner.depth.walk, scanner.depth.walk_s)
        walked = await walk(citizen, scanner.kept, page, seen, ALSO, bounds)
    return Scene(
        settings=scanner.settings,
        target=target,
        citizen=citizen,
        kept=scanner.kept,
        depth=scanner.depth,
        page=page,
        browser=scanner.browser,
        at=at,
        looked=looked,
        walked=walked,
        resolving=scanner.resolving,
    )


async def _run(probe: Probe, scene: Scene) -> list[Result]:
    hindered = _hindered(probe, scene)
    if hindered is not None:
        return _all(probe.checks, hindered, scene.at)
    try:
        async with asyncio.timeout(probe.seconds):
            found = await probe.run(scene)
    except TimeoutError:
        return _all(probe.checks, Failure(Fault.TIMEOUT, f"{probe.seconds:g} s"), scene.at)
    except Exception:  # one probe's fault is no reason to lose the others' results
        log.exception("a probe failed", checks=probe.checks, url=scene.target.url)
        return _all(probe.checks, Failure(Fault.INTERNAL, ""), scene.at)
    said = {result.check for result in found}
    silent = [check for check in probe.checks if check not in said]
    return [*found, *_all(silent, Failure(Fault.INTERNAL, "no result"), scene.at)]


def _hindered(probe: Probe, scene: Scene) -> Failure | None:
    """Why a probe cannot be run at all."""
    if isinstance(scene.page, Failure):
        return scene.page if probe.needs_page else None
    if (probe.needs_browser or probe.needs_look) and scene.browser is None:
        return Failure(Fault.NO_TOOL, "Chromium")
    return scene.looked if probe.needs_look and isinstance(scene.looked, Failure) else None


def _all(checks: Iterable[str], why: Failure, at: int) -> list[Result]:
    return [unmeasured(check, why.fault, why.detail, at) for check in checks]
