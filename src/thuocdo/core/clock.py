"""Time: instants are integers of microseconds UTC; days and periods are those of Vietnam.

Vietnam has kept UTC+7 without daylight saving since 1975, so a local day is a shifted
86,400-second block; the offset is a constant here and nowhere else.
Periods are half-open inside and printed inclusive (DESIGN.md §1).
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone

from thuocdo.core.errors import ThuocdoError

OFFSET_US = 7 * 3600 * 1_000_000
DAY_US = 86_400 * 1_000_000
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")
_EPOCH = date(1970, 1, 1)
_WEEK = re.compile(r"(\d{4})-W(\d{2})", re.ASCII)
_YTD = "-YTD"
_HOW = (
    "Write 2022-01-01..2022-04-30, 2022-04-30, 2022-W18, 2022-04, 2022-Q1, 2022 or 2022-04-30-YTD."
)

YEAR_TO_DATE = "year_to_date"


def now_us() -> int:
    """The server's clock, microseconds since 1970-01-01 UTC."""
    return time.time_ns() // 1000


def local_day(instant_us: int) -> date:
    """The Vietnamese calendar day of an instant (µs UTC)."""
    return _EPOCH + timedelta(days=(instant_us + OFFSET_US) // DAY_US)


def day_start_us(day: date) -> int:
    """The instant (µs UTC) at which a Vietnamese day begins."""
    return (day - _EPOCH).days * DAY_US - OFFSET_US


def to_datetime(instant_us: int) -> datetime:
    """An aware UTC datetime; exact, no float in between."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant_us)


def from_datetime(moment: datetime) -> int:
    """µs UTC of a datetime; a naive one is read as Vietnamese local time."""
    aware = moment if moment.tzinfo else moment.replace(tzinfo=VIETNAM)
    return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def parse_instant(text: str) -> int:
    """µs UTC from ISO 8601, with or without time and zone (none: Vietnam's).

    A bare date as an instant means the end of that day: "as known on 6 May" includes 6 May.
    Raises ThuocdoError `bad_time`.
    """
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            return day_start_us(date.fromisoformat(text) + timedelta(days=1)) - 1
        return from_datetime(datetime.fromisoformat(text))
    except ValueError:
        raise ThuocdoError(
            "bad_time", f"{text!r} is not a time.", "Write 2022-05-06 or 2022-05-06T17:00:00+07:00."
        ) from None


def parse_day(text: str) -> date:
    """A calendar day from YYYY-MM-DD. Raises ThuocdoError `bad_date`."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ThuocdoError("bad_date", f"{text!r} is not a date.", "Write 2022-04-30.") from None


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """Days `first` to `last`, both included (Vietnamese calendar).

    kind  `YEAR_TO_DATE` where it was asked for as that: the days alone cannot tell it from January
          or the first quarter. No part of a period's identity; core/periods.py compares by it
    """

    first: date
    last: date
    kind: str = field(default="", compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.last < self.first:
            raise ThuocdoError(
                "bad_period",
                f"The period {self.first}..{self.last} ends before it begins.",
                "Write the earlier date first, for example 2022-01-01..2022-04-30.",
            )

    @property
    def end(self) -> date:
        """The first day after the period (half-open bound)."""
        return self.last + timedelta(days=1)

    @property
    def days(self) -> int:
        return (self.end - self.first).days

    @property
    def start_us(self) -> int:
        return day_start_us(self.first)

    @property
    def end_us(self) -> int:
        """The instant the period is over, itself excluded."""
        return day_start_us(self.end)

    def __str__(self) -> str:
        return f"{self.first}..{self.last}"


def week_of(year: int, week: int) -> Period:
    """An ISO week, Monday to Sunday. Raises ThuocdoError `bad_week`."""
    try:
        monday = date.fromisocalendar(year, week, 1)
    except ValueError:
        raise ThuocdoError(
            "bad_week", f"{year}-W{week:02d} is not an ISO week.", "Write for example 2022-W18."
        ) from None
    return Period(monday, monday + timedelta(days=6))


def parse_week(text: str) -> Period:
    """An ISO week written 2022-W18. Raises ThuocdoError `bad_week`."""
    found = _WEEK.fullmatch(text)
    if not found:
        raise ThuocdoError("bad_week", f"{text!r} is not a week.", "Write for example 2022-W18.")
    return week_of(int(found[1]), int(found[2]))


def parse_period(text: str, today: date | None = None) -> Period:
    """A..B (inclusive), a day, an ISO week, a month, a quarter, a year, or a year to a day.

    2022-01-01..2022-04-30 · 2022-04-30 · 2022-W18 · 2022-04 · 2022-Q1 · 2022 · 2022-04-30-YTD (from
    1 January to that day) · 2026-YTD (to `today`, Vietnam's day unless given: this year only).
    Raises ThuocdoError `bad_period`, `bad_date` or `bad_week`.
    """
    if ".." in text:
        first, _, last = text.partition("..")
        return Period(parse_day(first), parse_day(last))
    if text.endswith(_YTD):
        return _to_date(text.removesuffix(_YTD), today or local_day(now_us()))
    if _WEEK.fullmatch(text):
        return parse_week(text)
    return _calendar(text)


def _calendar(text: str) -> Period:
    """A day, a month, a quarter or a year."""
    if found := re.fullmatch(r"(\d{4})-Q([1-4])", text):
        start = 3 * int(found[2]) - 2
        return Period(date(int(found[1]), start, 1), month_end(int(found[1]), start + 2))
    try:
        if re.fullmatch(r"\d{4}-\d{2}", text):
            first_day = date.fromisoformat(f"{text}-01")
            return Period(first_day, month_end(first_day.year, first_day.month))
        if re.fullmatch(r"\d{4}", text):
            return Period(date(int(text), 1, 1), date(int(text), 12, 31))
        day = date.fromisoformat(text)
    except ValueError:
        raise ThuocdoError("bad_period", f"{text!r} is not a period.", _HOW) from None
    return Period(day, day)


def year_to(day: date) -> Period:
    """1 January of a day's year to that day, known as a year to date."""
    return Period(date(day.year, 1, 1), day, YEAR_TO_DATE)


def _to_date(text: str, today: date) -> Period:
    if not re.fullmatch(r"\d{4}", text):
        return year_to(parse_day(text))
    if int(text) != today.year:
        raise ThuocdoError(
            "bad_period",
            f"{text}{_YTD} ends today, {today}, which is not in {text}.",
            f"Write {text} for the whole year, or a day of it: {text}-04-30{_YTD}.",
        )
    return year_to(today)


def month_end(year: int, month: int) -> date:
    """The last day of a month."""
    following = date(year + 1, 1, 1) if month == 12 else date(year, month + 1, 1)
    return following - timedelta(days=1)
