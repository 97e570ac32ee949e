"""Runs the lab behind the guarding proxy; its median is the measurement, its spread says how firm it is.

A machine that others use disturbs a run now and then, and disturbs it much. So neither the best nor the worst
run says whether the page was measured: the middle half of them does, and when it does not agree there are more.

The doors of page-view collectors are closed to the lab's browser, so no measurement is anybody's view.
"""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path
from statistics import median
from typing import Any, Final

import msgspec

from thuocdo.assess import npm
from thuocdo.assess.fetch import Failure
from thuocdo.assess.probes import tools
from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.page_load.turns import Crowded, turn
from thuocdo.assess.probes.scene import Depth, Probe, Scene
from thuocdo.assess.results import (
    FULL,
    Evidence,
    Fault,
    Measure,
    Remark,
    Result,
    measured,
    unmeasured,
)
from thuocdo.assess.site_check import proxy
from thuocdo.assess.site_check.browser import executable, flags
from thuocdo.assess.site_check.hits import DOORS
from thuocdo.core.errors import ThuocdoError

CHECK: Final = "page_load.lab"
HERE: Final = Path(__file__).parent
_MAX_BYTES: Final = 200_000_000  # of all runs together
_TIMES: Final = ("fcp", "lcp", "tbt")
_HUNDRED: Final = 100
_QUARTER: Final = 4
_HOPELESS: Final = (Fault.TIMEOUT, Fault.SIZE)
"""What kept the one visit from its end would keep five runs of the lab from theirs."""


class Rules(RulesFile, frozen=True):
    full_score: Decimal
    min_runs: int
    most_runs: int
    firm: Decimal
    max_spread: Decimal
    profile: dict[str, Any]


RULES: Final = rules_of(HERE / "rules.yaml", Rules)


class Run(msgspec.Struct, frozen=True):
    """One run of Lighthouse: score 0…1, times in ms; `error` is its own code when it failed."""

    score: Decimal | None
    error: str
    version: str
    fcp: float | None = None
    lcp: float | None = None
    tbt: float | None = None
    cls: float | None = None


async def run(scene: Scene) -> list[Result]:
    if isinstance(scene.looked, Failure) and scene.looked.fault in _HOPELESS:
        return [unmeasured(CHECK, scene.looked.fault, scene.looked.detail, scene.at)]
    try:
        modules = npm.packages(scene.settings.home)
        chromium = executable(scene.settings)
    except ThuocdoError as error:
        return [unmeasured(CHECK, Fault.NO_TOOL, error.message, scene.at)]
    fetcher = scene.citizen.fetcher
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        async with proxy.serving(fetcher.guard, _MAX_BYTES) as way_out:
            ways = [f"--proxy-server={way_out.address}", "--proxy-bypass-list=<-loopback>"]
            task = {
                "url": scene.front.url,
                "runs": scene.depth.lab_runs,
                "most": RULES.most_runs if scene.depth.lab_runs >= RULES.min_runs else 0,
                "firm": float(RULES.firm),
                "patience_ms": scene.patience.bounds.lab * 1000 / 2,
                "modules": str(modules),
                "chromium": chromium,
                "flags": [*flags(fetcher.trusted_keys), *ways],
                "agent": f"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome {fetcher.agent}",
                "blocked": [f"*{door}{rest}" for door in DOORS for rest in ("", "?*")],
                "profile": RULES.profile,
                "report": str(report),
            }
            environment = {"LAB": msgspec.json.encode(task).decode()}
            command = ["node", str(HERE / "lab.mjs")]
            try:
                async with turn(scene.patience):
                    ended = await tools.run(command, scene.patience.bounds.lab, environment)
            except Crowded:
                ended = tools.Ended(-1, b"", "no turn in the lab", Fault.INTERNAL)
        evidence = [scene.kept.keep("report", report.read_bytes())] if report.exists() else []
    if ended.fault is Fault.TIMEOUT:
        scene.patience.unanswered("Lighthouse", ended.detail)
    if ended.fault is not None:
        return [unmeasured(CHECK, ended.fault, ended.detail, scene.at, evidence)]
    try:
        runs = msgspec.json.decode(ended.output, type=list[Run])
    except msgspec.DecodeError:
        return [unmeasured(CHECK, Fault.NO_TOOL, ended.detail, scene.at, evidence)]
    scene.patience.answered("Lighthouse", f"{len(runs)} runs")
    return [judge(runs, scene.depth.lab_runs, scene.at, evidence)]


def judge(runs: list[Run], wanted: int, at: int, evidence: list[Evidence]) -> Result:
    """The median's share of a full score; too few runs, or too far apart, are no measurement; pure."""
    scores = [each.score * _HUNDRED for each in runs if each.score is not None and not each.error]
    if len(scores) < wanted or not scores:
        error = next((each.error for each in runs if each.error), "")
        detail = f"{len(scores)}/{wanted} {error}".strip()
        return unmeasured(CHECK, Fault.HTTP if error else Fault.NO_TOOL, detail, at, evidence)
    apart = middle_half(scores)
    if apart > RULES.max_spread:
        detail = f"{apart:.0f}/100, n = {len(scores)}"
        return unmeasured(CHECK, Fault.UNSTABLE, detail, at, evidence)
    middle = Decimal(median(scores))
    share = min(FULL, (middle / RULES.full_score).quantize(Decimal("0.0001")))
    facts = {"score": f"{middle:.0f}", "wanted": str(RULES.full_score), "runs": str(len(scores))}
    remarks = [Remark("lab_slow", facts)] if share < 1 else []
    measures = [
        Measure("lab_score", middle, "points", max(scores) - min(scores), len(scores)),
        *(_time(runs, name) for name in _TIMES),
    ]
    return measured(CHECK, share, at, *remarks, measures=measures, evidence=evidence)


def middle_half(scores: list[Decimal]) -> Decimal:
    """How far the middle half of some runs lies apart: the best and the worst quarter are left out."""
    ordered, cut = sorted(scores), len(scores) // _QUARTER
    return ordered[-1 - cut] - ordered[cut]


def _time(runs: list[Run], name: str) -> Measure:
    values = [round(getattr(each, name) or 0) for each in runs]
    return Measure(
        name, Decimal(round(median(values))), "ms", Decimal(max(values) - min(values)), len(values)
    )


def _left_out(depth: Depth) -> str:
    return "" if depth.lab_runs else "0 runs"


PROBE: Final = Probe("page_load", (CHECK,), run, needs_browser=True, left_out=_left_out)
