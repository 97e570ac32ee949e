"""Numbers, dates and the alphabet as Vietnam writes them."""

from __future__ import annotations

import unicodedata
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core import vietnamese


def test_names_sort_as_in_a_vietnamese_dictionary() -> None:
    names = ["Đồng Tháp", "Đà Nẵng", "Cần Thơ", "Cà Mau", "Cao Bằng", "An Giang", "Ắc", "Hà Nam"]
    expected = ["An Giang", "Ắc", "Cà Mau", "Cao Bằng", "Cần Thơ", "Đà Nẵng", "Đồng Tháp", "Hà Nam"]
    assert sorted(names, key=vietnamese.collation_key) == expected


def test_tones_decide_only_between_words_of_the_same_letters() -> None:
    words = ["mạ", "mã", "má", "mả", "mà", "ma", "mă", "mâ"]
    assert sorted(words, key=vietnamese.collation_key) == [
        *["ma", "mà", "mả", "mã", "má", "mạ"],
        *["mă", "mâ"],
    ]


@given(st.text())
def test_sorting_does_not_depend_on_how_the_text_was_composed(text: str) -> None:
    decomposed = unicodedata.normalize("NFD", text)
    assert vietnamese.collation_key(text)[:2] == vietnamese.collation_key(decomposed)[:2]


@given(
    st.text(
        alphabet=st.one_of(
            st.sampled_from("aăâđêôơưáàảãạấÁẮß한 \u0301\u0323\u031b\u0306"), st.characters()
        )
    )
)
def test_a_letter_weighs_the_same_alone_and_in_its_word(text: str) -> None:
    """Letters are weighed one by one and remembered; whole texts, mark by mark, say the same."""
    by_marks = vietnamese._weights(vietnamese.nfc(text).casefold())
    assert vietnamese.collation_key(text)[:2] == by_marks


def test_searching_ignores_accents() -> None:
    assert vietnamese.fold_accents("Cần Thơ") == "can tho"
    assert vietnamese.fold_accents("Đắk Lắk") == "dak lak"


@pytest.mark.parametrize(
    ("numerator", "denominator", "value"),
    [(50, 61, "81.97"), (1, 3, "33.33"), (1, 8, "12.50"), (1, 1600, "0.06"), (5, 5, "100.00")],
)
def test_percentages_are_exact_and_rounded_half_up(
    numerator: int, denominator: int, value: str
) -> None:
    assert vietnamese.percent(numerator, denominator) == Decimal(value)


def test_half_a_hundredth_is_rounded_up_not_to_even() -> None:
    assert vietnamese.percent(1, 800) == Decimal("0.13")  # 0.125


def test_nothing_measured_is_not_zero() -> None:
    assert vietnamese.percent(0, 0) is None
    assert vietnamese.format_percent(None) == "–"


def test_numbers_and_dates_print_in_both_languages() -> None:
    assert vietnamese.format_count(9941921) == "9.941.921"
    assert vietnamese.format_count(9941921, "en") == "9,941,921"
    assert vietnamese.format_percent(100) == "100,00%"
    assert vietnamese.format_decimal(Decimal("1234.5")) == "1.234,50"
    assert vietnamese.format_day(date(2022, 4, 30)) == "30/04/2022"
    assert vietnamese.format_day(date(2022, 4, 30), "en") == "30 April 2022"


def test_a_letterhead_writes_leading_zeros_as_the_decree_asks() -> None:
    assert vietnamese.letterhead_day(date(2022, 5, 6)) == "ngày 06 tháng 5 năm 2022"
    assert vietnamese.letterhead_day(date(2020, 1, 5)) == "ngày 05 tháng 01 năm 2020"


@pytest.mark.parametrize(
    ("us", "vi", "en"),
    [
        (None, "–", "–"),
        (0, "0,000 giây", "0.000 s"),
        (250_000, "0,250 giây", "0.250 s"),
        (15_000_000, "15 giây", "15 s"),
        (59_999_999, "1 phút", "1 min"),
        (7_505_000_000, "2 giờ 5 phút", "2 h 5 min"),
        (3_605_000_000, "1 giờ", "1 h"),
        (1_234 * 86_400_000_000, "1.234 ngày", "1,234 d"),
    ],
)
def test_a_duration_is_said_in_its_two_largest_units(us, vi, en):
    assert (vietnamese.format_duration(us), vietnamese.format_duration(us, "en")) == (vi, en)
