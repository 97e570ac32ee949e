"""docs/figures.md explains, in both languages, every word a figure can carry."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import thuocdo.measure
from thuocdo.core.periods import Unlike
from thuocdo.core.vocabulary import Provenance
from thuocdo.measure.comparing import NoDifference
from thuocdo.measure.model import BLOCKED, Flag, NoInterval
from thuocdo.measure.ranking import UNRANKED_FLAGS

PAGE = (Path(__file__).parents[2] / "docs" / "figures.md").read_text("utf-8")
LANGUAGES = dict(zip(("vi", "en"), PAGE.split("\n# English\n"), strict=True))
SOURCES = list(Path(thuocdo.measure.__file__).parent.rglob("*.py"))


@pytest.mark.parametrize("language", ["vi", "en"])
@pytest.mark.parametrize("words", [Flag, NoInterval, Unlike, NoDifference, Provenance])
def test_every_word_is_explained(language, words):
    missing = [word.value for word in words if f"`{word}`" not in LANGUAGES[language]]
    assert missing == []


def test_every_flag_the_code_writes_is_one_of_the_closed_set():
    """A flag written as text anywhere in measuring is among `Flag`, so it is explained."""
    written = set(UNRANKED_FLAGS)
    for path in SOURCES:
        text = path.read_text("utf-8")
        written |= set(re.findall(r'flags\.add\(\s*"(\w+)"', text))
        if path.name in ("figures.py", "valuing.py"):
            written |= set(re.findall(r'^[A-Z_]+: Final = "([a-z_]+)"$', text, re.MULTILINE))
            written |= set(re.findall(r'_flags\([^)]*\), "(\w+)"', text))
    assert len(written) > 8
    assert written - set(Flag) == set()


def test_every_flag_with_a_rules_code_behind_it_is_explained():
    for text in LANGUAGES.values():
        assert f"`{BLOCKED}…`" in text
        assert "`quality:…`" in text


def test_both_languages_explain_the_same_words():
    words = {
        name: set(re.findall(r"^\| `(\w+)", text, re.MULTILINE)) for name, text in LANGUAGES.items()
    }
    assert words["vi"] == words["en"]
