"""Words are found whatever their marks, and quoted as they were written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.probes.words import Folded, opening
from thuocdo.core.vietnamese import fold_accents

WRITTEN = st.text(alphabet="aăâbcdđeêơưÁẬỘỳ ß\u0301\n.", max_size=40)


@pytest.mark.parametrize(
    ("text", "word", "is_there"),
    [
        ("Nộp thuế điện tử", "nop thue", True),
        ("NỘP THUẾ", "nop thue", True),
        ("Newsletter", "news", False),
        ("tin-tức", "tin", True),
        ("Phân loại rác", "phan loai", True),
        ("", "x", False),
    ],
)
def test_a_word_stands_by_itself(text, word, is_there):
    assert (Folded.of(text).find([word]) is not None) is is_there


@given(WRITTEN, WRITTEN)
def test_what_is_found_is_quoted_as_it_was_written(before, after):
    found = Folded.of(f"{before} Lấy Ý KIẾN {after}")
    place = found.find(["lay y kien"])
    assert place is not None
    assert "lay y kien" in fold_accents(found.quote(place))


@given(st.text(max_size=40))
def test_folding_goes_character_by_character(text):
    """By which a place in the folded text is one in the text."""
    assert fold_accents(text) == "".join(map(fold_accents, text))


def test_a_quote_ends_with_its_line_and_at_words():
    text = "dòng trước\n" + "a " * 60 + "Sơ đồ" + " b" * 60 + "\ndòng sau"
    found = Folded.of(text)
    place = found.find(["so do"])
    assert place is not None
    quote = found.quote(place)
    assert quote.startswith("…a ")
    assert quote.endswith(" b…")
    assert Folded.of("x\nSơ đồ\ny").quote((2, 7)) == "Sơ đồ"


def test_bullets_before_a_name_are_passed_over():
    assert opening("» Giới thiệu") == "gioi thieu"
