"""Terms in days end with their last day, and not on a day on which nobody works."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.models import Entry
from thuocdo.assess.rounds import deadline, office
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.working_days import is_working_day


@pytest.mark.parametrize(
    ("announced", "days", "until"),
    [
        (date(2026, 11, 30), 10, "24:00 10/12/2026"),  # Monday to a Thursday
        (date(2026, 12, 21), 10, "24:00 31/12/2026"),
        (date(2026, 12, 22), 10, "24:00 04/01/2027"),  # New Year's Day is a Friday, then a weekend
        (date(2026, 12, 2), 10, "24:00 14/12/2026"),  # a Saturday
        (date(2027, 4, 20), 10, "24:00 04/05/2027"),  # 30/4, 1/5, and the days taken for them
    ],
)
def test_a_term_ends_with_a_working_day(announced, days, until):
    assert deadline.told(deadline.ends(announced, days)) == until


@given(st.dates(date(2026, 1, 1), date(2029, 12, 31)), st.integers(1, 60))
def test_a_term_is_never_shorter_than_its_days_and_its_last_day_is_whole(announced, days):
    until = deadline.ends(announced, days)
    last = (until - timedelta(seconds=1)).date()
    assert last >= announced + timedelta(days=days)
    assert is_working_day(last)
    assert until.utcoffset() == timedelta(hours=7)
    assert (until.hour, until.minute) == (0, 0)


@pytest.mark.parametrize("days", [0, -3])
def test_less_than_a_day_is_no_term(days):
    with pytest.raises(ThuocdoError) as refused:
        deadline.ends(date(2026, 12, 1), days)
    assert refused.value.code == "bad_appeal_days"


def test_what_was_set_before_is_printed_by_the_minute():
    assert deadline.told(datetime(2026, 12, 31, 10, 30, tzinfo=UTC)) == "17:30 31/12/2026"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("at", "taken"),
    [
        (datetime(2026, 12, 31, 16, 59, 59, 999_999, tzinfo=UTC), True),  # 23:59:59 in Hà Nội
        (datetime(2026, 12, 31, 17, 0, tzinfo=UTC), False),  # 2027 there, 2026 in London
    ],
)
def test_an_appeal_in_the_last_moment_of_the_year_is_in_time(monkeypatch, at, taken):
    held = office.plan(
        "r", criteria_set("2024"), [office.System("a", "A", "province", "https://a.vn/")], is_trial=False
    )  # fmt: skip
    Entry.objects.update(state=Entry.State.DONE, results=[])
    monkeypatch.setattr("django.utils.timezone.now", lambda: datetime(2026, 12, 21, 3, tzinfo=UTC))
    office.announce(held, deadline.ends(date(2026, 12, 21), 10))
    monkeypatch.setattr("django.utils.timezone.now", lambda: at)
    if taken:
        assert office.appeal(held, "a", "functions.account", "Không đúng.", "lan").pk
        return
    with pytest.raises(ThuocdoError) as refused:
        office.appeal(held, "a", "functions.account", "Không đúng.", "lan")
    assert refused.value.code == "too_late"
    assert "24:00 31/12/2026" in str(refused.value)
