"""A round is started, paused and gone on with once, whoever presses."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.models import Entry, Round
from thuocdo.assess.results import Fault, unmeasured
from thuocdo.assess.rounds import measuring, office
from thuocdo.assess.rounds.office import System
from thuocdo.assess.scans.looking import nothing
from thuocdo.core.errors import ThuocdoError

pytestmark = pytest.mark.django_db
CONTACT = "mailto:emc@a.gov.vn"


@pytest.fixture
def held() -> Round:
    systems = [
        System(f"s{n}", f"Hệ thống {n}", "province", f"https://{n}.vn/", "AB"[n % 2])
        for n in range(6)
    ]
    return office.plan("2026-1", criteria_set("2024"), systems, is_trial=False)


def refusal(step, *arguments) -> str:
    with pytest.raises(ThuocdoError) as refused:
        step(*arguments)
    return refused.value.code


def test_of_two_who_press_at_once_one_starts_it(held):
    other = Round.objects.get(pk=held.pk)  # what the second one's page was made of
    measuring.start(held, CONTACT, 5)
    assert refusal(measuring.start, other, "https://other.vn/", 7) == "scanning_already"
    kept = Round.objects.get(pk=held.pk)
    assert (kept.scanning, kept.contact, kept.lab_runs) == ("on", CONTACT, 5)


def test_pause_and_resume_are_steps_of_their_own(held):
    assert refusal(measuring.pause, held) == "not_scanning"
    assert refusal(measuring.resume, held) == "not_scanning"
    measuring.start(held, CONTACT, 0)
    measuring.pause(held)
    assert refusal(measuring.pause, held) == "not_scanning"
    measuring.resume(held)
    assert refusal(measuring.resume, held) == "scanning_already"


@pytest.mark.parametrize(
    ("contact", "runs", "code"),
    [
        ("", 5, "no_contact"),
        ("nobody", 5, "bad_contact"),
        ("mailto:a@b.vn\r\nX: y", 5, "bad_contact"),
        ("javascript:alert(1)", 5, "bad_contact"),
        ("a@b.vn", 3, "bad_lab_runs"),
        ("a@b.vn", 16, "bad_lab_runs"),
        ("a@b.vn", -1, "bad_lab_runs"),
    ],
)
def test_nobody_is_scanned_by_a_stranger_or_measured_by_too_little(held, contact, runs, code):
    assert refusal(measuring.start, held, contact, runs) == code
    assert Round.objects.get(pk=held.pk).scanning == "off"


def test_what_is_measured_or_announced_or_a_trial_is_not_started(held):
    trial = office.plan("thu", criteria_set("2024"), [System("a", "A", "own", "https://a.vn/")], is_trial=True)  # fmt: skip
    assert refusal(measuring.start, trial, CONTACT, 5) == "trial_round"
    Entry.objects.filter(round=held).update(state=Entry.State.DONE)
    assert refusal(measuring.start, held, CONTACT, 5) == "all_measured"
    Entry.objects.filter(round=held).update(state=Entry.State.QUEUED)
    Round.objects.filter(pk=held.pk).update(state=Round.State.PRELIMINARY)
    assert refusal(measuring.start, held, CONTACT, 5) == "round_closed"


def test_progress_tells_pace_time_left_faults_and_turns(held):
    noon = datetime(2026, 12, 1, 12, tzinfo=UTC)
    for n, entry in enumerate(held.entries.order_by("turn")[:4]):
        Entry.objects.filter(pk=entry.pk).update(
            state=Entry.State.DONE,
            finished_at=noon + timedelta(minutes=n),
            fault="dns" if n == 3 else "",
        )
    found = measuring.progress(held)
    assert (found.done, found.queued, found.running, found.total) == (4, 2, 0, 6)
    assert found.hourly == pytest.approx(60)
    assert found.left == timedelta(minutes=2)
    assert found.hindered == [("dns", 1)]
    assert [(each.vendor, each.done, each.total) for each in found.vendors] == [
        ("A", 2, 3),
        ("B", 2, 3),
    ]


def test_a_pace_is_told_of_some_systems_and_not_of_two(held):
    first = held.entries.order_by("turn").first()
    Entry.objects.filter(pk=first.pk).update(finished_at=datetime.now(UTC), state=Entry.State.DONE)
    assert measuring.progress(held).hourly is None


def measured_entry(held, code: str, *hidden: str) -> Entry:
    """A system that is measured, some of it hidden by time-outs."""
    found = [unmeasured(check, Fault.TIMEOUT, "10 s", 1) for check in hidden]
    entry = held.entries.get(code=code)
    Entry.objects.filter(pk=entry.pk).update(
        state=Entry.State.DONE, attempts=1, results=msgspec.to_builtins(found)
    )
    return entry


def test_a_system_that_kept_too_much_from_being_measured_is_measured_once_more(held):
    measured_entry(held, "s1", "security.tls", "security.csp")
    measured_entry(held, "s2", "security.tls")
    (one,) = measuring.to_look_at_again(held)
    entry = one.entry
    assert (entry.code, one.by_site, one.by_us) == ("s1", 6, 0)
    assert refusal(measuring.again, held, "s1", " ") == "no_reason"
    assert measuring.again(held, "s1", "Đo lúc đường truyền hỏng").by_site == 6
    entry.refresh_from_db()
    assert (entry.state, entry.attempts, entry.results) == (Entry.State.QUEUED, 0, None)


def test_a_system_that_moved_while_the_round_was_on_is_measured_where_it_is_now(held):
    entry = measured_entry(held, "s1", "security.tls", "security.csp")
    assert refusal(measuring.again, held, "s1", "Đã chuyển", "ftp://x") == "bad_url"
    assert measuring.again(held, "s1", "Đã chuyển", "moi.vn").entry.url == "https://1.vn/"
    entry.refresh_from_db()
    assert (entry.url, entry.state) == ("https://moi.vn", Entry.State.QUEUED)


@pytest.mark.parametrize("code", ["s2", "s3", "nobody"])
def test_whose_points_the_keeper_merely_dislikes_is_not_measured_again(held, code):
    measured_entry(held, "s2", "security.tls")
    assert refusal(measuring.again, held, code, "Điểm thấp quá") == "not_obstructed"


def test_once_results_are_announced_nobody_is_measured_again(held):
    measured_entry(held, "s1", "security.tls", "security.csp")
    Round.objects.update(state=Round.State.PRELIMINARY)
    held.refresh_from_db()
    assert refusal(measuring.again, held, "s1", "x") == "round_closed"


def test_where_the_scanner_failed_the_system_is_measured_once_more(held):
    found = msgspec.to_builtins(nothing("OSError"))
    held.entries.filter(code="s4").update(state=Entry.State.DONE, results=found)
    (one,) = measuring.to_look_at_again(held)
    assert (one.entry.code, one.by_site) == ("s4", 0)
    assert measuring.again(held, "s4", "Đĩa đầy").by_us > 30
