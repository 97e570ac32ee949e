"""Ranks as they were published in 2023, and ranks that say how firm they are."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.results import Fault, Remark, measured, unmeasured
from thuocdo.assess.rounds.table import OWN, Graded, shared_defects, standings
from thuocdo.assess.scoring import Grade, level_of

MINISTRIES = [1, 1, 3, 4, 5, 6, 7, 7, 9, 10, 11, 11, 13, 13, 15, 15, 17, 18, 19, 20]
"""Table 1 of the round published on 12/7/2023: the ranks of the twenty, as printed."""
PROVINCES = [
    *(1, 2, 3, *[4] * 6, *[10] * 3, *[13] * 2, *[15] * 4, *[19] * 6, *[25] * 2, *[27] * 8),
    *([35] * 7 + [42] * 2 + [44] * 4 + [48] * 5 + [53] * 3 + [56] * 2 + [58] * 2),
    *(60, 61, 62, 63),
]
"""Table 2: the 63 provinces."""
SEEN = measured("interface.title", Decimal(1), 1)


def graded(code, low, open_points="0", *, block="province", vendor="V", results=(SEEN,)):
    points, unmeasured_points = Decimal(low), Decimal(open_points)
    level = level_of(points) if not unmeasured_points else None
    grade = Grade("2024", [], points, unmeasured_points, level)
    return Graded(code, code, block, vendor, "https://a.vn/", grade, {}, list(results))


@pytest.mark.parametrize(("published", "count"), [(MINISTRIES, 20), (PROVINCES, 63)])
def test_the_ranks_of_the_published_tables_come_out(published, count):
    """Only ranks are public: whoever shares one has equal points, and falls with the rank."""
    assert len(published) == count
    systems = [graded(f"{place:02}", 100 - rank) for place, rank in enumerate(published)]
    assert [each.rank for each in standings(systems)] == published


def test_blocks_are_never_mixed_and_what_could_not_be_scanned_has_no_rank():
    failed = [unmeasured("interface.title", Fault.DNS, "", 1)]
    found = standings(
        [
            graded("a", 50),
            graded("b", 90, block="ministry"),
            graded("c", 0, "100", results=failed),
        ]
    )
    assert [(each.code, each.rank, each.unranked) for each in found] == [
        ("b", 1, ""),
        ("a", 1, ""),
        ("c", None, "dns"),
    ]


def test_unmeasured_points_widen_the_rank_instead_of_lowering_it():
    found = {
        each.code: each
        for each in standings([graded("a", 80), graded("b", 75, "10"), graded("c", 60)])
    }
    assert (found["b"].rank, found["b"].rank_best, found["b"].rank_worst) == (2, 1, 2)
    assert (found["a"].rank_best, found["a"].rank_worst) == (1, 2)
    assert (found["c"].rank_best, found["c"].rank_worst) == (3, 3)


@given(st.lists(st.tuples(st.integers(0, 90), st.integers(0, 10)), min_size=1, max_size=12))
def test_a_rank_lies_within_its_own_bounds(pairs):
    systems = [graded(str(n), low, str(wide)) for n, (low, wide) in enumerate(pairs)]
    for each in standings(systems):
        assert 1 <= each.rank_best <= each.rank <= each.rank_worst <= len(pairs)


def test_one_defect_of_a_vendor_in_many_systems_is_one_entry():
    from thuocdo.assess.results import Remark

    lacking = [SEEN, measured("security.csp", Decimal(0), 1, Remark("csp_absent"))]
    found = shared_defects([graded(code, 1, vendor="VN", results=lacking) for code in "abc"])
    assert [(each.vendor, each.check, each.systems) for each in found] == [
        ("VN", "security.csp", ["a", "b", "c"])
    ]


def test_the_levels_of_the_set_are_those_of_the_ranking():
    assert criteria_set("2023").levels == criteria_set("2024").levels


def test_our_own_site_is_ranked_with_none_and_shares_no_vendors_defect():
    weak = measured("security.hsts", Decimal(0), 1, Remark("hsts_absent"))
    systems = [
        graded("we", 97, block=OWN, vendor="V", results=(SEEN, weak)),
        graded("a", 50, results=(SEEN, weak)),
        graded("b", 40),
    ]
    found = {each.code: each for each in standings(systems)}
    assert [found[code].rank for code in ("we", "a", "b")] == [None, 1, 2]
    assert found["we"].unranked == ""
    assert [each.systems for each in shared_defects(systems)] == [["a"]]
