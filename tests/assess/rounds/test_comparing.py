"""Two rule sets, or two rounds: what moved the total is named, and adds up to the move."""

from __future__ import annotations

from decimal import Decimal

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set
from thuocdo.assess.rounds.comparing import Side, compare, sentence
from thuocdo.assess.scoring import grade

SET = criteria_set("2024")
KEYS = [f"{g.code}.{c.code}" for g, c in SET.criteria()]


def side(criteria: CriteriaSet, points):
    return Side(criteria, grade(criteria, points), points)


def draft() -> CriteriaSet:
    """Security worth more at the cost of functions: HSTS 1,5 → 6,5, accounts 5 → 0 and gone."""
    plain = msgspec.to_builtins(SET)
    for group in plain["groups"]:
        if group["code"] == "functions":
            group["points"] = "45"
            group["criteria"] = [c for c in group["criteria"] if c["code"] != "account"]
        if group["code"] == "security":
            group["points"] = "20"
            for criterion in group["criteria"]:
                if criterion["code"] == "hsts":
                    criterion["points"] = "6.5"
    return msgspec.convert(plain, CriteriaSet)


def test_under_a_draft_the_total_falls_and_the_reasons_are_given():
    before = {"functions.account": Decimal(5), "security.hsts": Decimal("1.5")}
    after = {"security.hsts": Decimal("6.5")}
    found = compare("a", "Cổng A", side(SET, before), side(draft(), after))
    assert {change.key: change.why for change in found.changes} == {
        "functions.account": "gone",
        "security.hsts": "worth_otherwise",
    }
    said = "Cổng A: 6,50 → 6,50 (chưa rõ mức → chưa rõ mức), vì: "
    assert sentence(found).startswith(said)
    assert "HSTS 1.50 → 6.50 (worth otherwise)" in sentence(found, "en")


def test_a_criterion_that_a_draft_splits_leaves_open_what_nobody_was_asked():
    plain = msgspec.to_builtins(SET)
    security = next(each for each in plain["groups"] if each["code"] == "security")
    tls = security["criteria"].pop(0)
    security["criteria"] += [
        {**tls, "code": "tls_versions", "points": "1"},
        {**tls, "code": "tls_ciphers", "points": "3"},
    ]
    points = {f"{g.code}.{c.code}": c.points for g, c in SET.criteria()}
    split = msgspec.convert(plain, CriteriaSet)
    after = {key: each for key, each in points.items() if key != "security.tls"}
    found = compare("a", "A", side(SET, points), side(split, after))
    assert sentence(found).startswith("A: 100,00 → 96,00 (A → A; để ngỏ 0,00 → 4,00), vì: TLS")


def test_a_draft_that_draws_the_bounds_of_levels_elsewhere_is_the_reason_for_another_level():
    plain = msgspec.to_builtins(SET)
    plain["levels"][1]["from"] = "82"
    points = {f"{g.code}.{c.code}": c.points for g, c in SET.criteria()}
    points["functions.handling"] = Decimal(0)  # 92
    points["security.tls"] = points["security.csp"] = Decimal(0)  # 86
    points["functions.account"] = Decimal(0)  # 81
    found = compare("a", "A", side(SET, points), side(msgspec.convert(plain, CriteriaSet), points))
    assert sentence(found) == "A: 81,00 → 81,00 (B → C), vì: ngưỡng xếp mức khác."


def test_what_became_measurable_is_no_improvement():
    found = compare("a", "A", side(SET, {"wcag.axe": None}), side(SET, {"wcag.axe": Decimal(2)}))
    assert [change.why for change in found.changes] == ["now_measured"]


@settings(max_examples=30, deadline=None)
@given(st.data())
def test_the_moves_add_up_to_that_of_the_total(data):
    worth = {f"{g.code}.{c.code}": c.points for g, c in SET.criteria()}

    def some():
        return {
            key: data.draw(
                st.one_of(
                    st.none(), st.integers(0, int(worth[key] * 4)).map(lambda n: Decimal(n) / 4)
                )
            )
            for key in KEYS
        }

    one, other = some(), some()
    found = compare("a", "A", side(SET, one), side(SET, other))
    moved = sum((change.moved for change in found.changes), Decimal())
    assert moved == found.after.points - found.before.points
