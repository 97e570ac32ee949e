"""What a machine finds counts, what it proposes does not, and what it does not see is for people to say."""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from django.utils import timezone

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set
from thuocdo.assess.models import Appeal, Entry, Round, ShadowScan
from thuocdo.assess.results import Fault, Outcome, Remark, Result, measured, unmeasured
from thuocdo.assess.rounds import grading, office, proposing, telling
from thuocdo.assess.rounds.office import System
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import queues

pytestmark = pytest.mark.django_db
RULES = criteria_set("losi-2024")
FOUND, UNSEEN, PROPOSED, FAILED = (
    "content_provision.217",
    "content_provision.295",
    "services_provision.259",
    "literacy.273",
)
ALONE = "technology.201"
LINK = Remark("losi_link", {"text": "Đăng ký khai sinh", "href": "/x", "url": "https://a.vn/"})
SEEN = [
    measured("losi.217", Decimal(1), 1, LINK),
    unmeasured("losi.295", Fault.NOT_SEEN, "9", 1),
    Result("losi.259", Outcome.UNMEASURED, None, 1, Fault.PROPOSED, "9", (LINK,)),
    measured("interface.social", Decimal(0), 1, Remark("no_social")),
    measured("wcag.axe_2_1", Decimal(0), 1),
]
FIRST = Path(__file__).parents[1] / "fixtures" / "losi-2024-first.json"
FIRST_SHA256 = "6b421ee8d833aaf0faf0ddb687564a6b0476d28a1949ebe921b6b8e78f502719"
"""The set as rounds froze it before a machine read more than the front page."""
SECOND = FIRST.with_name("losi-2024-second.json")
SECOND_SHA256 = "5da67bbd83d14886a62c7e15c9d7cafb586dd9ea6575c93498e6e86311b77f68"
"""And before it was said of each question what it asks."""


def planned(rules: CriteriaSet = RULES) -> Round:
    return office.plan("losi", rules, [System("a", "Cổng A", "province", "https://a.vn/")], is_trial=False)  # fmt: skip


def scanned(held: Round) -> Entry:
    held.entries.update(state=Entry.State.DONE, results=msgspec.to_builtins(SEEN))
    return held.entries.get()


def marked(held: Round, key: str, points: int, who: tuple[str, ...] = ("Lan", "Minh")) -> None:
    for each in who:
        office.mark(held, "a", each, key, points=Decimal(points), evidence="x")


def points(held: Round) -> dict[str, Decimal | None]:
    return grading.graded(held)[0].points


def test_what_the_machine_found_has_its_point_and_nobody_is_asked():
    held = planned()
    entry = scanned(held)
    assert points(held)[FOUND] == 1
    assert FOUND not in grading.to_mark(entry, RULES)
    with pytest.raises(ThuocdoError, match="not for assessors"):
        marked(held, FOUND, 0)
    assert office.differences(held) == []


@pytest.mark.parametrize("key", [UNSEEN, PROPOSED, FAILED, ALONE])
def test_everything_else_is_open_until_two_people_say(key):
    held = planned()
    entry = scanned(held)
    assert points(held)[key] is None
    assert key in grading.to_mark(entry, RULES)
    marked(held, key, 1, ("Lan",))
    assert points(held)[key] is None
    marked(held, key, 1, ("Minh",))
    assert points(held)[key] == 1


def test_a_proposal_alone_changes_no_total():
    held = planned()
    scanned(held)
    graded = grading.graded(held)[0].grade
    assert (graded.points, graded.unmeasured) == (1, 93)  # 217 found, and the page fails WCAG


def test_what_every_page_must_show_is_the_machines_word_both_ways():
    held = planned()
    scanned(held)
    assert points(held)["technology.210"] == 0


def test_until_the_machine_has_looked_people_mark_what_it_cannot_find():
    held = planned()
    assert FOUND not in grading.to_mark(held.entries.get(), RULES)
    assert PROPOSED in grading.to_mark(held.entries.get(), RULES)
    with pytest.raises(ThuocdoError, match="not for assessors"):
        marked(held, UNSEEN, 1)
    before = grading.marks_due(held, RULES)
    scanned(held)
    assert (before, grading.marks_due(held, RULES)) == (65, 65 + 29 - 1)


def test_two_who_differ_on_what_the_machine_did_not_see_must_settle():
    held = planned()
    scanned(held)
    marked(held, UNSEEN, 1, ("Lan",))
    marked(held, UNSEEN, 0, ("Minh",))
    assert [each.key for _, each in office.differences(held)] == [UNSEEN]


def test_a_find_that_is_none_is_settled_with_a_reason():
    held = planned()
    scanned(held)
    office.settle(held, "a", FOUND, Decimal(0), "Trang giới thiệu của cơ quan khác.", "Tổ thư ký")
    assert points(held)[FOUND] == 0


def test_assessors_are_told_where_to_look_and_what_else_looks_like_it():
    told = proposing.proposals(RULES, SEEN)
    assert told[PROPOSED].has_signs
    assert told[PROPOSED].beware is not None
    assert told[PROPOSED].result.remarks == (LINK,)
    assert not told[UNSEEN].has_signs
    assert not told[FAILED].has_signs
    assert FOUND not in told
    assert list(proposing.found_whole(RULES, SEEN)) == [FOUND]


def test_a_look_that_was_not_possible_tells_assessors_nothing():
    hindered = [unmeasured(each.check, Fault.ROBOTS, "", 1) for each in SEEN]
    assert proposing.proposals(RULES, hindered) == {}
    assert proposing.found_whole(RULES, hindered) == {}


def test_a_publication_tells_of_finds_once_and_of_no_proposal():
    held = planned()
    scanned(held)
    checks = office.as_it_stands(held, 1).systems[0].checks
    names = [each.check for each in checks]
    assert len(names) == len(set(names)) == 95
    assert "losi.217" in names
    assert {"losi.259", "losi.295", FOUND} & set(names) == set()
    assert {PROPOSED, UNSEEN, FAILED} <= set(names)


def test_rules_that_ask_for_none_of_it_are_told_none_of_it():
    held = planned(criteria_set("2024"))
    scanned(held)
    names = {each.check for each in office.as_it_stands(held, 1).systems[0].checks}
    assert not {name for name in names if name.startswith("losi.")}
    assert "interface.social" in names


def test_a_round_that_began_before_keeps_its_rules_to_the_letter():
    first = msgspec.convert(json.loads(FIRST.read_text("utf-8")), CriteriaSet)
    assert hashlib.sha256(msgspec.json.encode(first)).hexdigest() == FIRST_SHA256
    held = planned(first)
    entry = scanned(held)
    assert held.rules_sha256 == FIRST_SHA256
    assert grading.rules_of(held) == first != RULES
    assert len(grading.to_mark(entry, first)) == 81
    assert points(held)[FOUND] is None  # the machine's find is nothing to those rules
    assert points(held)[FAILED] == 0  # and its "no" is
    marked(held, FOUND, 0)
    assert points(held)[FOUND] == 0


def test_a_round_that_froze_its_rules_before_they_said_what_is_asked_is_read_and_keeps_its_hash():
    second = msgspec.convert(json.loads(SECOND.read_text("utf-8")), CriteriaSet)
    assert hashlib.sha256(msgspec.json.encode(second)).hexdigest() == SECOND_SHA256
    assert all(each.asks is msgspec.UNSET for _, each in second.criteria())
    held = planned(second)
    entry = scanned(held)
    assert held.rules_sha256 == SECOND_SHA256
    assert grading.rules_of(held) == second != RULES
    assert points(held)[FOUND] == 1
    assert points(held)["technology.210"] == 0
    assert "technology.205" not in grading.to_mark(entry, second)  # the machine's alone, then
    assert "technology.205" in grading.to_mark(entry, RULES)


def test_marks_of_such_a_round_are_kept_under_the_new_rules_where_no_machine_found_it():
    first = msgspec.convert(json.loads(FIRST.read_text("utf-8")), CriteriaSet)
    held = planned(first)
    scanned(held)
    for key in (FOUND, UNSEEN):
        marked(held, key, 0)
    under = grading.graded(held, RULES)[0].points
    assert (under[FOUND], under[UNSEEN]) == (1, 0)


def test_the_set_says_since_when_it_stands_as_it_does():
    assert str(RULES.revised) == "2026-11-29"
    methods = [each.method for _, each in RULES.criteria()]
    assert {name: methods.count(name) for name in set(methods)} == {
        "auto": 1,
        "found": 29,
        "manual": 65,
    }
    assert sum(bool(each.proposal) for _, each in RULES.criteria()) == 59


def test_an_appeal_against_what_people_judged_shows_their_points_beside_the_look():
    held = planned()
    scanned(held)
    for key in (UNSEEN, FAILED):
        marked(held, key, 0)
    made = Appeal(entry=held.entries.get(), key=UNSEEN)
    then = telling.beside(made, RULES).then
    assert then is not None
    assert (then.check.points, then.check.outcome, then.check.fault) == (0, "fail", "")
    made.key = FAILED
    then = telling.beside(made, RULES).then
    assert then is not None
    assert (then.check.points, then.check.outcome) == (0, "fail")


def test_a_scan_tells_what_it_did_not_find_as_open_and_never_as_no():
    scan = ShadowScan.objects.create(
        agency="", system="a", name="Cổng A", url="https://a.vn/", contact="", lab_runs=0, who="x",
        state=queues.State.DONE, finished_at=timezone.now(), results=msgspec.to_builtins(SEEN),
    )  # fmt: skip
    told = telling.told(scan, RULES)
    lines = {each.check: each for each in told.line.checks}
    assert lines["losi.217"].points == 1
    assert lines["losi.295"].fault == "not_seen"
    social = lines["interface.social"]
    assert (social.outcome, social.points) == ("unmeasured", None)
    assert "losi.259" not in lines
    assert (told.points, told.measurable, told.open) == (1, 2, 0)
    assert told.by_people == 93
