"""Which period another is compared with: the one before it, and the same one last year.

A calendar does not divide evenly: February has 28 or 29 days, a year 52 or 53 ISO weeks. Each
step therefore comes with what makes the two periods unlike, so that whoever prints a difference
can say it. Pure: no clock; whoever knows today asks `running`.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import NamedTuple

from thuocdo.core.clock import YEAR_TO_DATE, Period, month_end, week_of

_DAYS_OF_A_WEEK = 7
_MONTHS_OF_A_QUARTER = 3


class Kind(StrEnum):
    """What a period is called; `SPAN` is any other A..B."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    YEAR_TO_DATE = YEAR_TO_DATE
    SPAN = "span"


class Against(StrEnum):
    """What a period is compared with."""

    PREVIOUS = "previous"
    LAST_YEAR = "last-year"


class Unlike(StrEnum):
    """Why two periods do not match day for day; said beside every difference between them."""

    UNEQUAL_DAYS = "unequal_days"
    LEAP_DAY = "leap_day"  # 29 February has no like: 28 February stands for it
    WEEK_53 = "week_53"  # the year before has no week 53: its last week stands for it
    RUNNING = "period_running"  # the period is not over yet


class Step(NamedTuple):
    """The period to compare with, and what makes it unlike the one it is compared with."""

    period: Period
    unlike: tuple[Unlike, ...]


def kind_of(period: Period) -> Kind:
    """By its days, unless it was asked for as a year to date."""
    if period.kind == YEAR_TO_DATE:
        return Kind.YEAR_TO_DATE
    first, last = period.first, period.last
    if first == last:
        return Kind.DAY
    if first.isoweekday() == 1 and period.days == _DAYS_OF_A_WEEK:
        return Kind.WEEK
    if first.day != 1 or last != month_end(last.year, last.month):
        return Kind.SPAN
    months = 12 * (last.year - first.year) + last.month - first.month + 1
    whole = {1: Kind.MONTH}
    if first.month % _MONTHS_OF_A_QUARTER == 1:
        whole[_MONTHS_OF_A_QUARTER] = Kind.QUARTER
    if first.month == 1:
        whole[12] = Kind.YEAR
    return whole.get(months, Kind.SPAN)


def step(period: Period, against: Against) -> Step:
    """The period before, or the same one last year.

    The one before a day, week, month, quarter or year is the one that ends where it begins; before
    a year to date it is the same days last year, for there is no other like it; before any other
    span as many days. The same one last year is the week of that number, or the same dates.
    """
    if against == Against.LAST_YEAR or kind_of(period) == Kind.YEAR_TO_DATE:
        found, unlike = _last_year(period)
    else:
        found, unlike = _before(period), set[Unlike]()
    if found.days != period.days:
        unlike.add(Unlike.UNEQUAL_DAYS)
    return Step(found, tuple(sorted(unlike)))


def running(period: Period, today: date) -> bool:
    """Whether a period is not over on a Vietnamese day."""
    return period.last >= today


def _before(period: Period) -> Period:
    last = period.first - timedelta(days=1)
    months = {Kind.MONTH: 1, Kind.QUARTER: _MONTHS_OF_A_QUARTER, Kind.YEAR: 12}.get(kind_of(period))
    if months is None:
        return Period(last - timedelta(days=period.days - 1), last)
    count = 12 * period.first.year + period.first.month - 1 - months
    return Period(date(count // 12, count % 12 + 1, 1), last)


def _last_year(period: Period) -> tuple[Period, set[Unlike]]:
    if kind_of(period) == Kind.WEEK:
        return _same_week(period)
    unlike = set[Unlike]()
    if kind_of(period) in (Kind.MONTH, Kind.QUARTER, Kind.YEAR):
        last = month_end(period.last.year - 1, period.last.month)
        return Period(date(period.first.year - 1, period.first.month, 1), last), unlike
    if any((day.month, day.day) == (2, 29) for day in (period.first, period.last)):
        unlike.add(Unlike.LEAP_DAY)
    return Period(_year_before(period.first), _year_before(period.last), period.kind), unlike


def _year_before(day: date) -> date:
    leap = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - 1, day=28 if leap else day.day)


def _same_week(period: Period) -> tuple[Period, set[Unlike]]:
    """The ISO week of the same number; week 53 has one only where that year has 53 weeks."""
    year, week, _ = period.first.isocalendar()
    last = date(year - 1, 12, 28).isocalendar().week  # 28 December is always in the last week
    return week_of(year - 1, min(week, last)), {Unlike.WEEK_53} if week > last else set()
