"""What an agency may ask for, whose turn it is, and what becomes of it whatever dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.hosts import budget
from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.hosts.policy import policy
from thuocdo.assess.models import Round, ShadowScan
from thuocdo.assess.rounds import office
from thuocdo.assess.scans import addresses, shadows
from thuocdo.assess.scans.addresses import Choice
from thuocdo.assess.scans.shadows import Shadows, Waiting
from thuocdo.assess.watching import targets
from thuocdo.core import clock
from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import queues
from thuocdo.registry.models import Change, Site, System

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)


def choice(system: str = "H26-portal", url: str = "https://a.vn/") -> Choice:
    return Choice(system, f"Cổng {system}", url, frozenset({"a.vn"}), None)


def refusal(call) -> str:
    with pytest.raises(ThuocdoError) as refused:
        call()
    return refused.value.code


def test_asking_again_while_one_is_open_gives_the_same_scan(settings):
    first = shadows.ask(settings, "H26", choice(), "lan")
    assert shadows.ask(settings, "H26", choice(), "minh").pk == first.pk
    queues.finish(first, queues.State.DONE, results=[])
    assert shadows.ask(settings, "H26", choice(), "minh").pk != first.pk
    trail = Change.objects.filter(what="shadow_scan")
    assert trail.count() == 2
    assert trail.latest("at").after["system"] == "H26-portal"


def test_nobody_scans_the_hosts_of_a_simulated_country(settings):
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.remark_path.write_text("Số liệu mô phỏng")
    assert refusal(lambda: shadows.ask(settings, "H26", choice(), "lan")) == "simulated_hosts"
    assert not ShadowScan.objects.exists()


def elsewhere(system: str) -> Choice:
    """A system on a host of its own."""
    return choice(system, f"https://{system}.vn/")


def test_an_agency_has_a_number_of_scans_a_day_and_what_appeals_order_is_not_counted(settings):
    for number in range(policy().budgets.agency[0].most):
        shadows.ask(settings, "H26", elsewhere(f"s{number}"), "lan")
    ShadowScan.objects.filter(system="s0").update(for_appeal=True)
    shadows.ask(settings, "H26", elsewhere("one-more"), "lan")
    too_many = elsewhere("too-many")
    assert refusal(lambda: shadows.ask(settings, "H26", too_many, "lan")) == "scan_budget"
    assert not ShadowScan.objects.filter(system="too-many").exists()
    assert budget.lately().left("H26") == 0
    shadows.ask(settings, "H29", elsewhere("theirs"), "minh")  # another agency's budget is its own
    ShadowScan.objects.update(asked_at=datetime.now(UTC) - timedelta(days=1))
    shadows.ask(settings, "H26", elsewhere("tomorrow"), "lan")


def test_without_anybody_to_write_to_nothing_is_asked(tmp_path):
    mute = instance.load({"THUOCDO_HOME": str(tmp_path)})
    assert refusal(lambda: shadows.ask(mute, "H26", choice(), "lan")) == "no_contact"
    assert not ShadowScan.objects.exists()


def test_the_public_site_stands_for_a_mail_where_there_is_none(tmp_path):
    read = {"THUOCDO_HOME": str(tmp_path), "THUOCDO_SITE_URL": "https://emc.gov.vn"}
    assert shadows.ask(instance.load(read), "H26", choice(), "l").contact == "https://emc.gov.vn"


def test_agencies_take_turns_and_the_page_knows_the_place():
    asked = [("A", 0), ("A", 1), ("A", 2), ("B", 3), ("C", 4), ("B", 5)]
    waiting = [Waiting(n, agency, NOON + timedelta(n)) for n, (agency, _) in enumerate(asked)]
    assert [each.number for each in shadows.in_turn(waiting)] == [0, 3, 4, 1, 5, 2]


@given(st.lists(st.tuples(st.sampled_from("ABC"), st.integers(0, 50)), max_size=30))
def test_turns_are_fair_whatever_waits(asked):
    waiting = [Waiting(n, agency, NOON + timedelta(minutes=at)) for n, (agency, at) in enumerate(asked)]  # fmt: skip
    turns = shadows.in_turn(waiting)
    assert sorted(each.number for each in turns) == list(range(len(asked)))
    for place, one in enumerate(turns):
        before = [each.agency for each in turns[:place]]
        for other in {each.agency for each in turns[place:]} - {one.agency}:
            assert before.count(one.agency) <= before.count(other)


def test_a_host_that_is_being_scanned_is_passed_over(settings):
    hosts = Hosts.of(settings)
    busy = hosts.hold("https://a.vn/")
    shadows.ask(settings, "H26", choice("first"), "lan")
    shadows.ask(settings, "H29", choice("second", "https://b.vn/"), "minh")
    taken = Shadows(settings).take(hosts)
    assert taken is not None
    assert taken.name == "second"
    assert Shadows(settings).take(hosts) is None
    assert Shadows(settings).waits()
    taken.put_back()
    taken.hold.release()
    assert busy is not None
    busy.release()
    again = ShadowScan.objects.get(system="second")
    assert (again.state, again.attempts, again.started_at) == ("queued", 0, None)


def test_what_was_the_death_of_two_scanners_is_given_up(settings):
    scan = shadows.ask(settings, "H26", choice(), "lan")
    ShadowScan.objects.filter(pk=scan.pk).update(state="running", attempts=1)
    Shadows(settings).put_back_what_was_left()
    scan.refresh_from_db()
    assert scan.state == "queued"
    ShadowScan.objects.filter(pk=scan.pk).update(state="running", attempts=2)
    Shadows(settings).put_back_what_was_left()
    scan.refresh_from_db()
    assert (scan.state, scan.failure) == ("failed", "interrupted")


@pytest.fixture
def registered():
    for kind, hosts in (("portal", "cong.vn\nwww.cong.vn"), ("one_stop", "")):
        code = f"H26-{kind}"
        System.objects.create(code=code, agency="H26", kind=kind, name=code)
        Site.objects.create(site_id=len(kind), system=code, name=code, hostnames=hosts)
    return addresses.choices({"H26"})


def test_a_system_answers_at_its_first_host_or_nobody_knows_where(registered):
    assert {each.system: each.url for each in registered} == {
        "H26-portal": "https://cong.vn/",
        "H26-one_stop": "",
    }


@pytest.mark.parametrize("state", ["measuring", "preliminary", "published"])
def test_an_open_round_says_where_a_system_answers_to_the_monitor_and_to_scans_alike(
    registered, state
):
    systems = [planning("H26-portal", "https://moi.vn/home"), planning("X-1", "https://x.vn/")]
    held = office.plan("2026-1", criteria_set("2024"), systems, is_trial=False)
    Round.objects.filter(pk=held.pk).update(state=state)
    is_open = state != "published"
    asked = {each.system: each for each in addresses.choices({"H26"})}
    portal = asked["H26-portal"]
    assert portal.url == ("https://moi.vn/home" if is_open else "https://cong.vn/")
    assert ("moi.vn" in portal.hosts) is is_open
    assert "cong.vn" in portal.hosts
    assert "X-1" not in asked  # no agency has it
    watched = targets.addresses(clock.now_us())
    assert watched.get("H26-portal") == portal.url
    assert watched.get("X-1") == ("https://x.vn/" if is_open else None)
    assert "H26-one_stop" not in watched


def planning(code: str, url: str) -> office.System:
    return office.System(code, code, "province", url)


@pytest.mark.parametrize(
    ("system", "url", "code"),
    [
        ("H26-one_stop", "", "no_address"),
        ("H26-one_stop", "https://cong.vn/", "no_address"),
        ("H29-portal", "", "unknown_system"),
        ("H26-portal", "https://evil.example/", "foreign_host"),
        ("H26-portal", "https://cong.vn.evil.example/", "foreign_host"),
        ("H26-portal", "https://evil.example/?cong.vn", "foreign_host"),
        ("H26-portal", "file:///etc/passwd", "bad_url"),
        ("H26-portal", "https://cong.vn@evil.example/", "bad_url"),
    ],
)
def test_only_ones_own_pages_may_be_scanned(registered, system, url, code):
    assert refusal(lambda: addresses.chosen(registered, system, url)) == code


def test_a_page_on_a_registered_host_may_be_scanned(registered):
    assert (
        addresses.chosen(registered, "H26-portal", "www.cong.vn/vi").url == "https://www.cong.vn/vi"
    )
