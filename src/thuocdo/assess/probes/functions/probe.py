"""Looks for six functions among the controls of the front page, and for the hotline in its text; then, for those
it did not see, among the sections that the pages behind it name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.look import Look
from thuocdo.assess.probes.scene import Probe, Scene
from thuocdo.assess.probes.walk.walk import Below, find_below, told_below
from thuocdo.assess.probes.words import Sign, find, says
from thuocdo.assess.results import FULL, NONE, Remark, Result, measured


class Rules(RulesFile, frozen=True):
    signs: dict[str, Sign]


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)
CHECKS: Final = tuple(f"functions.{name}" for name in RULES.signs)
_IN_TEXT: Final = "hotline"


def judge(seen: Look, below: Sequence[Below], at: int) -> list[Result]:
    """Seen or not; pure."""
    return [_judged(seen, below, name, sign, at) for name, sign in RULES.signs.items()]


def _judged(seen: Look, below: Sequence[Below], name: str, sign: Sign, at: int) -> Result:
    check = f"functions.{name}"
    control = find(seen.facts.controls, sign)
    if control is not None:
        remark = Remark("function_seen", {"text": control.text[:80], "href": control.href[:120]})
        return measured(check, FULL, at, remark, evidence=seen.evidence)
    if name == _IN_TEXT and says(seen.facts.text, sign.words):
        return measured(check, FULL, at, evidence=seen.evidence)
    deeper = find_below(below, sign)
    if deeper is not None:
        return measured(check, FULL, at, told_below(deeper), evidence=deeper.page.evidence)
    return measured(check, NONE, at, Remark("function_unseen"), evidence=seen.evidence)


async def run(scene: Scene) -> list[Result]:
    return judge(scene.seen, scene.walk.below(), scene.at)


PROBE: Final = Probe("functions", CHECKS, run, needs_look=True, needs_answers=False)
