"""The same measurements under the set of another year: 2024 under 2023 and back, criterion by criterion."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from thuocdo.assess.criteria.model import criteria_set, criteria_sets
from thuocdo.assess.models import Entry
from thuocdo.assess.probes.catalogue import CHECKS
from thuocdo.assess.results import measured
from thuocdo.assess.rounds import comparing, grading, office
from thuocdo.assess.rounds.comparing import Side
from thuocdo.assess.rounds.office import System

OLD, NEW = criteria_set("2023"), criteria_set("2024")


def held_under(rules, share="1", missing=()):
    """A round of one system: every probe gives `share`, two assessors find all items but `missing`."""
    held = office.plan(f"r-{rules.code}", rules, [System("a", "Cổng A", "province", "https://a.vn/")], is_trial=False)  # fmt: skip
    seen = [measured(check, Decimal(share), 1) for check in CHECKS]
    held.entries.update(state=Entry.State.DONE, results=msgspec.to_builtins(seen))
    for group, each in rules.criteria():
        if each.method == "manual":
            found = [item.code for item in each.items if item.code not in missing]
            for who in ("Lan", "Minh"):
                office.mark(held, "a", who, f"{group.code}.{each.code}", found=found)
    return held


def compared(held, one, other):
    before, after = grading.graded_under(held, [one, other])
    sides = [
        Side(rules, graded[0].grade, graded[0].points)
        for rules, graded in ((one, before), (other, after))
    ]
    return comparing.compare("a", "Cổng A", *sides)


@pytest.mark.django_db
def test_results_of_2024_are_regraded_under_2023_with_a_reason_for_each_criterion():
    found = compared(held_under(NEW), NEW, OLD)
    assert (found.before.points, found.after.points, found.after.unmeasured) == (100, 92, 8)
    why = {change.key: change.why for change in found.changes}
    assert why["security.tls"] == why["functions.account"] == "gone"
    assert why["functions.utilities"] == why["interface.help"] == "worth_otherwise"
    assert "functions.postal" not in why  # nobody was asked: it stays open, and is not 0
    assert sum(change.moved for change in found.changes) == -8
    said = comparing.sentence(found)
    assert said.startswith("Cổng A: 100,00 → 92,00 (A → A; để ngỏ 0,00 → 8,00), vì: ")
    assert "Tiện ích 8,00 → 18,00 (điểm tối đa khác)" in said
    assert "Khả năng phục vụ đồng thời (thử tải có hẹn trước) 10,00 → – (tiêu chí bị bỏ)" in said


@pytest.mark.django_db
def test_results_of_2023_are_regraded_under_2024_and_what_was_not_asked_stays_open():
    found = compared(held_under(OLD, missing=("hotline", "remote")), OLD, NEW)
    why = {change.key: change.why for change in found.changes}
    assert why["functions.survey"] == "gone"
    assert why["security.tls"] == "new"
    assert "functions.account" not in why
    assert found.after.unmeasured == 5 + 4 + 4  # account, reporting, steering
    assert found.before.points == Decimal("100") - Decimal("18") / 8 - Decimal("2.75")


def test_one_criterion_is_the_same_question_in_every_set_that_has_it():
    """Marks are carried from set to set by a criterion's key: its checklist must be the same."""
    asked: dict[str, tuple] = {}
    for rules in criteria_sets():
        for group, each in rules.criteria():
            key = f"{group.code}.{each.code}"
            question = (each.method, [item.code for item in each.items], each.check)
            assert asked.setdefault(key, question) == question, (rules.code, key)


def test_the_set_of_2023_says_of_each_criterion_where_it_is_from_and_that_its_points_are_ours():
    assert OLD.unofficial_because is not None
    assert "không được chấm bằng bộ này" in OLD.unofficial_because.vi
    for group, each in OLD.criteria():
        assert not OLD.is_official(group)
        assert not OLD.is_official(each)
        assert "nhiệm vụ" in each.source


def test_the_groups_of_2024_have_published_points_and_their_criteria_ours():
    assert all(NEW.is_official(group) for group in NEW.groups)
    assert not any(NEW.is_official(each) for _, each in NEW.criteria())
