"""Rights follow roles, subtrees and days, in either form of a code; pure."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.registry.rights import Grant, Right, Role, Scope, may, policy, scope, usable
from thuocdo.registry.tree import Node, Tree

DAY = date(2026, 11, 28)
MERGER = date(2025, 7, 1)
ADMIN = Role.AGENCY_ADMIN
PATH = ("H26.11", "H26")


def node(code, parent="", successor="", valid_from=None, valid_to=None) -> Node:
    return Node(code, parent, successor, valid_from, valid_to)


TREE = Tree(
    [
        node("H22", successor="H60", valid_to=date(2025, 6, 30)),
        node("H60"),
        node("H60.5", "H60"),
        node("X1", "G01"),
        node("X2", "X1"),
        node("H26", valid_to=date(2020, 1, 1)),
        node("H26", valid_from=date(2020, 1, 2)),
    ],
    DAY,
)


def test_the_file_describes_every_right_and_role_in_both_languages() -> None:
    found = policy()
    assert all(words.vi and words.en for words in [*found.rights.values(), *found.roles.values()])
    given_to_somebody = frozenset().union(*(role.rights for role in found.roles.values()))
    assert given_to_somebody == set(Right)
    assert found.roles[Role.OPERATOR].rights == set(Right) - {Right.ASSESS}, (
        "who runs a round marks nobody"
    )


def test_every_role_can_do_what_the_public_can() -> None:
    public = policy().roles[Role.PUBLIC].rights
    assert all(public <= role.rights for role in policy().roles.values())


def test_whoever_acts_for_the_country_needs_a_second_factor() -> None:
    assert {role for role, found in policy().roles.items() if found.second_factor} == {
        Role.PUBLISHER,
        Role.ASSESSOR,
        Role.ROUND_KEEPER,
        Role.OPERATOR,
    }
    grants = [Grant(Role.OPERATOR), Grant(Role.OFFICER, "H26")]
    assert usable(grants, second_factor=False) == grants[1:]
    assert usable(grants, second_factor=True) == grants


@pytest.mark.parametrize("agency", ["H26", "H26.11", "000.00.11.H26", "000.00.00.H26"])
def test_a_membership_reaches_its_agency_and_all_below(agency) -> None:
    assert may([Grant(ADMIN, agency)], Right.EDIT_SITES, PATH, DAY)
    assert may([Grant(ADMIN, agency)], Right.EDIT_SITES, ("000.00.11.H26", "H26"), DAY)


@pytest.mark.parametrize("agency", ["H29", "H26.1", "H26.11.1", "H2"])
def test_and_no_other(agency) -> None:
    assert not may([Grant(ADMIN, agency)], Right.EDIT_SITES, PATH, DAY)


def test_what_belongs_to_no_agency_is_reached_from_the_whole_country_only() -> None:
    assert not may([Grant(ADMIN, "H26")], Right.EDIT_SITES, (), DAY)
    assert may([Grant(ADMIN)], Right.EDIT_SITES, (), DAY)


def test_everybody_reads_what_is_public() -> None:
    assert may([], Right.SEE_PUBLIC, (), DAY)
    assert not may([], Right.OWN_ACCOUNT, (), DAY)


@pytest.mark.parametrize(
    ("first", "last", "holds"),
    [
        (None, None, True),
        (DAY, DAY, True),
        (date(2026, 11, 29), None, False),
        (None, date(2026, 11, 27), False),
    ],
)
def test_a_membership_holds_on_its_days(first, last, holds) -> None:
    assert may([Grant(ADMIN, "H26", first, last)], Right.DESK, PATH, DAY) is holds


def test_paths_go_by_parents_codes_and_successors() -> None:
    assert TREE.path("X2") == ("X2", "X1", "G01")
    assert TREE.path("000.07.11.H26") == ("H26.11.07", "H26.11", "H26")
    assert TREE.path("H22") == ("H22", "H60")
    assert TREE.path("H60") == ("H60",)


def test_before_a_merger_the_successor_has_no_say() -> None:
    before = Tree([node("H22", successor="H60", valid_to=date(2025, 6, 30))], date(2025, 6, 30))
    assert before.path("H22") == ("H22",)


def test_a_ring_of_parents_ends() -> None:
    assert Tree([node("A", "B"), node("B", "A")], DAY).path("A") == ("A", "B")


def test_a_scope_lists_the_registered_codes_within() -> None:
    assert TREE.within(Scope(False, frozenset({"H60"}))) == {"H22", "H60", "H60.5"}
    assert TREE.within(Scope(False, frozenset())) == frozenset()


codes = st.sampled_from(["", "H26", "H26.11", "H29", "G01"])
grants = st.lists(st.builds(Grant, st.sampled_from(Role), codes), max_size=4)


@given(grants, st.builds(Grant, st.sampled_from(Role), codes), st.sampled_from(Right))
def test_one_more_membership_never_takes_a_right_away(held, more, right) -> None:
    if may(held, right, PATH, DAY):
        assert may([*held, more], right, PATH, DAY)


@given(grants, st.sampled_from(Right))
def test_who_may_below_may_not_always_above_but_who_may_above_may_below(held, right) -> None:
    if may(held, right, ("H26",), DAY):
        assert may(held, right, PATH, DAY)
    assert bool(scope(held, right, DAY)) or not may(held, right, PATH, DAY)
