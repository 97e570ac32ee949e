"""Ranking and national means against a naive oracle."""

from __future__ import annotations

from datetime import date

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.vietnamese import percent
from thuocdo.measure.intervals import wilson
from thuocdo.measure.model import Figure, NoInterval
from thuocdo.measure.ranking import national, ranked

DAY = date(2022, 4, 30)


def figure(name, numerator, denominator, block="province", flags=()):
    value = percent(numerator, denominator)
    return Figure(
        indicator="x",
        version="2022-05",
        agency=name,
        name=name,
        block=block,
        period_first=DAY,
        period_last=DAY,
        unit="percent",
        numerator=numerator,
        denominator=denominator,
        value=None if value is None else float(value),
        coverage=None,
        freshness=None,
        as_known=None,
        as_organised=DAY,
        trust="any",
        flags=("zero_denominator",) if value is None else flags,
        interval=wilson(numerator, denominator) if 0 < denominator >= numerator else None,
    )


figures = st.lists(
    st.builds(
        figure,
        st.sampled_from(["An Giang", "Bắc Kạn", "Đà Nẵng", "Điện Biên", "Hà Nội", "Ý Yên"]),
        st.integers(0, 5),
        st.integers(0, 5),
        st.sampled_from(["province", "ministry"]),
        st.sampled_from([(), ("coverage_below_threshold",)]),
    ),
    max_size=12,
)


@settings(max_examples=100, deadline=None)
@given(figures)
def test_a_rank_is_one_more_than_the_number_of_better_ones_in_the_block(given_figures):
    for one in ranked(given_figures):
        rivals = [f for f in given_figures if f.block == one.block and not f.flags]
        if one.flags:
            assert one.rank is None
        else:
            assert one.rank == 1 + sum(f.value > one.value for f in rivals)


@settings(max_examples=50, deadline=None)
@given(figures)
def test_ranking_loses_nobody_and_sorts_each_block(given_figures):
    found = ranked(given_figures)
    bare = {"rank": None, "rank_low": None, "rank_high": None}
    plain = sorted(msgspec.json.encode(msgspec.structs.replace(f, **bare)) for f in found)
    assert plain == sorted(msgspec.json.encode(f) for f in given_figures)
    for block in ("province", "ministry"):
        ranks = [f.rank for f in found if f.block == block]
        numbered = [rank for rank in ranks if rank is not None]
        assert numbered == sorted(numbered)
        assert ranks[len(numbered) :] == [None] * (len(ranks) - len(numbered))


@settings(max_examples=100, deadline=None)
@given(figures)
def test_the_band_of_a_figure_holds_its_rank_or_is_not_there_at_all(given_figures):
    for block in ("province", "ministry"):
        own = [f for f in ranked(given_figures) if f.block == block and f.rank is not None]
        if all(f.interval for f in own):
            assert all(1 <= f.rank_low <= f.rank <= f.rank_high <= len(own) for f in own)
        else:
            assert {(f.rank_low, f.rank_high) for f in own} <= {(None, None)}


@settings(max_examples=60, deadline=None)
@given(figures)
def test_where_less_is_better_ranks_and_bands_count_from_the_least(given_figures):
    found = [f for f in ranked(given_figures, lower_is_better=True) if f.rank is not None]
    for one in found:
        rivals = [f for f in found if f.block == one.block]
        assert one.rank == 1 + sum(f.value < one.value for f in rivals)
        if one.rank_low is not None:
            assert one.rank_low <= one.rank <= one.rank_high


def test_a_rate_clearly_apart_has_a_band_of_its_own_and_the_close_ones_share_theirs():
    found = ranked([figure("A", 990, 1000), figure("B", 501, 1000), figure("C", 500, 1000)])
    assert [(f.rank, f.rank_low, f.rank_high) for f in found] == [(1, 1, 1), (2, 2, 3), (3, 2, 3)]


def test_ties_stand_in_the_order_of_the_vietnamese_alphabet():
    names = ["Đồng Nai", "Điện Biên", "Đà Nẵng", "Cần Thơ", "Ái", "An"]
    found = ranked([figure(name, 1, 2) for name in names])
    assert [f.name for f in found] == ["Ái", "An", "Cần Thơ", "Đà Nẵng", "Điện Biên", "Đồng Nai"]
    assert {f.rank for f in found} == {1}


def test_agencies_that_print_the_same_share_a_rank():
    found = ranked([figure("A", 8690, 100000), figure("B", 8691, 100000), figure("C", 1, 100)])
    assert [f.rank for f in found] == [1, 1, 3]


def test_the_two_national_values_are_different_things():
    found = ranked([figure("A", 1, 1), figure("B", 0, 3), figure("C", 1, 0)])
    both = national(found, "province")
    assert (both.mean_of_agencies, both.ratio_of_sums, both.agencies) == (50.0, 25.0, 2)
    assert national(found, "ministry").ratio_of_sums is None


def test_what_a_check_withheld_has_no_rank_however_often_it_is_ranked():
    told = [figure("A", 4, 5), figure("B", 3, 5)]
    blocked = told[1].emptied(NoInterval.NO_VALUE, "blocked_by:due_not_before_received")
    again = ranked(ranked([told[0], blocked]))
    assert [(each.agency, each.rank) for each in again] == [("A", 1), ("B", None)]
