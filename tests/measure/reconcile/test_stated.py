"""Differences of services and days always add up to the difference of the totals."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta
from decimal import Decimal
from importlib.resources import files

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.reconcile import comparing
from thuocdo.measure.reconcile.comparing import Sides
from thuocdo.measure.reconcile.measured import Grid
from thuocdo.measure.reconcile.model import State
from thuocdo.measure.reconcile.policy import policies, policy_on, read
from thuocdo.measure.reconcile.stated import Stated, Statements

FIRST = date(2026, 9, 1)
WEEK = Period(FIRST, FIRST + timedelta(days=6))
TOLERANCE = policies()[0].tolerance
CODES = ("1.000001", "1.000002", "1.000003")

counts = st.integers(0, 500)
days = st.integers(0, 6).map(lambda n: FIRST + timedelta(days=n))
services = st.sampled_from(CODES)


def row(period: Period, procedure: str | None, value: int, agency: str = "H57") -> Stated:
    said = Decimal(value)
    return Stated("agency", agency, "x", procedure, period, said, None, None, "Báo cáo", 0)


def statements(rows: list[Stated]) -> Statements:
    latest = {one[:5]: one for one in rows}
    return Statements(latest.values(), WEEK, adds_up=True)


stated_rows = st.lists(
    st.one_of(
        st.builds(row, st.just(WEEK), st.none() | services, counts),
        st.builds(lambda d, p, v: row(Period(d, d), p, v), days, st.none() | services, counts),
    ),
    max_size=12,
)
grids = st.dictionaries(st.tuples(services, days), st.integers(1, 300)).map(
    lambda cells: Grid(Counter(cells))
)


@given(grids, stated_rows, stated_rows)
def test_lists_add_up_to_the_difference_of_the_totals(
    grid: Grid, declared: list[Stated], national: list[Stated]
) -> None:
    sides = Sides(statements(declared), statements(national))
    heard = {FIRST + timedelta(days=n) for n in range(7)}
    by_service = comparing.by_service(grid, sides, TOLERANCE, {}, heard=True)
    by_day = comparing.by_day(grid, sides, TOLERANCE, heard)
    for said, name in ((sides.declared, "to_declared"), (sides.national, "to_national")):
        total = said.total()
        if total is None:
            continue
        difference = comparing.against(grid.total(), int(total.value), TOLERANCE).difference
        for lines in (by_service, by_day):
            assert sum(getattr(line, name).gap for line in lines) == difference


@given(st.lists(st.booleans(), min_size=7, max_size=7), counts)
def test_days_make_a_total_only_where_none_is_missing(there: list[bool], value: int) -> None:
    rows = [
        row(Period(day, day), None, value)
        for place, is_there in enumerate(there)
        if is_there
        for day in [FIRST + timedelta(days=place)]
    ]
    total = statements(rows).total()
    assert (total is not None) == all(there)
    if total is not None:
        assert (total.value, total.summed) == (7 * value, True)


def test_what_is_said_of_the_whole_counts_before_what_adds_up_to_it() -> None:
    parts = [row(Period(d, d), None, 1) for d in (FIRST + timedelta(days=n) for n in range(7))]
    total = statements([*parts, row(WEEK, None, 9)]).total()
    assert total is not None
    assert (total.value, total.summed) == (9, False)


def test_figures_of_predecessors_are_one_agencys() -> None:
    total = statements([row(WEEK, None, 3, "H57"), row(WEEK, None, 4, "H58")]).total()
    assert total is not None
    assert (total.value, total.agencies) == (7, ("H57", "H58"))
    half = row(Period(FIRST, FIRST), None, 4, "H58")
    assert statements([row(WEEK, None, 3, "H57"), half]).total() is None


def test_a_difference_is_told_apart_from_silence_and_from_what_is_tolerated() -> None:
    against = comparing.against
    assert against(None, 0, TOLERANCE).state == State.SILENT
    assert against(0, 0, TOLERANCE).state == State.EQUAL
    assert against(None, None, TOLERANCE).state == State.NOTHING
    assert against(1005, 1000, TOLERANCE).state == State.WITHIN
    assert against(1006, 1000, TOLERANCE).state == State.DIFFERS
    assert against(5, 0, TOLERANCE).relative is None
    share = against(Decimal("88.45"), Decimal(88), TOLERANCE, "percent")
    assert (share.difference, share.state, share.gap) == (Decimal("0.45"), State.WITHIN, None)


def test_the_policy_is_checked_as_it_is_read() -> None:
    assert policy_on(date(2000, 1, 1)).version == policies()[0].version
    text = files("thuocdo.measure.reconcile").joinpath("policy.yaml").read_text("utf-8")
    for old, new in (
        ("of: dossiers_resolved\n", "of: dossiers_lost\n"),
        ("counted: {day: received}", "counted: {day: ended}"),
        ("count_share", "share"),
    ):
        with pytest.raises(ThuocdoError, match=r"policy\.yaml is refused"):
            read(text.replace(old, new, 1))
