"""What is policy is documented, in both languages: a rule or target without a page fails here."""

from __future__ import annotations

from pathlib import Path

import pytest

from thuocdo.core.vietnamese import format_day
from thuocdo.measure.advice.model import editions
from thuocdo.measure.invariants.model import rules
from thuocdo.measure.outlook.model import Verdict
from thuocdo.measure.targets.model import targets

DOCS = Path(__file__).parents[2] / "docs"


def page(name: str) -> tuple[str, str]:
    """(the Vietnamese part, the English part), each on one line."""
    text = " ".join((DOCS / name).read_text(encoding="utf-8").split())
    vietnamese, _, english = text[1:].partition(" # ")
    return vietnamese, english


@pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule.code)
def test_every_check_is_documented(rule):
    vietnamese, english = page("invariants.md")
    for part, title, about in (
        (vietnamese, rule.title.vi, rule.about.vi),
        (english, rule.title.en, rule.about.en),
    ):
        assert f"`{rule.code}`" in part
        assert title in part
        assert " ".join(about.split()) in part


@pytest.mark.parametrize("edition", editions(), ids=lambda edition: edition.version)
def test_every_rule_of_advice_is_documented(edition):
    vietnamese, english = page("advice.md")
    assert f"từ {format_day(edition.valid_from)}" in vietnamese
    assert f"from {edition.valid_from}" in english
    for rule in edition.rules:
        assert f"`{rule.code}` {rule.title.vi}" in vietnamese
        assert f"`{rule.code}` | {rule.title.en}" in english


def test_every_target_and_verdict_is_documented():
    vietnamese, english = page("outlook.md")
    for target in targets():
        assert f"`{target.code}`" in vietnamese
        assert f"{target.value}% | {format_day(target.by)}" in vietnamese
    for verdict in Verdict:
        assert f"`{verdict}`" in vietnamese
        assert f"`{verdict}`" in english
