"""A shadow scan in words: what an owner sees in minutes, without waiting for a round; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

from thuocdo.assess import results as probed
from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.probes.catalogue import ASKED_ONLY
from thuocdo.assess.probes.files import texts
from thuocdo.assess.results import Outcome, Remark, Result
from thuocdo.assess.scoring import grade
from thuocdo.measure.definitions import Text

Language = Literal["vi", "en"]
_UNOFFICIAL = Text(
    vi="Kết quả không chính thức: chỉ gồm những gì máy đo được.",
    en="Unofficial: only what the machine could measure.",
)
_TOTAL = Text(
    vi="Tổng {points} điểm; còn {unmeasured} điểm chưa đo được.",
    en="{points} points in all; {unmeasured} could not be measured.",
)
_FIX = Text(vi="Cách sửa", en="How to mend it")
_MARKS = {Outcome.PASS: "✓", Outcome.FAIL: "✗", Outcome.UNMEASURED: "?"}


def told(criteria: CriteriaSet, results: Sequence[Result], language: Language) -> str:
    """Every check with what was seen, the affected element and how to mend it, under one set of rules."""
    points = probed.points(criteria, results)
    whole = grade(criteria, points)
    total = _TOTAL.told(language).format(points=whole.points, unmeasured=whole.unmeasured)
    lines = [_UNOFFICIAL.told(language), total, ""]
    by_check = {each.check or f"{g.code}.{each.code}": each for g, each in criteria.criteria()}
    for result in results:
        if result.check in ASKED_ONLY and (result.check not in by_check or result.share is None):
            continue  # nobody asks, or people do
        criterion = by_check.get(result.check)
        name = (criterion.name if criterion else texts()[result.check]).told(language)
        lines.append(f"{_MARKS[result.outcome]} {name}")
        lines += [f"    {line}" for line in _seen(result, language)]
        if criterion and criterion.fix and result.outcome is Outcome.FAIL:
            lines.append(f"    {_FIX.told(language)}: {criterion.fix.told(language)}")
    return "\n".join(lines)


def said(remark: Remark, language: Language = "vi") -> str:
    """The words, with what was seen put in as it was: a page's own braces are no blanks."""
    words = texts()[remark.code].told(language)
    for name, value in remark.facts.items():
        words = words.replace(f"{{{name}}}", value)
    return words


def _seen(result: Result, language: Language) -> Iterator[str]:
    if result.fault is not None:
        yield texts()[result.fault.value].told(language).replace("{detail}", result.detail or "–")
    for remark in result.remarks:
        yield said(remark, language)
        if remark.element:
            yield f"  {remark.element}"
