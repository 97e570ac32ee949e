"""Levels are total over 0…100 and half-open, so quarter points have no gaps."""

from __future__ import annotations

import math
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.scoring import level_of
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
