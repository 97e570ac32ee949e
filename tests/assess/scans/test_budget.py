"""What may be asked for of an agency, a system, a host; and from when on there is more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.scans import budget, shadows
from thuocdo.assess.scans.addresses import Choice
from thuocdo.assess.scans.budget import Asked, free_at
from thuocdo.assess.scans.policy import Window, policy
from thuocdo.registry import queues

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
HOUR, DAY = Window(1, 3), Window(24, 5)


def minutes_ago(*minutes: int) -> list[Asked]:
    return [Asked(NOON - timedelta(minutes=each)) for each in minutes]


@pytest.mark.parametrize(
    ("asked", "weight", "after"),
    [
        ((), 1, 0),
        ((5, 10), 1, 0),
        ((5, 10, 20), 1, 40),  # the oldest of the hour leaves it
        ((5, 10, 20), 2, 50),
        ((60, 10, 20), 1, 0),  # an hour ago is no more within it
        ((70, 80, 90, 5, 10), 1, 24 * 60 - 90),  # the day's window decides
    ],
)
def test_the_first_moment_at_which_it_fits_into_every_window(asked, weight, after):
    found = free_at(minutes_ago(*asked), (HOUR, DAY), weight, NOON)
    assert found == NOON + timedelta(minutes=after)


@given(st.lists(st.tuples(st.integers(0, 2000), st.integers(1, 4)), max_size=25), st.integers(1, 4))
def test_at_that_moment_it_fits_and_a_second_before_it_does_not(asked, weight):
    past = [Asked(NOON - timedelta(minutes=at), each) for at, each in asked]
    windows = (Window(1, 6), Window(24, 12))
    found = free_at(past, windows, weight, NOON)

    def fits(moment: datetime) -> bool:
        return all(
            sum(e.weight for e in past if e.at > moment - timedelta(hours=each.hours)) + weight
            <= each.most
            for each in windows
        )

    assert fits(found)
    assert found == NOON or not fits(found - timedelta(seconds=1))


@pytest.mark.django_db
def test_a_system_has_a_budget_whoever_asks(settings):
    most = policy().budgets.system[0].most
    for number in range(most):
        # a host of its own each time, so that the system's bound is what is met
        url = f"https://h{number}.vn/"
        scan = shadows.ask(settings, f"H{number}", Choice("s", "S", url, frozenset(), None), "l")
        queues.finish(scan, queues.State.DONE)
    with pytest.raises(budget.Spent) as refused:
        shadows.ask(settings, "H99", Choice("s", "S", "https://x.vn/", frozenset(), None), "l")
    assert refused.value.code == "system_budget"
    left = refused.value.free_at - datetime.now(UTC)
    assert timedelta(hours=23) < left <= timedelta(hours=24)


@pytest.mark.django_db
def test_a_host_that_several_agencies_share_has_one_budget(settings):
    fits = policy().budgets.host[0].most // policy().scan_weight
    for number in range(fits):
        own = Choice(f"s{number}", "S", f"https://a.vn/{number}", frozenset(), None)
        shadows.ask(settings, f"H{number}", own, "l")
    with pytest.raises(budget.Spent) as refused:
        shadows.ask(settings, "H99", Choice("t", "T", "http://A.vn:80/", frozenset(), None), "l")
    assert refused.value.code == "host_budget"
    shadows.ask(settings, "H99", Choice("t", "T", "https://a.vn:8443/", frozenset(), None), "l")
