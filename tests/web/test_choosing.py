"""Reading the reader's choice: presets, dates, and what wins."""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.web import choosing
from thuocdo.web.problems import Problem

DAYS = st.dates(date(2000, 1, 1), date(2099, 12, 31))


def chosen(query: str) -> choosing.Choice:
    return choosing.read(RequestFactory().get("/?" + query))


def test_without_a_choice_the_last_90_days_count_today_included():
    choice = chosen("")
    assert choice.preset == choosing.DEFAULT_PRESET
    assert choice.period.last == choosing.today()
    assert choice.period.days == 90


def test_dates_win_over_a_preset():
    choice = chosen("period=7d&from=2022-01-01&to=2022-04-30")
    assert choice.preset == choosing.CUSTOM
    assert choice.period == Period(date(2022, 1, 1), date(2022, 4, 30))


def test_dates_that_the_reader_left_untouched_give_way_to_a_preset():
    choice = chosen("period=7d&from=2022-01-01&to=2022-04-30&held=2022-01-01..2022-04-30")
    assert choice.preset == "7d"


@pytest.mark.parametrize("query", ["period=2022-W18", "period=2022-04", "period=2022-Q1"])
def test_weeks_months_and_quarters_are_understood(query):
    assert chosen(query).preset == choosing.CUSTOM


@pytest.mark.parametrize("query", ["period=1850", "from=2022-05-02&to=2022-05-01", "block=moon"])
def test_the_impossible_is_refused(query):
    with pytest.raises((Problem, ThuocdoError)):
        chosen(query)


@given(DAYS, st.integers(0, 800))
def test_weeks_and_months_cover_a_period_without_gap_or_overlap(first, length):
    last = date.fromordinal(min(first.toordinal() + length, date(2099, 12, 31).toordinal()))
    for steps in (choosing.weeks_within, choosing.months_within):
        found = steps(Period(first, last))
        assert found[0].first == first
        assert found[-1].last == last
        for before, after in pairwise(found):
            assert after.first == before.end
