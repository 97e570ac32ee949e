"""Two assessors who do not see each other: what they share counts, what divides them is reconciled."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.rounds.marking import Given, checklist, together
from thuocdo.core.errors import ThuocdoError

SET = criteria_set("2024")
LOGIN = "functions.account"  # 5 points: 5 % of it is a quarter
QUARTERS = st.integers(0, 20).map(lambda n: Decimal(n) / 4)


def marks(*points, key=LOGIN):
    return [Given(f"assessor {n}", key, Decimal(p)) for n, p in enumerate(points)]


@given(QUARTERS, QUARTERS)
def test_a_difference_above_five_percent_has_no_points_until_it_is_settled(one, other):
    found = together(SET, marks(one, other), {})
    if abs(one - other) > Decimal("0.25"):
        assert found.points[LOGIN] is None
        assert [each.key for each in found.differences] == [LOGIN]
        settled = together(SET, marks(one, other), {LOGIN: Decimal(3)})
        assert (settled.points[LOGIN], settled.differences) == (3, [])
    else:
        assert min(one, other) <= found.points[LOGIN] <= max(one, other)
        assert found.differences == []


def test_one_assessor_is_none():
    assert together(SET, marks(4), {}).points[LOGIN] is None


@pytest.mark.parametrize(
    ("items", "points"),
    [
        ((), "0"),
        (("national_login",), "1.25"),
        (("national_login", "profile"), "2.5"),
        (("national_login", "single_sign_on", "business_account", "profile"), "5"),
    ],
)
def test_the_items_of_a_checklist_share_its_points(items, points):
    criterion = next(c for g, c in SET.criteria() if c.code == "account")
    assert checklist(SET, criterion, items) == Decimal(points)


@pytest.mark.parametrize(
    "wrong", [marks("5.25"), marks(1, key="wcag.axe"), [*marks(1), *marks(2)], marks("-1")]
)
def test_marks_that_cannot_be_given_are_refused(wrong):
    with pytest.raises(ThuocdoError) as refusal:
        together(SET, wrong, {})
    assert refusal.value.code == "bad_mark"


def test_an_item_that_is_not_on_the_list_is_refused():
    criterion = next(c for g, c in SET.criteria() if c.code == "account")
    with pytest.raises(ThuocdoError, match="face_login"):
        checklist(SET, criterion, ["face_login"])
