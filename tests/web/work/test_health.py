"""A source is judged by what is usual for its hour and its weekday, and by nothing else."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core import clock
from thuocdo.core.vocabulary import SystemKind
from thuocdo.measure.model import SourceState
from thuocdo.steer import causes
from thuocdo.steer.policy import policy_on
from thuocdo.web.work import health
from thuocdo.web.work.health import HOUR_US, Heard, State, Tally

NOW = clock.parse_instant("2026-12-16T10:30:00")  # a Wednesday
HERE = health.hour_of(NOW)
NUMBERS = health.policy(NOW)
WEEK_US = 7 * 24 * HOUR_US


def every_hour(records: int, *, until: int = HERE, weeks: int = 4) -> dict[int, Tally]:
    """So many accepted records in every hour before one."""
    return {HERE - n * HOUR_US: Tally(records) for n in range(weeks * 168) if HERE - n * HOUR_US < until}  # fmt: skip


def heard(**known: Any) -> Heard:
    usual = {
        "kind": "portal", "closed": None, "accepted": NOW - HOUR_US // 2, "event": NOW - HOUR_US // 2,
        "since": health.span(NOW, NUMBERS)[0], "hours": every_hour(100),
    }  # fmt: skip
    return Heard(**usual | known)


def hour_of_day(start: int) -> int:
    return (start + clock.OFFSET_US) // HOUR_US % 24


def last(at: int, **more: Any) -> dict[str, Any]:
    """Of a source that came by itself, last at an instant."""
    return {"accepted": at, "event": at, "hours": {}, **more}


FRIDAY = clock.parse_instant("2026-12-11T16:00:00")


@pytest.mark.parametrize(
    ("known", "state"),
    [
        ({}, State.REPORTING),
        ({"closed": date(2026, 12, 1)}, State.CLOSED),
        ({"accepted": None, "event": None, "hours": {}}, State.NEVER),
        ({"accepted": None, "event": NOW - HOUR_US, "hours": {}}, State.FILES_ONLY),
        ({"accepted": None, "event": NOW - 9 * WEEK_US, "hours": {}}, State.SILENT),
        (last(NOW - 59 * HOUR_US), State.SILENT),  # Sunday before midnight; two whole days since
        (last(NOW - 58 * HOUR_US), State.REPORTING),  # nothing is usual yet
        ({"accepted": None, "event": NOW - 59 * HOUR_US, "hours": {}}, State.SILENT),
        ({"kind": "one_stop"} | last(FRIDAY), State.SILENT),  # Monday and Tuesday
        ({"kind": "one_stop"} | last(FRIDAY + 72 * HOUR_US), State.REPORTING),
        ({"hours": {HERE: Tally(refused=3)}}, State.REFUSED),
        ({"hours": {HERE: Tally(accepted=1, refused=300)}}, State.REPORTING),
        ({"hours": every_hour(100) | {HERE - n * HOUR_US: Tally(20) for n in range(8)}}, State.LOW),
        (
            {"hours": every_hour(100) | {HERE - n * HOUR_US: Tally(900) for n in range(8)}},
            State.HIGH,
        ),
        (
            {"hours": every_hour(2) | {HERE - n * HOUR_US: Tally() for n in range(4)}},
            State.REPORTING,
        ),
    ],
)
def test_every_state_has_its_signs(known: dict[str, Any], state: State) -> None:
    assert health.state(heard(**known), NOW, NUMBERS) is state


def test_a_busy_source_is_interrupted_after_hours_and_a_quiet_one_is_not() -> None:
    at = NOW - 4 * HOUR_US
    busy = heard(accepted=at, hours=every_hour(100, until=health.hour_of(at)))
    quiet = heard(accepted=at, hours=every_hour(1, until=health.hour_of(at)))
    assert health.state(busy, NOW, NUMBERS) is State.INTERRUPTED
    assert health.state(quiet, NOW, NUMBERS) is State.REPORTING


def test_a_one_stop_system_that_rests_on_sundays_is_not_interrupted_on_one() -> None:
    sunday = clock.parse_instant("2026-12-20T15:00:00")
    friday = clock.parse_instant("2026-12-18T17:00:00")
    hours = {
        start: Tally(80)
        for start in range(friday - 4 * WEEK_US, friday, HOUR_US)
        if clock.local_day(start).weekday() < 5 and 7 <= hour_of_day(start) < 17
    }
    resting = heard(kind="one_stop", accepted=friday, event=friday, hours=hours)
    assert health.state(resting, sunday, NUMBERS) is State.REPORTING
    monday = clock.parse_instant("2026-12-21T15:00:00")
    assert health.state(resting, monday, NUMBERS) is State.INTERRUPTED
    wednesday = clock.parse_instant("2026-12-23T00:00:00")
    assert health.state(resting, wednesday, NUMBERS) is State.SILENT


def test_the_usual_is_the_median_of_the_same_hour_of_the_same_weekday() -> None:
    hours = {HERE - n * WEEK_US: Tally(records) for n, records in ((1, 10), (2, 500), (3, 20))}
    hours[HERE - 24 * HOUR_US] = Tally(9_999)
    assert health.usual(heard(hours=hours), HERE, NUMBERS) == 20


def test_weeks_before_its_first_record_say_nothing_of_a_source() -> None:
    young = heard(hours={HERE - WEEK_US: Tally(10)})
    assert health.usual(young, HERE, NUMBERS) == 10
    assert health.usual(heard(hours={HERE: Tally(5)}), HERE, NUMBERS) is None
    assert health.usual_between(heard(hours={}), HERE - HOUR_US, HERE, NUMBERS) is None


@settings(deadline=None)  # the first question for a year makes its calendar of holidays
@given(
    st.dictionaries(st.integers(0, 600), st.integers(0, 1000)),
    st.one_of(st.none(), st.integers(0, 2_000)),
    st.sampled_from(list(SystemKind)),
)
def test_every_source_has_a_state(hours: dict[int, int], ago: int | None, kind: str) -> None:
    """Whatever was heard; and who was heard within the hour is never called silent."""
    at = None if ago is None else NOW - ago * HOUR_US
    told = {HERE - n * HOUR_US: Tally(records) for n, records in hours.items()}
    found = health.state(heard(kind=kind, accepted=at, event=at, hours=told), NOW, NUMBERS)
    assert found in State
    assert ago != 0 or found is not State.SILENT


@settings(deadline=None)
@given(st.integers(0, 30 * 24), st.sampled_from([kind.value for kind in SystemKind]))
def test_a_page_says_silent_when_an_incident_is_raised_and_only_then(ago: int, kind: str) -> None:
    at, today = NOW - ago * HOUR_US, clock.local_day(NOW)
    source = SourceState("391", "Cổng", kind, "H26", True, None, False, 0, 0, at)
    raised = causes.silent_sources([source], today, policy_on(today))
    for hours in ({}, every_hour(100, until=health.hour_of(at))):
        for accepted in (at, None):
            known = heard(kind=kind, accepted=accepted, event=at, hours=hours)
            assert (health.state(known, NOW, NUMBERS) is State.SILENT) == bool(raised)


def test_the_policy_names_its_source() -> None:
    for edition in health.editions():
        assert edition.source.document
        assert edition.low_percent < 100 < edition.high_percent
