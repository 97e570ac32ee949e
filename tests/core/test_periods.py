"""The period before and the same one last year: a calendar's odd days are handled and said."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core.clock import Period, parse_period, week_of, year_to
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.periods import Against, Kind, Unlike, kind_of, running, step

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))
TODAY = date(2026, 11, 28)


def named(day: date) -> list[Period]:
    """Every period with a name that holds a day."""
    year, week, _ = day.isocalendar()
    texts = [f"{day}", f"{day:%Y-%m}", f"{day.year}-Q{(day.month + 2) // 3}", f"{day.year}"]
    return [week_of(year, week), *(parse_period(text) for text in texts)]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("2026-11-28", Kind.DAY),
        ("2026-W48", Kind.WEEK),
        ("2026-02", Kind.MONTH),
        ("2026-Q1", Kind.QUARTER),
        ("2026", Kind.YEAR),
        ("2026-YTD", Kind.YEAR_TO_DATE),
        ("2026-03-31-YTD", Kind.YEAR_TO_DATE),
        ("2026-02-01..2026-04-30", Kind.SPAN),
        ("2026-01-01..2026-03-30", Kind.SPAN),
        ("2026-11-24..2026-11-30", Kind.SPAN),
    ],
)
def test_a_period_is_called_what_it_is(text: str, kind: Kind) -> None:
    assert kind_of(parse_period(text, TODAY)) == kind


@pytest.mark.parametrize(
    ("text", "previous", "last_year"),
    [
        ("2026-11-28", "2026-11-27", "2025-11-28"),
        ("2026-01-01", "2025-12-31", "2025-01-01"),
        ("2026-W01", "2025-W52", "2025-W01"),
        ("2021-W01", "2020-W53", "2020-W01"),
        ("2026-03", "2026-02", "2025-03"),
        ("2026-01", "2025-12", "2025-01"),
        ("2026-Q1", "2025-Q4", "2025-Q1"),
        ("2026", "2025", "2025"),
        ("2026-04-30-YTD", "2025-04-30-YTD", "2025-04-30-YTD"),
        ("2026-03-05..2026-03-14", "2026-02-23..2026-03-04", "2025-03-05..2025-03-14"),
        ("2025-12-30..2026-01-02", "2025-12-26..2025-12-29", "2024-12-30..2025-01-02"),
    ],
)
def test_the_period_before_and_the_same_one_last_year(
    text: str, previous: str, last_year: str
) -> None:
    period = parse_period(text)
    assert step(period, Against.PREVIOUS).period == parse_period(previous)
    assert step(period, Against.LAST_YEAR).period == parse_period(last_year)


def test_the_29th_of_february_is_compared_with_the_28th_and_that_is_said() -> None:
    found = step(parse_period("2024-02-29"), Against.LAST_YEAR)
    assert found == (parse_period("2023-02-28"), (Unlike.LEAP_DAY,))
    to_date = step(parse_period("2024-02-29-YTD"), Against.PREVIOUS)
    assert to_date.period == parse_period("2023-02-28-YTD")
    assert to_date.unlike == (Unlike.LEAP_DAY, Unlike.UNEQUAL_DAYS)


def test_a_february_of_29_days_is_said_to_be_longer() -> None:
    assert step(parse_period("2024-02"), Against.LAST_YEAR) == (
        parse_period("2023-02"),
        (Unlike.UNEQUAL_DAYS,),
    )


def test_week_53_is_compared_with_the_last_week_of_a_year_without_one_and_that_is_said() -> None:
    found = step(parse_period("2020-W53"), Against.LAST_YEAR)
    assert found == (parse_period("2019-W52"), (Unlike.WEEK_53,))
    assert step(parse_period("2020-W53"), Against.PREVIOUS) == (parse_period("2020-W52"), ())
    assert step(parse_period("2021-W52"), Against.LAST_YEAR) == (parse_period("2020-W52"), ())


@given(DAYS)
def test_the_period_before_ends_where_the_period_begins_and_is_of_its_kind(day: date) -> None:
    for period in named(day):
        before = step(period, Against.PREVIOUS).period
        assert before.end == period.first
        assert kind_of(before) == kind_of(period)


@given(DAYS, st.integers(0, 800))
def test_any_span_is_compared_with_as_many_days_just_before(first: date, more: int) -> None:
    period = Period(first, first + timedelta(days=more))
    before = step(period, Against.PREVIOUS)
    assert before.period.end == period.first
    if kind_of(period) in (Kind.SPAN, Kind.DAY, Kind.WEEK):
        assert before.period.days == period.days


@given(DAYS)
def test_last_year_is_of_the_same_kind_and_every_unlikeness_is_said(day: date) -> None:
    for period in [*named(day), year_to(day)]:
        found = step(period, Against.LAST_YEAR)
        assert kind_of(found.period) == kind_of(period)
        assert found.period.first.isocalendar().year == period.first.isocalendar().year - 1 or (
            found.period.first.year == period.first.year - 1
        )
        assert (Unlike.UNEQUAL_DAYS in found.unlike) == (found.period.days != period.days)


def test_a_period_that_holds_today_is_not_over() -> None:
    assert running(parse_period("2026-11"), TODAY)
    assert running(parse_period("2026-YTD", TODAY), TODAY)
    assert not running(parse_period("2026-10"), TODAY)


def test_a_year_to_date_ends_today_or_on_the_day_it_names() -> None:
    assert parse_period("2026-YTD", TODAY) == Period(date(2026, 1, 1), TODAY)
    assert parse_period("2022-04-30-YTD") == parse_period("2022-01-01..2022-04-30")


@pytest.mark.parametrize("text", ["2022-YTD", "2026-02-30-YTD", "26-YTD", "-YTD"])
def test_an_impossible_year_to_date_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(ThuocdoError) as refusal:
        parse_period(text, TODAY)
    assert "Write" in str(refusal.value)
