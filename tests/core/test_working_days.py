"""Offices rest on weekends and public holidays, and deadlines count the days they work."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core import working_days


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 11, 27), True),
        (date(2026, 11, 28), False),  # Saturday
        (date(2026, 9, 2), False),  # the national day
        (date(2026, 4, 30), False),
        (date(2027, 2, 8), False),  # Tết
    ],
)
def test_a_day_is_worked_or_not(day: date, works: bool) -> None:
    assert working_days.is_working_day(day) is works


days = st.dates(date(2022, 1, 1), date(2028, 12, 31))


@given(days, st.integers(0, 60))
def test_counting_forward_and_counting_between_agree(day: date, count: int) -> None:
    last = working_days.after(day, count)
    assert working_days.between(day + timedelta(days=1), last) == count
    assert count == 0 or working_days.is_working_day(last)


@given(days)
def test_there_is_nothing_between_a_day_and_the_one_before(day: date) -> None:
    assert working_days.between(day, day - timedelta(days=1)) == 0
