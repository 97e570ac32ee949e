"""No sequence of steps reaches the public without two people and a green check."""

from __future__ import annotations

import itertools
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text
from thuocdo.registry.rights import Right
from thuocdo.report.desk import model
from thuocdo.report.desk.model import Actor, Finding, Kind, Refused, State, Step, Weight, rules_on
from thuocdo.report.desk.standing import Standing, allowed, fold, refuse_unless_allowed

WEEK = "2026-W47"
RULES = rules_on(instance.load({"THUOCDO_HOME": "/nonexistent", "THUOCDO_SECRET_KEY": "x" * 16}), 0)
BOTH = frozenset({Right.PREPARE_REPORTS, Right.PUBLISH})
PEOPLE = [
    Actor("an", BOTH, "web"),
    Actor("binh", BOTH, "web"),
    Actor("chi", frozenset({Right.PREPARE_REPORTS}), "web"),
    Actor("dung", frozenset({Right.PUBLISH}), "web"),
    Actor("em", frozenset(), "web"),
    Actor("worker", BOTH, "worker", is_machine=True),
]
RED = (Finding("whole_table", Weight.BLOCK, Text(vi="hỏng", en="broken")),)

Attempt = tuple[Kind, Actor, str, str, tuple[Finding, ...]]
attempts = st.tuples(
    st.sampled_from([kind for kind in Kind if kind is not Kind.UPGRADE]),
    st.sampled_from(PEOPLE),
    st.sampled_from(["d1", "d2", "d3"]),
    st.sampled_from(["", "vì số liệu đến muộn"]),
    st.sampled_from([(), (), RED]),
)


def after(tried: list[Attempt]) -> Standing:
    """What is on the book when everybody has tried, as the desk would write it."""
    found = Standing(WEEK)
    for kind, actor, digest, note, findings in tried:
        if kind is Kind.CHECK and findings:
            continue  # the desk refuses it: see test_working
        try:
            refuse_unless_allowed(found, kind, actor, digest, note, RULES)
        except Refused:
            continue
        step = Step(len(found.steps) + 1, WEEK, kind, digest, actor.name, 0, "web", note)
        found = fold(WEEK, [*found.steps, step])
    return found


@given(st.lists(attempts, max_size=60))
def test_nothing_is_published_without_two_people_and_a_check_of_that_very_draft(
    tried: list[Attempt],
) -> None:
    found = after(tried)
    for edition in found.editions:
        before = found.steps[: edition.published.number - 1]
        begun = max(
            step.number
            for step in before
            if step.kind in (Kind.DRAFT, Kind.REVISE) and step.digest == edition.digest
        )
        course = [step for step in before if step.number >= begun and step.digest == edition.digest]
        checks = [step for step in course if step.kind is Kind.CHECK]
        assert edition.signed in course
        assert checks
        assert checks[-1].number < edition.signed.number
        assert edition.signed.who not in {checks[-1].who, course[0].who, edition.published.who}
        assert edition.signed.who in {"an", "binh", "dung"}
        assert edition.published.digest == edition.signed.digest == checks[-1].digest


@given(st.lists(attempts, max_size=60))
def test_what_replaces_a_published_report_says_why_and_the_old_one_stays(
    tried: list[Attempt],
) -> None:
    editions = after(tried).editions
    assert [one.state for one in editions[:-1]] == [State.REVISED] * len(editions[:-1])
    for one, following in itertools.pairwise(editions):
        assert one.replaced_by == following.digest
        assert following.replaces == one.digest
        assert following.reason


@given(st.lists(attempts, max_size=40), st.sampled_from(PEOPLE))
def test_the_steps_offered_are_those_that_are_not_refused(
    tried: list[Attempt], actor: Actor
) -> None:
    found = after(tried)
    for kind in allowed(found, actor, RULES):
        digest = found.draft.digest if found.draft else ""
        refuse_unless_allowed(found, kind, actor, digest, "một lý do", RULES)


def test_a_check_with_a_finding_that_blocks_counts_for_nothing() -> None:
    made = Step(1, WEEK, Kind.DRAFT, "d1", "an", 0, "web")
    checked = Step(2, WEEK, Kind.CHECK, "d1", "an", 0, "web", findings=RED)
    assert fold(WEEK, [made, checked]).state is State.DRAFT


def test_who_withdraws_takes_back_one_step_at_a_time() -> None:
    kinds = [Kind.DRAFT, Kind.CHECK, Kind.SIGN, *[Kind.WITHDRAW] * 3]
    steps = [Step(n, WEEK, kind, "d1", "an", 0, "web") for n, kind in enumerate(kinds, 1)]
    states = [fold(WEEK, steps[:n]).state for n in range(1, 7)]
    assert states == [
        *(State.DRAFT, State.CHECKED, State.SIGNED),
        *(State.CHECKED, State.DRAFT, State.WITHDRAWN),
    ]


@pytest.mark.parametrize("gone", ["draft", "revise", "check"])
def test_rules_that_let_the_maker_or_the_checker_sign_are_refused(
    tmp_path: Path, gone: str
) -> None:
    settings = instance.load({"THUOCDO_HOME": str(tmp_path)})
    editions = yaml.safe_load((Path(model.__file__).parent / "rules.yaml").read_text("utf-8"))
    editions[0]["steps"]["sign"]["others"].remove(gone)
    settings.publication_dir.mkdir()
    (settings.publication_dir / "rules.yaml").write_text(yaml.safe_dump(editions), "utf-8")
    with pytest.raises(ThuocdoError, match="may not sign"):
        rules_on(settings, 0)


def test_an_instances_own_rules_may_let_the_signer_publish(tmp_path: Path) -> None:
    settings = instance.load({"THUOCDO_HOME": str(tmp_path)})
    editions = yaml.safe_load((Path(model.__file__).parent / "rules.yaml").read_text("utf-8"))
    editions[0]["steps"]["publish"]["others"] = []
    settings.publication_dir.mkdir()
    (settings.publication_dir / "rules.yaml").write_text(yaml.safe_dump(editions), "utf-8")
    kinds = {Kind.DRAFT: "chi", Kind.CHECK: "chi", Kind.SIGN: "an"}
    steps = [Step(n, WEEK, k, "d1", who, 0, "web") for n, (k, who) in enumerate(kinds.items(), 1)]
    found = fold(WEEK, steps)
    refuse_unless_allowed(found, Kind.PUBLISH, PEOPLE[0], "d1", "", rules_on(settings, 0))
    with pytest.raises(Refused) as refusal:
        refuse_unless_allowed(found, Kind.PUBLISH, PEOPLE[0], "d1", "", RULES)
    assert refusal.value.code == "four_eyes"


def test_every_refusal_and_finding_is_said_in_both_languages() -> None:
    words = model.words()
    for refusal in words.refusals.values():
        assert refusal.text.vi != refusal.text.en
        assert refusal.way_out.vi
        assert refusal.way_out.en
    assert all(one.vi and one.en for one in words.findings.values())
    assert msgspec.to_builtins(words.findings["tables_agree"].weight) == "block"
