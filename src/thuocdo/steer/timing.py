"""When somebody is told: at once, with the next digest, or when their quiet hours are over. Pure."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final, NamedTuple

from thuocdo.core import working_days
from thuocdo.core.clock import VIETNAM, from_datetime, to_datetime
from thuocdo.steer.model import Mode, Severity

_WEEK: Final = 7
_YEAR: Final = 366


class Quiet(NamedTuple):
    """Hours of Vietnam's day, [start, end): 22 to 7 crosses midnight; equal: none.

    weekends, holidays   those whole days as well
    """

    start: int = 0
    end: int = 0
    weekends: bool = False
    holidays: bool = False


class Wish(NamedTuple):
    """How somebody wants their mail. hour: 0…23 of the digest; weekday: Monday is 0."""

    mode: Mode = Mode.NOW
    hour: int = 8
    weekday: int = 0
    quiet: Quiet = Quiet()


def due(wish: Wish, severity: Severity, now: int) -> int:
    """The instant (µs UTC) from which somebody may be told; what is urgent does not wait."""
    if severity is Severity.URGENT:
        return now
    local = to_datetime(now).astimezone(VIETNAM)
    if wish.mode is not Mode.NOW:
        local = next_digest(wish, local)
    return from_datetime(after_quiet(wish.quiet, local))


def next_digest(wish: Wish, local: datetime) -> datetime:
    """The first digest after a moment (Vietnam's time)."""
    at = datetime.combine(local.date(), time(wish.hour), VIETNAM)
    while at <= local or (wish.mode is Mode.WEEKLY and at.weekday() != wish.weekday):
        at += timedelta(days=1)
    return at


def after_quiet(quiet: Quiet, local: datetime) -> datetime:
    """The moment itself, or the first one after it that is not quiet."""
    found = local
    for _ in range(_YEAR):  # ends: no year is all weekends and holidays
        if _is_quiet_day(quiet, found.date()):
            found = datetime.combine(found.date() + timedelta(days=1), time(), VIETNAM)
        elif _is_quiet_hour(quiet, found.hour):
            found = _end_of_hours(quiet, found)
        else:
            break
    return found


def _is_quiet_day(quiet: Quiet, day: date) -> bool:
    return (quiet.weekends and working_days.is_weekend(day)) or (
        quiet.holidays and working_days.is_holiday(day)
    )


def _is_quiet_hour(quiet: Quiet, hour: int) -> bool:
    if quiet.start <= quiet.end:
        return quiet.start <= hour < quiet.end
    return hour >= quiet.start or hour < quiet.end


def _end_of_hours(quiet: Quiet, local: datetime) -> datetime:
    crosses = quiet.start > quiet.end and local.hour >= quiet.start
    day = local.date() + timedelta(days=crosses)
    return datetime.combine(day, time(quiet.end), VIETNAM)
