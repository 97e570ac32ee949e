"""Every diagnosis is told completely in both languages, and a fixture page produces it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.assess.site_check.pages import PAGES

from thuocdo.assess.site_check import policy, words
from thuocdo.assess.site_check.model import Code

ELSEWHERE_TESTED = {Code.HTTP_MIXED_CONTENT}  # needs https: test_check.py
_VIETNAMESE = re.compile(r"[ăâđêôơưĂÂĐÊÔƠƯ\u1ea0-\u1ef9]")


def test_every_code_has_words_and_a_page():
    produced = {Code(code) for page in PAGES.values() for code in page.codes}
    assert set(words.texts()) == set(Code)
    assert set(Code) - produced == ELSEWHERE_TESTED


@pytest.mark.parametrize("code", Code)
def test_both_languages_have_words_for_the_same_reasons(code):
    told = words.texts()[code]
    if isinstance(told.vi.saw, dict):
        assert told.vi.saw.keys() == told.en.saw.keys()
        pairs = [(told.vi.saw[key], told.en.saw[key]) for key in told.vi.saw]
    else:
        pairs = [(told.vi.saw, told.en.saw)]
    for vietnamese, english in [*pairs, (told.vi.why, told.en.why), (told.vi.fix, told.en.fix)]:
        assert _VIETNAMESE.search(vietnamese)
        assert not _VIETNAMESE.search(english)
        blanks = re.compile(r"\{(\w+)\}")
        assert set(blanks.findall(vietnamese)) == set(blanks.findall(english))


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_finding_can_be_told(results, language):
    for result in results.values():
        text = words.as_text(result, language)
        assert "{" not in text.split("<script")[0].split("Evidence")[0].split("Bằng chứng")[0]
        for finding in result.pages[0].findings:
            told = words.tell(finding, language)
            assert told.saw
            assert told.fix


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("https://do.example.vn/embed/gov-tracking.min.js", None),
        ("https://do.example.vn/tracking?idsite=227&rec=1", None),
        ("https://do.example.vn/matomo.js", "/matomo.js"),
        ("https://matomo.example.vn/tracking?idsite=1", "://matomo."),
        ("https://tracker.example.vn/a/pageview?x", "://tracker.*/pageview"),
    ],
)
def test_our_own_addresses_are_on_no_common_block_list(url, rule):
    assert policy.blocking_rule(url) == rule


def test_every_diagnosis_is_in_the_manual():
    manual = Path("docs/check-site.md").read_text(encoding="utf-8")
    assert {code.value for code in Code if f"`{code.value}`" not in manual} == set()
