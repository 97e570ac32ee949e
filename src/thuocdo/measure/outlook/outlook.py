"""From a series to an outlook: which periods are settled, the line, and what it says of each target."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

import msgspec

from thuocdo.core.clock import Period, local_day, month_end
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import round_half_up
from thuocdo.measure.definitions import Indicator, Text
from thuocdo.measure.engine import day_number, number_day
from thuocdo.measure.model import Point
from thuocdo.measure.organisation import Agency
from thuocdo.measure.outlook.line import Fit, fit
from thuocdo.measure.outlook.model import (
    Aim,
    Line,
    Method,
    Outlook,
    Projection,
    Sight,
    Step,
    Trend,
    Verdict,
    methods,
)
from thuocdo.measure.policy import edition_on, holds
from thuocdo.measure.service import Measure
from thuocdo.measure.targets.model import Target

_MONTH_DAYS: Final = 30
_FULL: Final = Fraction(100)
_WEEK: Final = 7


def look_ahead(
    measure: Measure,
    code: str,
    *,
    agency: str | None = None,
    block: str | None = None,
    step: Step = "month",
    periods: int | None = None,
    until: date | None = None,
    value: Decimal | None = None,
    by: date | None = None,
    version: str | None = None,
    as_known: int | None = None,
    trust: str = "any",
) -> Outlook:
    """The outlook of an indicator: of an agency, a block (ratio of sums) or the whole country.

    periods   how many months or weeks to look at; None: as the method says
    until     the last of them holds this day; None: that of the youngest event in the facts
    value, by  a target of one's own beside those on record (targets.yaml)
    The line is drawn under one definition and one map of organisations: those of the last period.
    Raises ThuocdoError as Measure.series does, and `bad_target`.
    """
    indicator = measure.definition(code)
    landed = measure.freshness().landed_at if as_known is None else as_known
    as_of = local_day(landed) if landed is not None else None
    last = until or as_of
    if value is not None and indicator.better == "lower":
        raise ThuocdoError(
            "bad_target",
            f"Less is better of {code}, and targets are projected from below.",
            "Ask for its trend, without --target.",
        )
    if value is not None and indicator.unit == "percent" and not 0 <= value <= 100:
        raise ThuocdoError(
            "bad_target", f"{value} is no percentage.", "Write a target between 0 and 100."
        )
    method = edition_on(methods(), last or date.max)
    steps = _steps(step, last, periods or method.most) if last else []
    points = measure.series(
        code,
        steps,
        agency=agency,
        block=block,
        version=version,
        as_known=as_known,
        trust=trust,
    )
    whose, top = _whose(measure, agency, steps)
    chosen = indicator.version_for(steps[-1].last if steps else date.max, version)
    sights = _sights(points, as_of, method.settling.get(code, 0))
    own_block = block or (top.block if top else None)
    aims = [
        target
        for target in measure.targets()
        if _concerns(target, code, whose, top, own_block) and holds(target, last or date.max)
    ]
    return _outlook(
        sights,
        method,
        aims,
        Outlook(
            indicator=code,
            version=chosen.version,
            unit=indicator.unit,
            agency=whose.code if whose else None,
            name=whose.name if whose else "",
            block=own_block,
            step=step,
            as_of=as_of,
            method=method.version,
            needed=method.fewest,
            points=tuple(sights),
            line=None,
            aims=(),
        ),
        _asked(indicator, value, by),
    )


def _outlook(
    sights: Sequence[Sight],
    method: Method,
    aims: Sequence[Target],
    frame: Outlook,
    asked: tuple[Decimal, date | None] | None,
) -> Outlook:
    used = [sight for sight in sights if sight.state == "used"]
    places = [(day_number(sight.last), _exact(sight, frame.unit)) for sight in used]
    found = fit(places, method.confidence) if len(places) >= method.fewest else None
    top = _FULL if frame.unit == "percent" else None
    judged = [
        _aim(t.code, t.title, t, Fraction(t.value), t.by, places, found, method, top) for t in aims
    ]
    if asked is not None:
        title = Text("Chỉ tiêu được hỏi", "The target asked about")
        wanted = Fraction(asked[0])
        judged.append(_aim("asked", title, None, wanted, asked[1], places, found, method, top))
    return msgspec.structs.replace(
        frame,
        line=_line(found, places, top) if found else None,
        aims=tuple(judged),
    )


def _line(found: Fit, places: Sequence[tuple[int, Fraction]], top: Fraction | None) -> Line:
    low, high = found.low[0], found.high[0]
    trend = Trend.RISING if low > 0 else Trend.FALLING if high < 0 else Trend.UNCERTAIN
    per_month = [_printed(slope * _MONTH_DAYS) for slope in (found.slope, low, high)]
    saturated = top is not None and places[-1][1] >= top
    return Line(trend, per_month[0], per_month[1], per_month[2], saturated)


def _aim(
    code: str,
    title: Text,
    target: Target | None,
    wanted: Fraction,
    by: date | None,
    places: Sequence[tuple[int, Fraction]],
    found: Fit | None,
    method: Method,
    top: Fraction | None,
) -> Aim:
    source = target.source if target else None
    aim = Aim(code, title, source, _printed(wanted), by, Verdict.NOT_MEASURABLE)
    if not places:
        return aim
    last_day, last_value = places[-1]
    if last_value >= wanted:
        return msgspec.structs.replace(aim, verdict=Verdict.REACHED)
    is_over = by is not None and day_number(by) <= last_day
    if found is None:  # that its day went by without it takes no trend to tell
        return msgspec.structs.replace(aim, verdict=Verdict.MISSED) if is_over else aim
    horizon = last_day + method.horizon_days
    days = [
        _day_of(wanted, start, slope, last_day, horizon)
        for slope, start in (
            (found.slope, found.start),
            (found.high[0], found.high[1] + found.spread),
            (found.low[0], found.low[1] - found.spread),
        )
    ]
    reached, earliest, latest = days
    aim = msgspec.structs.replace(aim, reached_on=reached, earliest=earliest, latest=latest)
    if by is None or is_over:
        return msgspec.structs.replace(
            aim, verdict=Verdict.MISSED if by is not None else _pace(reached, latest)
        )
    middle, low, high = (_within(value, top) for value in found.at(day_number(by)))
    if low >= wanted:
        verdict = Verdict.ON_PACE
    else:
        verdict = Verdict.UNCERTAIN if high >= wanted else Verdict.BEHIND
    projection = Projection(by, *(_printed(value) for value in (middle, low, high)))
    return msgspec.structs.replace(aim, verdict=verdict, projection=projection)


def _pace(reached: date | None, latest: date | None) -> Verdict:
    """Without a day to be there by: whether it gets there within the horizon at all."""
    if latest is not None:
        return Verdict.ON_PACE
    return Verdict.UNCERTAIN if reached is not None else Verdict.BEHIND


def _day_of(
    wanted: Fraction, start: Fraction, slope: Fraction, after: int, horizon: int
) -> date | None:
    """The first day after `after` on which a line is at the value; None: not within the horizon."""
    if start + slope * (after + 1) >= wanted:
        return number_day(after + 1)
    if slope <= 0:
        return None
    day = -((start - wanted) // slope)  # rounded up
    return number_day(day) if day <= horizon else None


def _within(value: Fraction, top: Fraction | None) -> Fraction:
    """What the unit can be: nothing is below nothing, no share above all."""
    above = max(value, Fraction(0))
    return above if top is None else min(above, top)


def _exact(sight: Sight, unit: str) -> Fraction:
    if unit == "percent" and sight.denominator and sight.numerator is not None:
        return Fraction(100 * sight.numerator, sight.denominator)
    return Fraction(str(sight.value))


def _printed(value: Fraction) -> float:
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    return float(round_half_up(exact))


def _steps(step: Step, last: date, count: int) -> list[Period]:
    """The months or weeks up to the one that holds `last`, oldest first."""
    found: list[Period] = []
    day = last
    for _ in range(count):
        if step == "month":
            period = Period(day.replace(day=1), month_end(day.year, day.month))
        else:
            monday = day - timedelta(days=day.weekday())
            period = Period(monday, monday + timedelta(days=_WEEK - 1))
        found.append(period)
        day = period.first - timedelta(days=1)
    return found[::-1]


def _sights(points: Sequence[Point], as_of: date | None, settling: int) -> list[Sight]:
    """The periods and whether they are used: those without a value are missing, and those that end
    less than `settling` days before the youngest event are still moving."""
    found = []
    for point in points:
        is_settled = as_of is not None and point.last + timedelta(days=settling) < as_of
        is_there = point.value is not None
        state = "missing" if not is_there else "used" if is_settled else "provisional"
        found.append(
            msgspec.convert(
                {
                    "first": point.first,
                    "last": point.last,
                    "numerator": point.numerator,
                    "denominator": point.denominator,
                    "value": point.value,
                    "state": state,
                },
                Sight,
            )
        )
    return found


def _whose(
    measure: Measure, agency: str | None, steps: Sequence[Period]
) -> tuple[Agency | None, Agency | None]:
    """(the agency asked for, its ministry or province)."""
    if agency is None or not steps:
        return None, None
    with measure.reading(None) as (facts, _):
        organisation = facts.dimensions.organisation
        whose = organisation.find(agency, steps[-1].last)
        return whose, organisation.top(whose.code, steps[-1].last)


def _concerns(
    target: Target, code: str, whose: Agency | None, top: Agency | None, block: str | None
) -> bool:
    """Whether a target is one of the agency or block asked about."""
    if target.indicator != code:
        return False
    if target.agency is not None:
        return whose is not None and whose.code == target.agency
    if whose is not None and (top is None or whose.code != top.code):
        return False  # a department has no share in its province's target
    return target.block in (None, block)


def _asked(
    indicator: Indicator, value: Decimal | None, by: date | None
) -> tuple[Decimal, date | None] | None:
    if value is None:
        if by is not None:
            raise ThuocdoError(
                "bad_target",
                f"A day without a value is no target of {indicator.code}.",
                "Write the value too, for example --target 70 --by 2026-12-31.",
            )
        return None
    return value, by
