"""What may be asked for of an agency, a system, a host; and from when on there is more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.hosts import budget
from thuocdo.assess.hosts.budget import Asked, free_at
from thuocdo.assess.hosts.policy import Window, policy
from thuocdo.assess.models import Entry
from thuocdo.assess.rounds import fleet, office
from thuocdo.assess.scans import shadows
from thuocdo.assess.scans.addresses import Choice
from thuocdo.assess.scans.looking import Scanning
from thuocdo.assess.site_check.check import MAX_PAGES
from thuocdo.core.clock import now_us, to_datetime
from thuocdo.registry import queues
from thuocdo.registry.models import Change, System

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


def test_one_scan_and_one_check_fit_into_what_a_host_gets():
    assert all(each.most >= max(policy().scan_weight, MAX_PAGES) for each in policy().budgets.host)


def spend_by_hand(settings, url: str, **more) -> None:
    for _ in range(policy().budgets.host[0].most // policy().scan_weight):
        budget.look_by_hand(settings, url, "lan", **more)


@pytest.mark.django_db
def test_what_is_scanned_at_the_command_line_is_counted_as_what_agencies_ask_for(settings):
    spend_by_hand(settings, "https://a.vn/")
    own = Choice("s", "S", "https://a.vn/x", frozenset(), None)
    with pytest.raises(budget.Spent) as refused:
        shadows.ask(settings, "H1", own, "minh")
    assert refused.value.code == "host_budget"


@pytest.mark.django_db
def test_a_scan_at_the_command_line_is_refused_when_the_host_had_its_share(settings):
    for number in range(policy().budgets.host[0].most // policy().scan_weight):
        own = Choice(f"s{number}", "S", "https://a.vn/", frozenset(), None)
        shadows.ask(settings, "H1", own, "minh")
    with pytest.raises(budget.Spent) as refused:
        budget.look_by_hand(settings, "https://a.vn/", "lan")
    assert refused.value.code == "host_budget"
    assert "--beyond-budget" in str(refused.value)
    with pytest.raises(budget.Spent):
        budget.look_by_hand(settings, "https://a.vn/", "lan", pages=2, because="  ")
    assert not Change.objects.filter(what=budget.BY_HAND).exists()


@pytest.mark.django_db
def test_an_operator_goes_beyond_a_budget_by_saying_why_and_the_trail_keeps_it(settings):
    spend_by_hand(settings, "https://a.vn/")
    budget.look_by_hand(settings, "https://a.vn/", "lan", because="Cổng vừa thay chứng thư")
    kept = Change.objects.filter(what=budget.BY_HAND).first()
    assert (kept.who, kept.key) == ("lan", "a.vn")
    assert kept.after["because"] == "Cổng vừa thay chứng thư"
    assert kept.after["beyond"] == "host_budget"


@pytest.mark.django_db
def test_a_system_that_is_scanned_at_the_command_line_is_its_agencys(settings):
    System.objects.create(code="H29-x", agency="H29", kind="portal", name="X", valid_from="2020-01-01")  # fmt: skip
    for number in range(policy().budgets.system[0].most):
        budget.look_by_hand(settings, f"https://h{number}.vn/", "lan", system="H29-x")
    assert budget.lately().left("H29") == policy().budgets.agency[0].most - number - 1
    with pytest.raises(budget.Spent) as refused:
        budget.look_by_hand(settings, "https://x.vn/", "lan", system="H29-x")
    assert refused.value.code == "system_budget"


def round_of(url: str, *, is_trial: bool = False):
    return office.plan(
        "r", criteria_set("2024"), [office.System("a", "A", "province", url)], is_trial=is_trial
    )


def measured(settings, held, *, beyond: bool = False) -> int:
    scanning = Scanning("mailto:a@b.vn", settings.check_networks)
    return fleet.measure(settings, held, scanning, lambda *_: None, beyond=beyond)


@pytest.mark.django_db
def test_a_round_waits_until_its_host_may_be_asked_for_more(settings, served):
    url = served["mau-khong-tra-loi"]
    spend_by_hand(settings, url)
    held = round_of(url)
    assert measured(settings, held) == 0
    (waiting,) = fleet.late(held).items()
    assert waiting[0] == "a"
    assert waiting[1] > to_datetime(now_us())
    assert measured(settings, held, beyond=True) == 1
    assert fleet.late(held) == {}


@pytest.mark.django_db
def test_what_a_round_scanned_its_host_has_had(settings, served):
    held = round_of(served["mau-khong-tra-loi"])
    assert measured(settings, held) == 1
    url = Entry.objects.get().url
    had = budget.lately()._of_host(url)
    assert [each.weight for each in had] == [policy().scan_weight]


@pytest.mark.django_db
def test_fixtures_of_our_own_have_no_budget(settings, served):
    url = served["mau-khong-tra-loi"]
    spend_by_hand(settings, url)
    assert measured(settings, round_of(url, is_trial=True)) == 1
