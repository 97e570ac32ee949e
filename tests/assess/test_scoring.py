"""Levels are total over 0…100 and half-open; a grade never says more than what was measured."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.scoring import grade, level_of, shares
from thuocdo.core.errors import ThuocdoError


@pytest.mark.parametrize(
    ("points", "level"),
    [
        *[(100, "A"), (90, "A"), (89.75, "B"), (80, "B"), (79.75, "C"), (65, "C"), (64.75, "D")],
        *[(59.75, "D"), (50, "D"), (49.75, "E"), (0, "E"), (Decimal("89.99"), "B")],
    ],
)
def test_the_level_of_points(points: float, level: str) -> None:
    assert level_of(points) == level


@given(st.integers(0, 400))
def test_more_points_never_give_a_worse_level(quarters: int) -> None:
    assert level_of(quarters / 4) >= level_of(min(quarters + 1, 400) / 4)


@pytest.mark.parametrize("points", [-0.25, 100.25, math.nan, math.inf])
def test_points_that_cannot_be_are_refused(points: float) -> None:
    with pytest.raises(ThuocdoError):
        level_of(points)


CAN_THO_2024 = {
    "functions": "36",
    "interface": "3.25",
    "page_load": "10",
    "system_performance": "0",
    "security": "3",
    "wcag": "2.5",
    "emc": "5",
}


def points(given):
    return {key: None if text is None else Decimal(text) for key, text in given.items()}


def test_the_published_example_of_can_tho_is_a_d():
    found = grade(criteria_set("2024"), points(CAN_THO_2024))
    assert (found.points, found.unmeasured, found.level) == (Decimal("59.75"), 0, "D")


def test_what_was_not_measured_is_not_0_and_leaves_the_level_open_where_it_decides():
    measured = points(CAN_THO_2024 | {"system_performance": None})
    found = grade(criteria_set("2024"), measured)
    assert (found.points, found.unmeasured, found.level) == (Decimal("59.75"), 10, None)
    better = grade(criteria_set("2024"), measured | points({"functions": "25"}))
    assert (better.points, better.unmeasured, better.level) == (Decimal("48.75"), 10, None)
    clear = grade(criteria_set("2024"), measured | points({"functions": "16"}))
    assert (clear.points, clear.level) == (Decimal("39.75"), "E")


def test_a_group_is_the_sum_of_its_criteria_and_keeps_what_was_left_out_apart():
    found = grade(criteria_set("2024"), points({"wcag.axe": "2.5", "wcag.keyboard": "0"}))
    (wcag,) = [group for group in found.groups if group.code == "wcag"]
    assert (wcag.points, wcag.unmeasured, wcag.of) == (Decimal("2.5"), 1, 5)


@pytest.mark.parametrize("given", [{"colour": "1"}, {"wcag": "5.25"}, {"emc.tag": "-0.25"}])
def test_points_that_the_set_does_not_have_are_refused(given) -> None:
    with pytest.raises(ThuocdoError) as refusal:
        grade(criteria_set("2024"), points(given))
    assert refusal.value.code == "bad_points"


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ("AABBBBCCCCCCCCCCEEEE", [2, 4, 10, 0, 4]),
        ("A" * 9 + "B" * 43 + "C" * 10 + "D", [9, 43, 10, 1, 0]),
    ],
    ids=["ministries", "provinces"],
)
def test_the_level_shares_of_the_published_round_of_2023(levels, expected):
    """Result of the first round, 12/7/2023: 20 ministries, 63 provinces."""
    assert list(shares(levels, criteria_set("2023").levels).values()) == expected
