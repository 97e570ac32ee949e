"""What an outlook is: the line through a series, where it leads, and what that means for a target."""

from __future__ import annotations

import datetime as dt
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import load

_FOLDER: Final = Path(__file__).parent

Step = Literal["month", "week"]


class Method(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a trend is drawn; method.yaml says what each number is."""

    version: str
    valid_from: dt.date
    source: Source
    fewest: int
    most: int
    confidence: int
    horizon_days: int
    settling: dict[str, int]
    valid_to: dt.date | None = None


class Trend(StrEnum):
    """Three-valued: the whole interval of the slope is above zero, below it, or holds it."""

    RISING = "rising"
    FALLING = "falling"
    UNCERTAIN = "uncertain"


class Verdict(StrEnum):
    """What the series says of a target."""

    REACHED = "reached"  # the last settled period is there already
    ON_PACE = "on_pace"  # the whole interval is there by the day
    UNCERTAIN = "uncertain"  # part of the interval is
    BEHIND = "behind"  # none of it is
    MISSED = "missed"  # the day is past, and it is not there yet
    NOT_MEASURABLE = "not_measurable"  # too short a series, or no series


class Sight(msgspec.Struct, frozen=True):
    """One period of the series; `state` is used, provisional (still moving) or missing."""

    first: dt.date
    last: dt.date
    numerator: int | None
    denominator: int | None
    value: float | None
    state: Literal["used", "provisional", "missing"]


class Projection(msgspec.Struct, frozen=True):
    """The line on a day: in the indicator's unit, two decimals, within what the unit can be."""

    day: dt.date
    value: float
    low: float
    high: float


class Line(msgspec.Struct, frozen=True):
    """The line through the settled periods.

    per_month, low, high   change in 30 days and its interval, two decimals
    saturated  the last settled period is at the unit's end (100 %): there is nowhere further to go
    """

    trend: Trend
    per_month: float
    low: float
    high: float
    saturated: bool


class Aim(msgspec.Struct, frozen=True):
    """One target and what the series says of it.

    value       what must be reached, by `by`
    projection  the line on that day; None when the day is past or nothing can be projected
    reached_on  the day the line gets there at this pace, after the last settled period; with the
                earliest and latest by the interval (None: not within the horizon, at this pace)
    """

    code: str
    title: Text
    source: Source | None
    value: float
    by: dt.date | None
    verdict: Verdict
    projection: Projection | None = None
    reached_on: dt.date | None = None
    earliest: dt.date | None = None
    latest: dt.date | None = None


class Outlook(msgspec.Struct, frozen=True):
    """Where one indicator of one agency, block or the country is heading.

    as_of    the day of the youngest event in the facts; what is not settled by then is not used
    line     None when too short a series: `needed` settled periods are not there
    """

    indicator: str
    version: str
    unit: str
    agency: str | None
    name: str
    block: str | None
    step: Step
    as_of: dt.date | None
    method: str
    needed: int
    points: tuple[Sight, ...]
    line: Line | None
    aims: tuple[Aim, ...]


@cache
def methods() -> tuple[Method, ...]:
    """Every edition of the method, oldest first. Raises ThuocdoError `bad_policy`."""
    found = load(_FOLDER / "method.yaml", list[Method])
    return tuple(sorted(found, key=lambda method: method.valid_from))
