"""Levels are total over 0…100 and half-open; a grade never says more than what was measured."""

from __future__ import annotations

import math
from decimal import Decimal

import msgspec
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


RULES = criteria_set("2024")
MACHINES = [
    f"{group.code}.{each.code}" for group, each in RULES.criteria() if each.method != "manual"
]
OF = {f"{group.code}.{each.code}": each.points for group, each in RULES.criteria()}


def all_but(keys, rest):
    """Everything has its points, but for some."""
    return OF | dict.fromkeys(keys, rest)


@given(st.sets(st.sampled_from(MACHINES)), st.integers(0, 50))
def test_who_keeps_what_is_bad_from_being_measured_does_no_better_than_who_lets_it(hidden, people):
    """The same portal twice: once it answers, and fails; once it hangs where it would fail."""
    functions = {"functions": Decimal(people)}
    honest = grade(RULES, all_but(hidden, Decimal(0)) | functions)
    hanging = grade(RULES, all_but(hidden, None) | functions, hidden)
    assert hanging.points == honest.points
    assert hanging.obstructed == sum(OF[key] for key in hidden)
    assert hanging.level in (None, honest.level)
    if hanging.withheld:
        assert hanging.level in (None, "E")
        assert hanging.highest == honest.highest  # nothing is held open for it
    else:
        assert hanging.highest - honest.highest <= RULES.obstruction.most


def test_a_little_that_is_left_open_by_the_site_withholds_nothing_and_a_quarter_more_does():
    five = ["security.tls", "security.mixed_content"]
    found = grade(RULES, all_but(five, None), five)
    assert (found.obstructed, found.withheld, found.level) == (5, False, "A")
    more = [*five, "security.caa"]
    found = grade(RULES, all_but(more, None), more)
    assert (found.obstructed, found.withheld, found.level) == (Decimal("5.5"), True, None)


def test_what_cannot_be_measured_for_other_reasons_withholds_no_level():
    others = ["system_performance.load", "page_load.field"]  # no appointment, few visitors
    found = grade(RULES, all_but([], None) | dict.fromkeys(others))
    assert (found.obstructed, found.withheld) == (0, False)


def test_what_an_appeal_gave_points_for_is_no_longer_kept_from_being_measured():
    hidden = ["security.tls", "security.csp"]
    assert grade(RULES, all_but(hidden, None), hidden).withheld
    allowed = all_but(hidden, None) | {"security.tls": Decimal(4)}
    assert not grade(RULES, allowed, hidden).withheld


def test_the_lowest_level_is_not_escaped_by_hanging():
    found = grade(RULES, dict.fromkeys(OF) | {"functions": Decimal(10)} | dict.fromkeys(MACHINES[:20], Decimal(0)), MACHINES)  # fmt: skip
    assert (found.withheld, found.level) == (True, "E")


def test_rules_that_were_frozen_before_withhold_nothing():
    before = msgspec.structs.replace(RULES, obstruction=msgspec.UNSET)
    hidden = ["security.tls", "security.csp"]
    assert not grade(before, all_but(hidden, None), hidden).withheld
    assert b"obstruction" not in msgspec.json.encode(before)
