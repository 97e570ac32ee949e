"""Bounds on chance never promise more than the exact tail, and quantiles are shares somebody has."""

from __future__ import annotations

import math
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from thuocdo.measure.quality.stats import log10_at_least, log10_at_most, permille, quantile

shares = st.fractions(min_value=Fraction(1, 200), max_value=Fraction(199, 200), max_denominator=200)


def tail(counts, of: int, share: Fraction) -> Fraction:
    return sum((math.comb(of, k) * share**k * (1 - share) ** (of - k) for k in counts), Fraction(0))


@given(st.integers(1, 60), st.data(), shares)
def test_the_bound_is_never_below_the_exact_chance_of_so_few(of, data, share) -> None:
    seen = data.draw(st.integers(0, of))
    bound = log10_at_most(seen, of, share)
    assert bound <= 0
    assert 10**bound >= float(tail(range(seen + 1), of, share)) * (1 - 1e-9)


@given(st.integers(1, 60), st.data(), shares)
def test_nor_of_so_many(of, data, share) -> None:
    seen = data.draw(st.integers(0, of))
    bound = log10_at_least(seen, of, share)
    assert bound <= 0
    assert 10**bound >= float(tail(range(seen, of + 1), of, share)) * (1 - 1e-9)


def test_what_is_certain_cannot_miss() -> None:
    assert log10_at_most(9, 10, Fraction(1)) == -math.inf
    assert log10_at_least(1, 10, Fraction(0)) == -math.inf
    assert log10_at_most(10, 10, Fraction(1)) == log10_at_least(0, 10, Fraction(0)) == 0.0


def test_none_of_many_is_beyond_chance_and_none_of_few_is_not() -> None:
    assert log10_at_most(0, 1_000, Fraction(3, 100)) < -6
    assert log10_at_most(0, 100, Fraction(3, 100)) > -6
    assert log10_at_most(5, 0, Fraction(1, 2)) == 0.0


@given(st.lists(shares, min_size=1), st.integers(0, 1000))
def test_a_quantile_is_one_of_the_shares_and_rises(some, at) -> None:
    found = quantile(some, at)
    assert found in some
    assert min(some) <= found <= max(some)
    assert quantile(some, 0) == min(some)
    assert quantile(some, 1000) == max(some)


def test_no_peers_have_no_quantile_and_nothing_has_no_share() -> None:
    assert quantile([], 500) is None
    assert permille(1, 0) == 0
    assert permille(999, 1000) == 999
