"""The file of rules: complete in both languages, refused with a reason, and what the handbook says."""

from __future__ import annotations

import string
from datetime import date
from pathlib import Path

import pytest
import yaml

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.quality import rules
from thuocdo.measure.quality.detectors import DETECTORS, NEEDS
from thuocdo.measure.quality.handbook import page
from thuocdo.measure.quality.rules import FILE, load

DOCS = Path(__file__).parents[3] / "docs" / "quality.md"


def changed(tmp_path: Path, change) -> Path:
    content = yaml.safe_load(FILE.read_text("utf-8"))
    change(content)
    path = tmp_path / "detectors.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    return path


def test_every_detector_has_one_rule_in_force() -> None:
    assert {rule.id for rule in rules().on(date(2026, 12, 1))} == set(DETECTORS)


def test_a_period_before_the_first_version_is_judged_by_the_first() -> None:
    assert [rule.version for rule in rules().on(date(2022, 1, 1))] == [
        rule.version for rule in rules().detectors
    ]


@pytest.mark.parametrize("rule", rules().detectors, ids=lambda rule: rule.id)
def test_a_rule_speaks_both_languages_and_fills_in_the_same_numbers(rule) -> None:
    names = {
        language: {name for _, name, _, _ in string.Formatter().parse(text) if name}
        for language, text in (("vi", rule.means.vi), ("en", rule.means.en))
    }
    assert names["vi"] == names["en"] != set()
    for text in (rule.name, rule.sees, rule.advice, *rule.reasons.values()):
        assert text.vi
        assert text.en
        assert text.vi != text.en
    assert all(one.vi and one.en for one in rule.thresholds.values())


def test_a_threshold_that_nobody_asks_for_is_refused(tmp_path) -> None:
    def change(content) -> None:
        content["detectors"][0]["thresholds"]["mystery"] = {"value": 1, "vi": "không", "en": "none"}

    with pytest.raises(ThuocdoError, match=r"constant_level.*mystery") as refusal:
        load(changed(tmp_path, change), NEEDS)
    assert refusal.value.code == "bad_detectors"


def test_a_missing_rule_is_refused(tmp_path) -> None:
    path = changed(tmp_path, lambda content: content["detectors"].pop())
    with pytest.raises(ThuocdoError, match="unrelated_pages"):
        load(path, NEEDS)


def test_a_rule_without_english_is_refused_with_its_place(tmp_path) -> None:
    path = changed(tmp_path, lambda content: content["detectors"][1]["name"].pop("en"))
    with pytest.raises(ThuocdoError, match=r"detectors\[1\]\.name"):
        load(path, NEEDS)


def test_the_handbook_is_what_the_rules_say() -> None:
    assert DOCS.read_text("utf-8") == page(), (
        "run: python -m thuocdo.measure.quality.handbook > docs/quality.md"
    )


def test_every_detector_is_in_the_handbook_in_both_languages() -> None:
    text = DOCS.read_text("utf-8")
    for rule in rules().detectors:
        assert text.count(f"`{rule.id}` ·") == 2
        assert f"## {rule.name.vi}" in text
        assert f"## {rule.name.en}" in text
    for blind in rules().not_detectable:
        assert blind.name.vi in text
        assert blind.name.en in text


def test_what_is_counted_is_said_in_words() -> None:
    assert rules().word("full → partial").vi == "toàn trình → một phần"
    assert rules().word("1.004194").vi == "1.004194"
