"""Asks for the owner's token; with it, lets Locust ramp up through the guarding proxy and judges the steps."""

from __future__ import annotations

import sys
import tempfile
from decimal import Decimal
from email.utils import parsedate_to_datetime
from pathlib import Path
from statistics import median
from typing import Final
from urllib.parse import urlsplit

import msgspec

from thuocdo.assess.fetch import Answer, Failure
from thuocdo.assess.probes import tools
from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.load.appointment import PATH, Appointment, permitted
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.results import (
    Evidence,
    Fault,
    Measure,
    Remark,
    Result,
    measured,
    unmeasured,
)
from thuocdo.assess.site_check import proxy
from thuocdo.core import clock
from thuocdo.core.signing import Signer

CHECK: Final = "system_performance.load"
HERE: Final = Path(__file__).parent
_MAX_BYTES: Final = 2_000_000_000
_TIMEOUT_S: Final = 20
_MARGIN_S: Final = 60.0
_FINE: Final = 200
_CLOCKS_US: Final = 300_000_000
"""By how much a host's clock and ours may differ."""


class Rules(RulesFile, frozen=True):
    steps: list[int]
    median_ms: int
    failures_percent: int
    abort_percent: int
    abort_after: int


RULES: Final = rules_of(HERE / "rules.yaml", Rules)


class Step(msgspec.Struct, frozen=True):
    """What one step saw: times in ms of every request, failed ones included."""

    users: int
    times: list[int]
    failed: int
    aborted: bool

    @property
    def is_borne(self) -> bool:
        if not self.times or self.aborted:
            return False
        few_failed = self.failed * 100 <= RULES.failures_percent * len(self.times)
        return few_failed and median(self.times) <= RULES.median_ms


async def run(scene: Scene) -> list[Result]:
    parts = urlsplit(scene.front.url)
    if not _is_its_own(scene.target.url, scene.front.url):
        # whoever leads to another's portal must not bring its load there, window or not
        elsewhere = f"it leads to {parts.netloc}"
        return [unmeasured(CHECK, Fault.NO_APPOINTMENT, elsewhere, scene.at)]
    found = await scene.citizen.get(f"{parts.scheme}://{parts.netloc}{PATH}", follow=False)
    if isinstance(found, Failure):
        return [unmeasured(CHECK, Fault.NO_APPOINTMENT, found.fault.value, scene.at)]
    if found.status != _FINE:
        return [unmeasured(CHECK, Fault.NO_APPOINTMENT, f"{PATH}: HTTP {found.status}", scene.at)]
    public = Signer.of(scene.settings.home).public
    leave = permitted(found.text, public, parts.netloc, clock.now_us())
    if not isinstance(leave, str) and not _agree(found, leave):
        leave = "by the host's own clock the window is not open"
    if isinstance(leave, str):
        return [unmeasured(CHECK, Fault.NO_APPOINTMENT, leave, scene.at)]
    evidence = [scene.kept.keep("appointment", found.body)]
    async with (
        scene.patience.ours()
    ):  # the owner signed for this time; the steps have bounds of their own
        return [await _ramp(scene, leave, evidence)]


def _is_its_own(asked: str, found: str) -> bool:
    """Whether a front page was found at the host that was asked, `www.` aside."""
    one, other = ((urlsplit(url).hostname or "").removeprefix("www.") for url in (asked, found))
    return one == other


def _agree(answer: Answer, leave: Appointment) -> bool:
    """Whether the clock of the host agrees that the window is open: ours may have been set back.

    A host that tells no time is not asked for it.
    """
    try:
        told = clock.from_datetime(parsedate_to_datetime(answer.one("date")))
    except ValueError:
        return True
    return leave.since - _CLOCKS_US <= told < leave.until + _CLOCKS_US


async def _ramp(scene: Scene, leave: Appointment, evidence: list[Evidence]) -> Result:
    steps = [users for users in RULES.steps if users <= leave.users]
    left_s = (leave.until - clock.now_us()) / 1_000_000
    if not steps or left_s < len(steps) * scene.depth.load_step_s:
        return unmeasured(CHECK, Fault.NO_APPOINTMENT, "the window is too small", scene.at)
    fetcher, parts = scene.citizen.fetcher, urlsplit(scene.front.url)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "steps.json"
        async with proxy.serving(fetcher.guard, _MAX_BYTES) as way_out:
            task = {
                "steps": steps,
                "step_s": scene.depth.load_step_s,
                "path": parts.path or "/",
                "agent": fetcher.agent,
                "timeout_s": _TIMEOUT_S,
                "authorities": fetcher.authorities,
                "abort_percent": RULES.abort_percent,
                "abort_after": RULES.abort_after,
                "report": str(report),
            }
            environment = {
                "LOAD": msgspec.json.encode(task).decode(),
                **dict.fromkeys(
                    ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), way_out.address
                ),
                **dict.fromkeys(("NO_PROXY", "no_proxy"), ""),
            }
            base = f"{parts.scheme}://{parts.netloc}"
            command = [
                *(sys.executable, "-m", "locust", "-f", str(HERE / "ramp.py"), "--headless"),
                *("--only-summary", "--host", base, "--stop-timeout", "2", "--loglevel", "ERROR"),
            ]
            seconds = len(steps) * scene.depth.load_step_s + _MARGIN_S
            ended = await tools.run(command, seconds, environment)
        content = report.read_bytes() if report.exists() else b""
    if ended.fault is not None or not content:
        return unmeasured(CHECK, ended.fault or Fault.NO_TOOL, ended.detail, scene.at, evidence)
    evidence.append(scene.kept.keep("report", content))
    return judge(msgspec.json.decode(content, type=list[Step]), scene.at, evidence)


def judge(steps: list[Step], at: int, evidence: list[Evidence]) -> Result:
    """The part of the rules' steps that was borne, up to the first that was not; pure.

    Steps beyond what the owner allowed were not made: they are neither borne nor failed, so nothing is
    said of the whole before all of them were made.
    """
    borne = 0
    for step in steps:
        if not step.is_borne:
            break
        borne += 1
    if borne == len(steps) < len(RULES.steps):
        detail = f"{steps[-1].users} of {RULES.steps[-1]} users were allowed"
        return unmeasured(CHECK, Fault.NO_APPOINTMENT, detail, at, evidence)
    share = (Decimal(borne) / len(RULES.steps)).quantize(Decimal("0.0001"))
    remarks = []
    if borne < len(steps):
        first = steps[borne]
        facts = {
            "users": str(first.users),
            "failed": str(first.failed),
            "of": str(len(first.times)),
            "median": str(round(median(first.times))) if first.times else "–",
        }
        remarks.append(Remark("load_aborted" if first.aborted else "load_slow", facts))
    measures = [
        Measure(
            f"median_{step.users}", Decimal(round(median(step.times))), "ms", None, len(step.times)
        )
        for step in steps
        if step.times
    ]
    return measured(CHECK, share, at, *remarks, measures=measures, evidence=evidence)


PROBE: Final = Probe("load", (CHECK,), run)
