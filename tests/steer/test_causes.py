"""What counts as a trouble: each kind on counts made by hand."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from thuocdo.core.clock import day_start_us
from thuocdo.measure.definitions import Text
from thuocdo.measure.invariants.model import Evidence, Outcome, State
from thuocdo.measure.model import IntakeTotal, SourceState
from thuocdo.measure.outlook.model import Aim, Outlook, Projection, Sight, Verdict
from thuocdo.steer import causes
from thuocdo.steer.causes import Day, Down, OpenTask, Source
from thuocdo.steer.model import Severity
from thuocdo.steer.policy import policy_on

TODAY = date(2026, 12, 4)  # a Friday
POLICY = policy_on(TODAY)


def source(kind: str, last: date | None, *, registered: bool = True) -> SourceState:
    heard = day_start_us(last) + 1 if last else None
    return SourceState("391", "Cổng", kind, "H26", registered, None, False, 0, 0, heard)


@pytest.mark.parametrize(
    ("kind", "last", "severity"),
    [
        ("portal", date(2026, 12, 3), None),
        ("portal", date(2026, 12, 2), None),  # yesterday alone
        ("portal", date(2026, 12, 1), Severity.WARNING),
        ("portal", date(2026, 11, 28), Severity.SERIOUS),
        ("one_stop", date(2026, 12, 1), Severity.WARNING),
        ("one_stop", date(2026, 11, 27), Severity.WARNING),  # Monday to Thursday: four working days
        ("one_stop", date(2026, 11, 26), Severity.SERIOUS),
        ("portal", None, None),  # never connected
    ],
)
def test_a_source_is_silent_after_whole_days(
    kind: str, last: date | None, severity: Severity | None
) -> None:
    found = causes.silent_sources([source(kind, last)], TODAY, POLICY)
    assert [cause.severity for cause in found] == ([severity] if severity else [])


def test_a_one_stop_system_may_rest_over_tet() -> None:
    """Tết 2027: 5 to 9 February by the calendar of holidays, with the weekends around it."""
    after = date(2027, 2, 11)
    found = causes.silent_sources([source("one_stop", date(2027, 2, 5))], after, POLICY)
    assert found == []


def test_nobody_expects_what_is_not_registered() -> None:
    states = [source("one_stop", date(2026, 1, 1), registered=False)]
    assert causes.silent_sources(states, TODAY, POLICY) == []


def total(outcome: str, reason: str | None, records: int) -> IntakeTotal:
    return IntakeTotal(391, None, outcome, reason, records)


@pytest.mark.parametrize(
    ("refused", "accepted", "severity"),
    [
        (19, 81, None),
        (20, 80, Severity.WARNING),
        (50, 50, Severity.SERIOUS),
        (49, 0, None),  # too few to tell
    ],
)
def test_much_that_is_refused_is_a_trouble(
    refused: int, accepted: int, severity: Severity | None
) -> None:
    totals = [total("refused", "bad_time", refused), total("accepted", None, accepted)]
    found = causes.refused_shares(totals, {"391": Source("H26", "Cổng")}, POLICY)
    assert [cause.severity for cause in found] == ([severity] if severity else [])
    if found:
        assert found[0].evidence["reason"] == "bad_time"


def fridays(*counts: int | None, seen: int | None) -> list[Day]:
    before = [Day(TODAY - timedelta(weeks=n), c) for n, c in enumerate(counts, start=1)]
    return [Day(TODAY, seen), *before]


USUAL = (100, 104, 98, 101, 97, 103, 99, 102)


@pytest.mark.parametrize(
    ("seen", "severity"),
    [
        (100, None),
        (60, None),  # falls by less than half
        (49, Severity.WARNING),
        (15, Severity.SERIOUS),
        (250, None),
        (320, Severity.WARNING),
        (1200, Severity.SERIOUS),
        (0, None),  # silence is another kind
        (None, None),
    ],
)
def test_a_day_unlike_its_weekdays_is_a_sudden_change(
    seen: int | None, severity: Severity | None
) -> None:
    found = causes.sudden_change("visits", "H26", fridays(*USUAL, seen=seen), TODAY, POLICY)
    assert (found and found.severity) == severity


def test_a_weekend_is_compared_with_weekends() -> None:
    """An office that is shut on Saturdays: a quiet Saturday is no change."""
    saturday = TODAY + timedelta(days=1)
    days = [Day(saturday - timedelta(days=n), 1 if n % 7 == 0 else 100) for n in range(60)]
    assert causes.sudden_change("dossiers", "H26", days, saturday, POLICY) is None


def test_what_varies_much_has_to_change_more() -> None:
    wild = fridays(20, 400, 90, 300, 10, 250, 60, 200, seen=8)
    assert causes.sudden_change("visits", "H26", wild, TODAY, POLICY) is None


def test_a_holiday_is_neither_judged_nor_compared_with() -> None:
    national_day = date(2026, 9, 2)
    days = [Day(national_day - timedelta(weeks=n), 100 if n else 3) for n in range(9)]
    assert causes.sudden_change("visits", "H26", days, national_day, POLICY) is None


def test_too_few_weeks_or_too_small_counts_say_nothing() -> None:
    few = fridays(100, 101, 99, 100, seen=5)
    small = fridays(10, 11, 9, 10, 12, 10, 9, 11, seen=1)
    for days in (few, small):
        assert causes.sudden_change("visits", "H26", days, TODAY, POLICY) is None


def outcome(state: State, severity: str = "block", rule: str = "part_within_whole") -> Outcome:
    row = Evidence("H26", "Hà Nội", (("part", 7), ("whole", 5)))
    return Outcome(
        rule, severity, state, "online_dossier_rate", "2024-11", "province", "H26", evidence=(row,)
    )


def test_a_broken_rule_that_blocks_is_urgent_and_named_with_its_figure() -> None:
    told = [outcome(State.BROKEN), outcome(State.HOLDS), outcome(State.BROKEN, "warn")]
    (cause,) = causes.broken_invariants(told, POLICY)
    assert cause.severity is Severity.URGENT
    assert cause.subject == "part_within_whole:online_dossier_rate:2024-11"
    assert cause.evidence["shown"] == "tử số 7 lớn hơn mẫu số 5"


def test_a_change_of_the_catalogue_is_no_incident() -> None:
    told = [outcome(State.BROKEN, "warn", "catalogue_changes")]
    assert causes.broken_invariants(told, POLICY) == []


def aim(verdict: Verdict, by: date) -> Outlook:
    projection = Projection(by, 55.5, 50.0, 60.0) if verdict is Verdict.BEHIND else None
    return Outlook(
        indicator="full_online_rate",
        version="2024-11",
        unit="percent",
        agency="H26",
        name="Hà Nội",
        block="province",
        step="month",
        as_of=TODAY,
        method="1",
        needed=3,
        points=(Sight(TODAY, TODAY, 1, 2, 50.0, "used"),),
        line=None,
        aims=(Aim("a", Text("a", "a"), None, 70.0, by, verdict, projection),),
    )


@pytest.mark.parametrize(
    ("verdict", "by", "severity"),
    [
        (Verdict.BEHIND, date(2026, 12, 31), Severity.WARNING),
        (Verdict.MISSED, date(2026, 11, 30), Severity.SERIOUS),
        (Verdict.MISSED, date(2025, 12, 31), None),  # over and known for long
        (Verdict.ON_PACE, date(2026, 12, 31), None),
        (Verdict.UNCERTAIN, date(2026, 12, 31), None),
        (Verdict.NOT_MEASURABLE, date(2026, 12, 31), None),
    ],
)
def test_a_target_is_at_risk_when_the_whole_interval_misses_it(
    verdict: Verdict, by: date, severity: Severity | None
) -> None:
    found = causes.targets_at_risk([aim(verdict, by)], TODAY, POLICY)
    assert [cause.severity for cause in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("due", "severity"),
    [
        (date(2026, 12, 4), None),
        (date(2026, 12, 3), Severity.WARNING),
        (date(2026, 11, 27), Severity.WARNING),  # five working days
        (date(2026, 11, 26), Severity.SERIOUS),
    ],
)
def test_a_task_is_overdue_by_working_days(due: date, severity: Severity | None) -> None:
    found = causes.overdue_tasks([OpenTask(1, "H26", "Gửi bù", due)], TODAY, POLICY)
    assert [cause.severity for cause in found] == ([severity] if severity else [])


@pytest.mark.parametrize(
    ("minutes", "severity"),
    [
        (14, None),
        (15, Severity.WARNING),
        (60, Severity.SERIOUS),
        (240, Severity.URGENT),
    ],
)
def test_a_system_that_stays_down_is_an_incident_and_graver_the_longer(
    minutes: int, severity: Severity | None
) -> None:
    now = day_start_us(TODAY) + 600 * 60_000_000
    down = Down("H26-portal", "H26", "Cổng", now - minutes * 60_000_000, Text("Lỗi", "Error"))
    found = causes.systems_down([down], now, POLICY)
    assert [each.severity for each in found] == ([severity] if severity else [])
    for each in found:
        assert each.evidence["minutes"] == minutes
        assert str(each.evidence["since"]).endswith("04/12/2026")
