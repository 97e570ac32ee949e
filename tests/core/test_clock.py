"""Days and periods are Vietnam's; instants are exact integers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def test_a_view_at_half_past_six_in_the_evening_utc_belongs_to_the_next_vietnamese_day() -> None:
    evening = clock.from_datetime(datetime(2022, 4, 30, 18, 30, tzinfo=UTC))
    assert clock.local_day(evening) == date(2022, 5, 1)


def test_the_last_microsecond_of_the_year_is_still_the_31st_of_december() -> None:
    new_year = clock.day_start_us(date(2027, 1, 1))
    assert clock.local_day(new_year - 1) == date(2026, 12, 31)
    assert clock.local_day(new_year) == date(2027, 1, 1)


@given(st.datetimes(datetime(1976, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC)))  # noqa: DTZ001
def test_the_constant_offset_agrees_with_the_zone_database(moment: datetime) -> None:
    there = moment.astimezone(ZoneInfo("Asia/Ho_Chi_Minh"))
    assert clock.local_day(clock.from_datetime(moment)) == there.date()


@given(DAYS)
def test_a_day_starts_at_its_own_first_instant(day: date) -> None:
    assert clock.local_day(clock.day_start_us(day)) == day
    assert clock.local_day(clock.day_start_us(day) - 1) == day - timedelta(days=1)


def test_periods_print_inclusive_and_count_half_open() -> None:
    period = clock.parse_period("2022-01-01..2022-04-30")
    assert (period.days, period.end, str(period)) == (
        120,
        date(2022, 5, 1),
        "2022-01-01..2022-04-30",
    )


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2022-W18", "2022-05-02", "2022-05-08"),
        ("2020-W53", "2020-12-28", "2021-01-03"),
        ("2024-02", "2024-02-01", "2024-02-29"),
        ("2022-Q4", "2022-10-01", "2022-12-31"),
        ("2026", "2026-01-01", "2026-12-31"),
        ("2026-12-31", "2026-12-31", "2026-12-31"),
    ],
)
def test_named_periods_are_read(text: str, first: str, last: str) -> None:
    assert clock.parse_period(text) == clock.Period(
        date.fromisoformat(first), date.fromisoformat(last)
    )


@pytest.mark.parametrize(
    "text", ["", "2022-13", "2022-W54", "2022-02-30", "b..a", "2022-05-01..2022-04-01", "2022-Q5"]
)
def test_an_impossible_period_is_refused_with_what_to_write_instead(text: str) -> None:
    with pytest.raises(ThuocdoError) as refusal:
        clock.parse_period(text)
    assert "Write" in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_a_bare_date_as_an_instant_includes_that_whole_day() -> None:
    assert clock.local_day(clock.parse_instant("2022-05-06")) == date(2022, 5, 6)
    assert clock.local_day(clock.parse_instant("2022-05-06") + 1) == date(2022, 5, 7)


def test_a_time_without_a_zone_is_vietnamese() -> None:
    assert clock.parse_instant("2022-05-06T07:00:00") == clock.parse_instant(
        "2022-05-06T00:00:00+00:00"
    )
