"""What chance could have made of a rate, and which ranks it leaves open."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.vietnamese import percent
from thuocdo.measure.definitions import Dossiers, Services, definition
from thuocdo.measure.intervals import Share, bands, interval_of, wilson
from thuocdo.measure.model import Interval, NoInterval

COUNTS = st.integers(1, 10**8).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def share(numerator: int, denominator: int) -> Share:
    value = percent(numerator, denominator)
    assert value is not None
    return Share(numerator, denominator, float(value))


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        ((81, 263), 25.53, 36.62),
        ((15, 148), 6.24, 16.05),
        ((0, 20), 0.0, 16.11),
        ((1, 29), 0.61, 17.18),
    ],
)
def test_the_interval_is_the_one_in_the_literature(counts, low, high):
    assert wilson(*counts) == Interval(low, high)


def test_all_and_nothing_still_have_an_interval():
    assert wilson(10, 10).high == 100.0
    assert wilson(10, 10).low < 100.0
    assert wilson(0, 10).low == 0.0


@given(COUNTS)
def test_the_rate_lies_in_its_interval_and_no_end_leaves_the_scale(counts):
    found, value = wilson(*counts), float(percent(*counts))
    assert 0 <= found.low <= value <= found.high <= 100


@given(COUNTS, st.integers(2, 50))
def test_more_cases_of_the_same_rate_never_widen_it(counts, times):
    few, many = wilson(*counts), wilson(counts[0] * times, counts[1] * times)
    assert few.low <= many.low
    assert many.high <= few.high


def test_a_rate_whose_numerator_is_no_part_of_its_denominator_has_none_and_says_why():
    rate = definition("online_dossier_rate")
    later = {v.version: v for v in rate.versions}
    assert interval_of(later["2022-12"], "percent", 1, 2) == (None, NoInterval.NOT_A_PROPORTION)
    assert interval_of(later["2022-05"], "percent", 1, 2)[0] == wilson(1, 2)
    assert interval_of(later["2024-11"], "percent", 1, 2)[0] == wilson(1, 2)
    assert interval_of(later["2024-11"], "percent", 0, 0) == (None, NoInterval.NO_VALUE)
    assert interval_of(later["2024-11"], "percent", None, None) == (None, NoInterval.NO_VALUE)


def test_points_times_and_hours_of_a_feed_have_none_and_say_why():
    for code, reason in (
        ("qd766_on_time", NoInterval.NOT_A_SHARE),
        ("time_to_result", NoInterval.NOT_A_SHARE),
        ("uptime", NoInterval.NOT_DRAWN),
        ("full_service_share", NoInterval.NOT_DRAWN),
    ):
        found = definition(code)
        assert interval_of(found.versions[-1], found.unit, 1, 2) == (None, reason), code
    on_time = definition("on_time_rate")
    assert interval_of(on_time.versions[-1], on_time.unit, 1, 2)[0] == wilson(1, 2)


def test_a_count_and_a_catalogue_have_none_and_say_why():
    visits = definition("portal_visits").versions[0]
    assert interval_of(visits, "count", 5, None) == (None, NoInterval.COUNT)
    services = definition("services_with_online_dossiers").versions[0]
    assert interval_of(services, "percent", 1, 2)[0] == wilson(1, 2)
    bare = services.__class__(
        **{name: getattr(services, name) for name in services.__struct_fields__}
        | {"numerator": Services(levels=["full"])}
    )
    assert interval_of(bare, "percent", 1, 2) == (None, NoInterval.NOT_DRAWN)


@pytest.mark.parametrize(
    ("above", "below", "part"),
    [
        ({"channels": ["online"]}, {}, True),
        ({"channels": ["online"]}, {"channels": ["online", "counter"]}, True),
        ({"channels": ["online", "postal"]}, {"channels": ["online"]}, False),
        ({}, {"channels": ["online"]}, False),
        ({"full_online": True}, {}, True),
    ],
)
def test_a_part_is_known_by_its_conditions(above, below, part):
    version = definition("online_dossier_rate").versions[0]
    made = version.__class__(
        **{name: getattr(version, name) for name in version.__struct_fields__}
        | {
            "numerator": Dossiers(event="received", **above),
            "denominator": Dossiers(event="received", **below),
        }
    )
    assert (interval_of(made, "percent", 1, 2)[0] is not None) is part


shares = st.lists(
    st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), max_size=14
).map(lambda pairs: [share(*pair) for pair in pairs])


@settings(max_examples=150, deadline=None)
@given(shares)
def test_a_band_holds_the_official_rank_and_every_rank_it_ties_with(given_shares):
    found = bands(given_shares)
    for one, (low, high) in zip(given_shares, found, strict=True):
        better = sum(other.value > one.value for other in given_shares)
        alike = sum(other.value == one.value for other in given_shares)
        assert 1 <= low <= 1 + better
        assert better + alike <= high <= len(given_shares)


@settings(max_examples=100, deadline=None)
@given(shares, st.randoms(use_true_random=False))
def test_the_order_in_which_agencies_are_asked_changes_no_band(given_shares, shuffler):
    mixed = list(given_shares)
    shuffler.shuffle(mixed)
    assert sorted(zip(given_shares, bands(given_shares), strict=True)) == sorted(
        zip(mixed, bands(mixed), strict=True)
    )


def test_with_ever_more_cases_every_band_shrinks_to_the_rank():
    rates = [10, 30, 55, 56, 90]
    found = bands([share(rate * 10**6, 10**8) for rate in rates])
    assert found == [(5, 5), (4, 4), (3, 3), (2, 2), (1, 1)]


def test_single_cases_tell_nobody_apart():
    assert bands([share(1, 1), share(0, 1), share(1, 2)]) == [(1, 3)] * 3


def test_the_true_order_lies_within_the_bands_as_often_as_promised():
    """300 countries of 20 agencies whose true rates are known; a false distinction is rare."""
    chance, held = random.Random(20261128), 0
    for _ in range(300):
        truth = sorted((chance.uniform(0.3, 0.7) for _ in range(20)), reverse=True)
        cases = [chance.randint(40, 400) for _ in truth]
        drawn = [
            share(sum(chance.random() < rate for _ in range(n)), n)
            for rate, n in zip(truth, cases, strict=True)
        ]
        found = bands(drawn)
        held += all(low <= rank <= high for rank, (low, high) in enumerate(found, start=1))
    assert held >= 0.95 * 300


def test_equal_true_rates_are_hardly_ever_told_apart():
    chance, false_alarms = random.Random(7), 0
    for _ in range(200):
        drawn = [share(sum(chance.random() < 0.5 for _ in range(200)), 200) for _ in range(15)]
        false_alarms += any(band != (1, 15) for band in bands(drawn))
    assert false_alarms <= 0.05 * 200


def test_where_less_is_better_the_bands_count_from_the_other_end():
    given_shares = [share(n * 100, 1000) for n in (9, 5, 1)]
    assert bands(given_shares, lower_is_better=True) == [(3, 3), (2, 2), (1, 1)]


def test_bands_of_the_clearly_ordered_do_not_overlap():
    found = bands([share(n * 100, 1000) for n in (9, 7, 5, 3, 1)])
    assert all(first[1] < second[0] for first, second in pairwise(found))
