"""The line: exact, robust, and its interval counted out permutation by permutation."""

from __future__ import annotations

from fractions import Fraction
from itertools import permutations
from math import factorial

from hypothesis import given
from hypothesis import strategies as st

from thuocdo.measure.outlook.line import fit, inversions, median, score

VALUES = st.lists(st.fractions(0, 100, max_denominator=997), min_size=5, max_size=14)


def places(values, every=7):
    return [(place * every, Fraction(value)) for place, value in enumerate(values)]


def test_inversions_are_those_of_all_permutations():
    for size in range(1, 7):
        counted = [0] * (size * (size - 1) // 2 + 1)
        for order in permutations(range(size)):
            pairs = [(a, b) for a in range(size) for b in range(a + 1, size)]
            counted[sum(order[a] > order[b] for a, b in pairs)] += 1
        assert inversions(size) == tuple(counted)
        assert sum(inversions(size)) == factorial(size)


def test_the_critical_score_is_that_of_the_tables():
    # Hollander & Wolfe, table A.30: least k with P(K >= k) <= 0.025, less two.
    assert [score(n, 950) for n in (3, 4, 5, 6, 7, 8, 9, 10)] == [None, None, 8, 11, 13, 16, 18, 21]


def test_a_straight_line_is_found_with_no_spread():
    found = fit(places([10 + 2 * n for n in range(8)]), 950)
    assert (found.slope, found.start, found.spread) == (Fraction(2, 7), 10, 0)
    assert found.at(70) == (30, 30, 30)


def test_wild_periods_hardly_move_the_line():
    values = [10 + 2 * n for n in range(12)]
    values[3], values[8] = 95, 0
    found = fit(places(values), 950)
    assert found.slope == Fraction(2, 7)


def test_too_few_places_have_no_interval_and_so_no_line():
    assert fit(places([1, 2, 3, 4]), 950) is None
    assert fit([], 950) is None
    assert fit(places([1, 2, 3, 4, 5]), 950) is not None


@given(VALUES)
def test_the_interval_holds_the_slope_and_the_projection_its_value(values):
    found = fit(places(values), 950)
    assert found.low[0] <= found.slope <= found.high[0]
    for day in (0, 50, 1000):
        value, low, high = found.at(day)
        assert low <= value <= high


@given(VALUES, st.fractions(-5, 5, max_denominator=50), st.fractions(0, 100, max_denominator=9))
def test_tilting_and_lifting_a_series_tilts_and_lifts_its_line(values, tilt, lift):
    before = fit(places(values), 950)
    after = fit([(day, value + tilt * day + lift) for day, value in places(values)], 950)
    assert after.slope == before.slope + tilt
    assert after.start == before.start + lift
    assert after.low[0] == before.low[0] + tilt
    assert after.spread == before.spread


@given(VALUES)
def test_turning_a_series_upside_down_turns_its_line(values):
    before = fit(places(values), 950)
    after = fit([(day, -value) for day, value in places(values)], 950)
    assert (after.slope, after.low[0], after.high[0]) == (
        -before.slope,
        -before.high[0],
        -before.low[0],
    )


def test_the_median_is_the_middle_or_between_the_two():
    assert median([Fraction(1), Fraction(5), Fraction(9)]) == 5
    assert median([Fraction(1), Fraction(2)]) == Fraction(3, 2)
