"""Looks at the front page, some it links to and some subordinate sites' as `thuocdo check-site` does.

A page that could not be opened says nothing of the tag on it: it is left out of the sample (docs/check-site.md).
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.assess.fetch import Answer
from thuocdo.assess.printable import fit_all
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.probes.target import Below
from thuocdo.assess.results import Evidence, Fault, Remark, Result, measured, unmeasured
from thuocdo.assess.site_check.browser import Bounds
from thuocdo.assess.site_check.check import hostnames_today, is_page
from thuocdo.assess.site_check.judge import judge
from thuocdo.assess.site_check.model import Expectation, PageResult, Severity
from thuocdo.assess.site_check.visit import visit
from thuocdo.core.guard import Guard, endpoint

CHECK: Final = "emc.tag"
_PAGE_S: Final = 40.0
_FAULTS: Final = {each.value: each for each in Fault} | {"network": Fault.CONNECT}
"""What kept a visit from its end, as the scanner says it."""
_BOUNDS: Final = Bounds(quiet_s=4.0, act_s=2.0, settle_s=0.5, page_s=_PAGE_S)


async def run(scene: Scene) -> list[Result]:
    if scene.target.site_id is None:
        return [unmeasured(CHECK, Fault.NOT_REGISTERED, scene.target.url, scene.at)]
    seen: list[PageResult] = []
    evidence: list[Evidence] = []
    own = scene.target.site_id
    first = await _page(scene, scene.front.url, own, evidence)
    seen.append(first)
    for url in [each for each in first.observed.links if is_page(each)][: scene.depth.pages - 1]:
        if _has_time(scene) and await scene.citizen.may(url) is None:
            seen.append(await _page(scene, url, own, evidence))
    for below in scene.target.below[: scene.depth.below]:
        if _has_time(scene) and (url := await _front_of(scene, below)) and _has_time(scene):
            seen.append(await _page(scene, url, below.site_id, evidence))
    return [judged(seen, scene.at, evidence)]


def _has_time(scene: Scene) -> bool:
    """Whether one page more fits in: what was seen of the others must not be lost with the last."""
    return scene.patience.left > _PAGE_S + scene.patience.bounds.close_seconds


async def _front_of(scene: Scene, below: Below) -> str:
    """The address of a subordinate site's front page; "" when none is to be had, or robots.txt forbids it."""
    for scheme in ("https", "http"):
        found = await scene.citizen.page(f"{scheme}://{below.host}/")
        if isinstance(found, Answer):
            return found.url
    return ""


def judged(seen: list[PageResult], at: int, evidence: list[Evidence]) -> Result:
    """The part of the pages that count, of those that could be looked at; pure."""
    told = [page for page in seen if page.severity is not Severity.UNKNOWN]
    if not told:
        observed = seen[0].observed
        fault = _FAULTS.get(observed.fault, Fault.INTERNAL)
        return unmeasured(CHECK, fault, observed.fault_detail, at, evidence)
    silent = [page for page in told if page.severity is Severity.ERROR]
    remarks = [
        Remark("tag_silent", {"url": page.observed.final_url, "why": page.findings[0].code.value})
        for page in silent
    ]
    share = (Decimal(len(told) - len(silent)) / len(told)).quantize(Decimal("0.0001"))
    return measured(CHECK, share, at, *remarks, evidence=evidence)


async def _page(scene: Scene, url: str, site_id: int, evidence: list[Evidence]) -> PageResult:
    tracker = (scene.target.tracker or scene.settings.collector_url).rstrip("/")
    guard = Guard(scene.citizen.fetcher.guard.allowed, endpoint(tracker))
    expected = Expectation(tracker, site_id, hostnames_today(scene.settings))
    assert scene.browser is not None
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "page.png"
        observed = await visit(scene.browser, guard, tracker, url, _BOUNDS, picture)
        observed = msgspec.structs.replace(observed, screenshot="")
    evidence.append(
        scene.kept.keep("trace", msgspec.json.encode(fit_all(msgspec.to_builtins(observed))))
    )
    if observed.fault == Fault.TIMEOUT:
        scene.patience.unanswered(f"browser {url}", observed.fault_detail)
    elif not observed.fault:
        scene.patience.answered(f"browser {url}", f"HTTP {observed.status}")
    return judge(observed, expected, _BOUNDS.late_ms)


PROBE: Final = Probe("emc_tag", (CHECK,), run, needs_browser=True)
