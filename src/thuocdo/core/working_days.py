"""Days on which offices of Vietnam are open: no weekend, no public holiday (`holidays`, Vietnam)."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

import holidays

_SATURDAY: Final = 5
_ONE: Final = timedelta(days=1)


def is_holiday(day: date) -> bool:
    """Whether a day is a public holiday, on whichever day of the week."""
    return day in _free(day.year)


def is_weekend(day: date) -> bool:
    return day.weekday() >= _SATURDAY


def is_working_day(day: date) -> bool:
    return not is_weekend(day) and not is_holiday(day)


def after(day: date, count: int) -> date:
    """The `count`-th working day after a day; the day itself does not count, 0 gives it back."""
    found = day
    while count > 0:
        found += _ONE
        count -= is_working_day(found)
    return found


def between(first: date, last: date) -> int:
    """Working days from `first` to `last`, both included; 0 when there is no day between."""
    days = max(0, (last - first).days + 1)
    return sum(is_working_day(first + timedelta(days=n)) for n in range(days))


@cache
def _free(year: int) -> holidays.HolidayBase:
    return holidays.country_holidays("VN", years=year)
