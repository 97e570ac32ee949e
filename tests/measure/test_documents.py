"""docs/indicators is what the definitions say, and lacks none of them."""

from __future__ import annotations

from pathlib import Path

from thuocdo.measure.definitions import definitions, documents
from thuocdo.measure.definitions.running import packaged
from thuocdo.measure.facts.schemas import FACTS

FOLDER = Path(__file__).parents[2] / "docs" / "indicators"
HAVE = {table: schema.names for table, schema in FACTS.items()}


def test_every_indicator_is_documented_as_its_definition_says():
    made = documents.pages(packaged(), HAVE)
    there = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.md")}
    assert there.keys() == made.keys(), "run: thuocdo docs indicators"
    stale = [name for name, text in made.items() if there[name] != text]
    assert stale == [], "run: thuocdo docs indicators"


def test_a_page_says_every_version_in_both_languages():
    made = documents.pages(packaged(), HAVE)
    for indicator in definitions():
        page = made[f"{indicator.code}.md"]
        for version in indicator.versions:
            for text in (version.description.vi, version.description.en):
                assert " ".join(text.split()) in page
            assert page.count(version.identity) == 2


def test_pages_of_indicators_that_are_no_more_are_removed(tmp_path):
    (tmp_path / "gone.md").write_text("x")
    documents.write({"README.md": "a"}, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["README.md"]
