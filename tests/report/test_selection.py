"""Lists cut from a ranking: ordered, without overlap, and open about what they leave out."""

from __future__ import annotations

from datetime import date

from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.measure.model import Figure, Flag
from thuocdo.measure.ranking import UNRANKED_FLAGS
from thuocdo.report.document import balanced
from thuocdo.report.model import Row
from thuocdo.report.selection import cut, mean_of_printed, rows, show, words_of


def ranked(values: list[float]) -> list[Row]:
    ordered = sorted(values, reverse=True)
    return [
        Row(ordered.index(value) + 1, f"H{place}", f"Tỉnh {place}", value, None, None, None, None)
        for place, value in enumerate(ordered)
    ]


def figure(name: str, value: float | None, rank: int | None, *flags: str) -> Figure:
    day = date(2022, 4, 30)
    return Figure(
        "online_dossier_rate", "2022-05", name, name, "province", day, day, "percent", None, None,
        value, None, None, None, day, "any", flags=flags, rank=rank,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 100), max_size=30), st.integers(1, 6))
def test_lists_never_overlap_and_always_descend(values, top_n):
    ranking = ranked(values)
    top, bottom, _ = cut(ranking, top_n)
    names = [name for name, _ in (*top, *bottom)]
    assert len(set(names)) == len(names) == min(len(ranking), 2 * top_n)
    shown = [value for _, value in (*top, *bottom)]
    assert shown == sorted(shown, reverse=True)


def test_few_agencies_shorten_the_lists_and_a_remark_says_so():
    top, bottom, remarks = cut(ranked([90, 50, 10]), 3)
    assert [value for _, value in top] == [90, 50]
    assert [value for _, value in bottom] == [10]
    assert remarks == [
        "Chỉ có 3 cơ quan có số liệu được xếp hạng nên danh sách ngắn hơn thường lệ."
    ]


def test_equals_that_did_not_fit_are_counted():
    _, _, remarks = cut(ranked([100, 100, 100, 100, 50, 50, 2, 1]), 2)
    assert remarks == ["Còn 2 cơ quan khác có giá trị bằng Tỉnh 1 trong nhóm cao nhất."]


def test_equal_ranks_stand_in_vietnamese_order_and_the_unranked_apart():
    ranking, unranked = rows(
        [
            figure("Đắk Nông", 5.0, 1),
            figure("Cà Mau", 5.0, 1),
            figure("Hà Nội", 2.0, None, "coverage_below_threshold"),
            figure("An Giang", None, None, "zero_denominator"),
        ]
    )
    assert [row.name for row in ranking] == ["Cà Mau", "Đắk Nông"]
    assert [row.name for row in unranked] == ["An Giang", "Hà Nội"]
    assert unranked[0].remark == "mẫu số bằng 0"
    assert unranked[1].remark == "độ bao phủ nguồn số liệu dưới ngưỡng xếp hạng"


def test_every_flag_of_measuring_has_its_words():
    for flag in {*Flag, *UNRANKED_FLAGS}:
        assert words_of([flag]) != flag


def test_the_mean_is_that_of_the_printed_values():
    figures = [figure("A", 33.33, 1), figure("B", 33.34, 2), figure("C", 0.0, None, "no_data")]
    assert mean_of_printed(figures) == 33.34  # 33.335, half up
    assert mean_of_printed([]) is None


def test_numbers_are_written_the_vietnamese_way():
    assert show(9941921, "count") == "9.941.921"
    assert show(100.0, "percent") == "100,00%"
    assert show(None, "percent") == "–"


def test_a_letterhead_breaks_into_even_lines():
    assert balanced("CƠ QUAN THƯỜNG TRỰC CỦA ỦY BAN QUỐC GIA VỀ CHUYỂN ĐỔI SỐ") == [
        "CƠ QUAN THƯỜNG TRỰC",
        "CỦA ỦY BAN QUỐC GIA",
        "VỀ CHUYỂN ĐỔI SỐ",
    ]


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=120), st.integers(5, 30))
def test_breaking_loses_no_word_and_keeps_the_limit(text, limit):
    lines = balanced(text, limit)
    assert " ".join(lines).split() == text.split()
    assert all(len(line) <= limit or " " not in line for line in lines)
