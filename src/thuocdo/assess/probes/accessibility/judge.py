"""From axe's findings, the keyboard's way and the narrow page to shares; pure.

What axe calls *incomplete* it could not decide. Such a rule neither passes nor fails here: it costs
nothing, gains nothing, and is listed for a person.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Final

from thuocdo.assess.probes.files import RulesFile, rules_of
from thuocdo.assess.probes.look import Axe, Keyboard, Look, Narrow
from thuocdo.assess.results import FULL, NONE, Fault, Measure, Remark, Result, measured, unmeasured

HALF: Final = Decimal("0.5")
_DEFAULT_IMPACT: Final = "moderate"
_NO_ZOOM: Final = re.compile(r"user-scalable\s*=\s*(?:no|0)|maximum-scale\s*=\s*(?:0|1(?:\.\d+)?)\s*(?:,|$)", re.IGNORECASE)  # fmt: skip
_SHOWN: Final = 12
_NOWHERE: Final = 8
"""Tabs that lead nowhere: more than the parts of any control of the browser's own."""


_ADDED_BY_2_1: Final = frozenset(("wcag21a", "wcag21aa"))


class Rules(RulesFile, frozen=True):
    impact: dict[str, Decimal]


RULES: Final = rules_of(Path(__file__).with_name("rules.yaml"), Rules)


def judge(seen: Look, at: int) -> list[Result]:
    return [
        _axe("wcag.axe", seen, at),
        _keyboard(seen.keyboard, at),
        _zoom(seen.narrow, seen.facts.viewport, at),
        _axe("wcag.axe_2_1", seen, at),
    ]


def _axe(check: str, seen: Look, at: int) -> Result:
    """By WCAG 2.0; by 2.1 where the check says so."""
    if seen.axe is None:
        return unmeasured(check, Fault.NO_TOOL, "axe-core", at)
    axe = seen.axe if check == "wcag.axe_2_1" else _of_2_0(seen.axe)
    share, remarks = FULL, []
    for rule in axe.violations:
        share -= RULES.impact[rule.impact or _DEFAULT_IMPACT]
        facts = {"rule": rule.id, "help": rule.help, "count": str(len(rule.nodes))}
        remarks.append(
            Remark("axe_violation", facts, rule.nodes[0].html[:160] if rule.nodes else "")
        )
    return measured(
        check,
        max(share, NONE),
        at,
        *remarks[:_SHOWN],
        *_undecided(axe),
        measures=[
            Measure("axe_violations", Decimal(len(axe.violations)), "count"),
            Measure("axe_incomplete", Decimal(len(axe.incomplete)), "count"),
        ],
        evidence=seen.evidence,
    )


def _of_2_0(axe: Axe) -> Axe:
    violations, incomplete = (
        [rule for rule in rules if not _ADDED_BY_2_1 & set(rule.tags)]
        for rules in (axe.violations, axe.incomplete)
    )
    return Axe(violations, incomplete)


def _undecided(axe: Axe) -> list[Remark]:
    return [
        Remark("axe_incomplete", {"rule": rule.id, "count": str(len(rule.nodes))})
        for rule in axe.incomplete[:_SHOWN]
    ]


def _keyboard(seen: Keyboard, at: int) -> Result:
    """Half for getting everywhere, half for seeing where one is."""
    check = "wcag.keyboard"
    if seen.stops == 0:
        return measured(check, NONE, at, Remark("no_stops"))
    reached = {each.stop for each in seen.walked if each.stop >= 0}
    share, remarks = FULL, [Remark("keyboard_dead", {}, each) for each in seen.dead]
    if _is_trapped(seen):
        last = seen.walked[-1].element
        facts = {"reached": str(len(reached)), "pressed": str(len(seen.walked))}
        remarks.append(Remark("keyboard_trap", facts, last))
    share -= HALF if remarks else NONE
    unseen = [each for each in seen.walked if each.stop >= 0 and not each.visible]
    if unseen:
        share -= HALF
        facts = {"count": str(len(unseen)), "of": str(len(seen.walked))}
        remarks.append(Remark("focus_unseen", facts, unseen[0].element))
    return measured(check, share, at, *remarks)


def _is_trapped(seen: Keyboard) -> bool:
    """Whether the walk ended in Tabs that led nowhere, with controls left to reach.

    One control may well take several: a date has three parts and a button.
    """
    last = [each.stop for each in seen.walked[-_NOWHERE:]]
    reached = {each.stop for each in seen.walked if each.stop >= 0}
    return len(last) == _NOWHERE and len(set(last)) == 1 and len(reached) < seen.stops


def _zoom(narrow: Narrow, viewport: str, at: int) -> Result:
    """Half for a page that still fits, half for text that is whole and a zoom that is allowed."""
    share, remarks = FULL, []
    if narrow.scroll_width > narrow.width + 1:
        share -= HALF
        sizes = {"width": str(narrow.width), "scroll": str(narrow.scroll_width)}
        remarks.append(Remark("sideways", sizes, (narrow.out or [""])[0]))
    if narrow.cut or _NO_ZOOM.search(viewport):
        share -= HALF
        remarks += [Remark("text_cut", {}, each) for each in narrow.cut]
        remarks += [Remark("zoom_forbidden", {"viewport": viewport})] if not narrow.cut else []
    return measured("wcag.zoom", share, at, *remarks)
