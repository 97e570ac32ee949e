"""One scan of one site: the front page once, the browser's visit once, a walk of a few pages once, then probe after probe.

A probe that fails, hangs or is cut short leaves typed results for its checks, and the others go on: until the
site's time is over, or so many in a row were lost to its silence that it is asked no more (patience.py).
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import structlog
from playwright.async_api import Browser

from thuocdo.assess.citizen import Citizen, Manners
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Answer, Failure, Fetcher
from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.patience import Bounds, Patience, bounds
from thuocdo.assess.printable import fit_struct
from thuocdo.assess.probes.catalogue import ALSO, PROBES
from thuocdo.assess.probes.look import Look, look
from thuocdo.assess.probes.scene import Depth, Probe, Scene
from thuocdo.assess.probes.target import Target
from thuocdo.assess.probes.walk.walk import walk
from thuocdo.assess.resolving import Resolving
from thuocdo.assess.results import Fault, Remark, Result, unmeasured
from thuocdo.core import clock
from thuocdo.core.settings import Settings

log = structlog.get_logger("thuocdo.assess")


@dataclass(frozen=True, slots=True)
class Scanner:
    """What all scans of a run share.

    axe        the text of axe-core; "" when it could not be had
    browser    None when there is none
    resolving  whom to ask about names
    bounds     how long a site is waited for
    hosts      of whose scans none may be at a host to which a site leads; None: nobody else scans
    """

    settings: Settings
    fetcher: Fetcher
    kept: Kept
    browser: Browser | None = None
    axe: str = ""
    depth: Depth = field(default_factory=Depth)
    manners: Manners = field(default_factory=Manners)
    bounds: Bounds = field(default_factory=bounds)
    hosts: Hosts | None = None
    resolving: Resolving = field(default_factory=Resolving)


async def scan(scanner: Scanner, target: Target, probes: Sequence[Probe] = PROBES) -> list[Result]:
    """A result for every check of the probes, whatever the site does, within the time bound.

    Raises HostBusy when the site leads to a host at which somebody else is; nothing but its front page was asked for.
    """
    at = clock.now_us()
    found: list[Result] = []
    patience = Patience(scanner.bounds)
    citizen = Citizen(scanner.fetcher, scanner.manners, patience=patience)
    try:
        async with patience.within(scanner.bounds.site_seconds):
            page = await _front(citizen, target.url)
            with _held(scanner, target, page):
                scene = await _scene(scanner, citizen, page, target, at)
                for probe in probes:
                    found += await _run(probe, scene)
    except TimeoutError:
        done = {result.check for result in found}
        late = [check for probe in probes for check in probe.checks if check not in done]
        seconds = f"{scanner.bounds.site_seconds:g}"
        why = Failure(Fault.TIMEOUT, f"{patience.spent:.0f} s")
        found += _all(late, why, at, Remark("site_time_spent", {"seconds": seconds}))
    return [fit_struct(each) for each in _with_trace(found, patience, scanner.kept)]


@contextlib.contextmanager
def _held(scanner: Scanner, target: Target, page: Answer | Failure) -> Iterator[None]:
    """The host to which the front page led, while the block runs. Raises HostBusy."""
    hold = None
    if scanner.hosts is not None and isinstance(page, Answer):
        hold = scanner.hosts.hold_where_it_leads(target, page.url)
    try:
        yield
    finally:
        if hold is not None:
            hold.release()


async def _scene(
    scanner: Scanner, citizen: Citizen, page: Answer | Failure, target: Target, at: int
) -> Scene:
    looked: Look | Failure | None = None
    if scanner.browser is not None and isinstance(page, Answer):
        looked = await _look(scanner, scanner.browser, citizen.patience, target, page.url)
    walked = None
    if isinstance(page, Answer):
        seen = looked if isinstance(looked, Look) else None
        citizen.begin_step()
        walked = await walk(citizen, scanner.kept, page, seen, ALSO, scanner.depth.walk)
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


async def _front(citizen: Citizen, url: str) -> Answer | Failure:
    patience = citizen.patience
    try:
        async with patience.step("front"):
            return await citizen.page(url)
    except TimeoutError:
        return _late(patience, "front")


async def _look(
    scanner: Scanner, browser: Browser, patience: Patience, target: Target, url: str
) -> Look | Failure:
    try:
        async with patience.step("look"):
            looked = await look(
                browser,
                scanner.fetcher.guard,
                (target.tracker or scanner.settings.collector_url).rstrip("/"),
                scanner.fetcher.agent,
                url,
                scanner.kept,
                scanner.axe,
                scanner.bounds.browser,
            )
            if isinstance(looked, Look):
                patience.answered(f"browser {url}", "seen")
            elif looked.fault is Fault.TIMEOUT:
                patience.unanswered(f"browser {url}", f"timeout, {looked.detail}")
            else:
                patience.note(f"browser {url}: {looked.fault}, {looked.detail}")
            return looked
    except TimeoutError:
        return _late(patience, "look")
    except (
        Exception
    ) as problem:  # a page nobody thought of costs what the visit would have shown, and no more
        log.exception("a visit failed", url=url)
        return Failure(Fault.INTERNAL, type(problem).__name__)


async def _run(probe: Probe, scene: Scene) -> list[Result]:
    hindered = _hindered(probe, scene)
    if hindered is not None:
        return _all(probe.checks, hindered, scene.at, *_given_up(hindered, scene))
    patience = scene.patience
    scene.citizen.begin_step()
    try:
        if probe.is_ours:
            async with patience.ours(), asyncio.timeout(patience.bounds.steps[probe.name]):
                found = await probe.run(scene)
        else:
            async with patience.step(probe.name):
                found = await probe.run(scene)
    except TimeoutError:
        why = _late(patience, probe.name)
        fault = Fault.INTERNAL if probe.is_ours else why.fault
        return _all(probe.checks, Failure(fault, why.detail), scene.at)
    except Exception:  # one probe's fault is no reason to lose the others' results
        log.exception("a probe failed", checks=probe.checks, url=scene.target.url)
        return _all(probe.checks, Failure(Fault.INTERNAL, ""), scene.at)
    said = {result.check for result in found}
    silent = [check for check in probe.checks if check not in said]
    return [*found, *_all(silent, Failure(Fault.INTERNAL, "no result"), scene.at)]


def _hindered(probe: Probe, scene: Scene) -> Failure | None:
    """Why a probe cannot be run at all."""
    if why := probe.left_out(scene.depth):
        return Failure(Fault.NOT_ASKED, why)
    if isinstance(scene.page, Failure) and probe.needs_page:
        return scene.page
    if probe.needs_answers and scene.given_up is not None:
        return scene.given_up
    if isinstance(scene.page, Failure):
        return None
    if (probe.needs_browser or probe.needs_look) and scene.browser is None:
        return Failure(Fault.NO_TOOL, "Chromium")
    return scene.looked if probe.needs_look and isinstance(scene.looked, Failure) else None


def _given_up(why: Failure, scene: Scene) -> list[Remark]:
    if why != scene.given_up:
        return []
    patience = scene.patience
    if patience.has_dallied:
        return [Remark("site_given_up_in_all", {"n": str(patience.silences_in_all)})]
    return [Remark("site_given_up", {"lost": str(patience.lost)})]


def _late(patience: Patience, step: str) -> Failure:
    return Failure(Fault.TIMEOUT, f"{patience.bounds.steps[step]:g} s")


def _all(checks: Iterable[str], why: Failure, at: int, *remarks: Remark) -> list[Result]:
    return [
        msgspec.structs.replace(unmeasured(check, why.fault, why.detail, at), remarks=remarks)
        for check in checks
    ]


def _with_trace(found: list[Result], patience: Patience, kept: Kept) -> list[Result]:
    """Every time-out with the evidence for it: what was asked, when, and what came of it."""
    if not any(each.fault is Fault.TIMEOUT for each in found):
        return found
    trace = kept.keep("trace", "\n".join(patience.trace).encode("utf-8", "replace"))
    return [
        msgspec.structs.replace(each, evidence=(*each.evidence, trace))
        if each.fault is Fault.TIMEOUT
        else each
        for each in found
    ]
