"""A round from plan to correction: what may be done when, by whom, and what can never be undone."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.utils import timezone

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.models import Entry, Round
from thuocdo.assess.results import measured
from thuocdo.assess.rounds import grading, office
from thuocdo.assess.rounds.office import System
from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.signing import Signer, payload_of

pytestmark = pytest.mark.django_db
SET = criteria_set("2024")
KEY = "functions.account"


@pytest.fixture
def settings(tmp_path):
    return instance.load({"THUOCDO_HOME": str(tmp_path)})


@pytest.fixture
def held():
    """Two systems that are measured already."""
    systems = [System(code, f"Cổng {code}", "province", f"https://{code}.vn/") for code in "ab"]
    made = office.plan("2026-1", SET, systems, is_trial=False)
    seen = [measured(check, Decimal(1), 1) for check in ("interface.title", "security.hsts")]
    made.entries.update(state=Entry.State.DONE, results=msgspec.to_builtins(seen))
    return made


def refused(code, act, *args, **kwargs):
    with pytest.raises(ThuocdoError) as refusal:
        act(*args, **kwargs)
    assert refusal.value.code == code


def announced(held):
    office.announce(held, timezone.now() + timedelta(days=10))
    return held


def past_deadline(held):
    Round.objects.filter(pk=held.pk).update(appeals_until=timezone.now() - timedelta(minutes=1))
    held.refresh_from_db()
    return held


def points_of(held, code, key):
    return {each.code: each for each in grading.graded(held)}[code].points.get(key)


def test_an_assessor_sees_no_other_assessors_marks_while_marks_are_made(held):
    office.mark(held, "a", "Lan", KEY, found=["national_login"])
    office.mark(held, "a", "Minh", KEY, found=["national_login"])
    assert {each.assessor for each in office.marks_shown_to(held, "Lan")} == {"Lan"}
    announced(held)
    assert {each.assessor for each in office.marks_shown_to(held, "Lan")} == {"Lan", "Minh"}


def test_a_mark_is_made_once_and_stays(held):
    made = office.mark(held, "a", "Lan", KEY, points=Decimal(5))
    refused("bad_mark", office.mark, held, "a", "Lan", KEY, points=Decimal(4))
    made.points = Decimal(1)
    with pytest.raises(TypeError):
        made.save()


@pytest.mark.parametrize("again", ["lan", " LAN "])
def test_one_assessor_written_in_two_ways_is_not_two(held, again):
    code = held.entries.first().code
    office.mark(held, code, "Lan", "functions.account", points=Decimal(5))
    with pytest.raises(ThuocdoError) as refused:
        office.mark(held, code, again, "functions.account", points=Decimal(5))
    assert refused.value.code == "bad_mark"
    with pytest.raises(ThuocdoError) as nobody:
        office.mark(held, code, "  ", "functions.account", points=Decimal(5))
    assert nobody.value.code == "no_assessor"
    office.mark(held, code, "Lân", "functions.account", points=Decimal(5))


def test_nothing_is_announced_before_all_is_measured_and_reconciled(held):
    office.mark(held, "a", "Lan", KEY, points=Decimal(5))
    office.mark(held, "a", "Minh", KEY, points=Decimal(3))
    refused("not_reconciled", announced, held)
    refused("no_reason", office.settle, held, "a", KEY, Decimal(4), " ", "Lan")
    office.settle(held, "a", KEY, Decimal(4), "Cùng xem lại ảnh chụp", "Lan và Minh")
    assert points_of(held, "a", KEY) == 4
    held.entries.filter(code="b").update(state=Entry.State.QUEUED)
    refused("not_measured", announced, held)


def test_an_appeal_is_heard_until_the_deadline_and_decided_once_with_a_reason(held, settings):
    refused("round_closed", office.appeal, held, "a", "security.csp", "Đã có CSP", "Sở A")
    announced(held)
    first = office.appeal(held, "a", "security.csp", "Đã có CSP", "Sở A")
    second = office.appeal(held, "b", "security.csp", "Cũng vậy", "Sở B")
    past_deadline(held)
    refused("too_late", office.appeal, held, "a", "wcag.axe", "Muộn", "Sở A")
    refused("appeals_open", office.publish, held, settings)
    office.decide(first.pk, "Quét lại: đúng", "Hội đồng", Decimal(2))
    office.decide(second.pk, "Quét lại: không thấy", "Hội đồng")
    refused("decided", office.decide, first.pk, "lại", "Hội đồng")
    assert points_of(held, "a", "security.csp") == 2
    assert points_of(held, "b", "security.csp") is None
    assert office.publish(held, settings).round == "2026-1"


def test_a_round_is_not_published_before_the_agencies_were_told(held, settings):
    refused("not_announced", office.publish, held, settings)
    announced(held)
    refused("appeals_open", office.publish, held, settings)


def test_a_publication_is_frozen_signed_and_outlives_every_correction(held, settings):
    past_deadline(announced(held))
    made = office.publish(held, settings)
    assert payload_of(held.publication, Signer.of(settings.home).public) == msgspec.json.encode(
        made
    )
    office.correct(held, "a", "security.hsts", Decimal(0), "Nhầm hệ thống", "Hội đồng")
    assert office.publish(held, settings) == made
    assert [(each.entry.code, each.points) for each in office.corrections(held)] == [("a", 0)]
    assert points_of(held, "a", "security.hsts") == 0
    refused("round_closed", office.mark, held, "a", "Lan", KEY, points=Decimal(1))
    Round.objects.filter(pk=held.pk).update(publication=held.publication[:-8] + "A" * 8)
    held.refresh_from_db()
    refused("bad_publication", office.published, held, settings)


def test_rules_that_changed_after_the_start_are_noticed(held):
    held.rules["total"] = "99"
    refused("rules_changed", grading.rules_of, held)


def test_the_same_results_under_other_rules_are_graded_anew(held):
    losi = {each.code: each for each in grading.graded(held, criteria_set("losi-2024"))}
    assert losi["a"].grade.points == 0
    assert losi["a"].grade.unmeasured == 95


def test_vendors_take_turns():
    systems = [
        System(f"{v}{n}", "", "province", "https://a.vn/", v) for v in "AB" for n in range(2)
    ]
    assert [each.code for each in office.fair_order(systems)] == ["A0", "B0", "A1", "B1"]


def test_an_allowed_appeal_is_seen_in_the_criterion_it_was_about(held):
    seen = msgspec.to_builtins([measured("security.hsts", Decimal("0.5"), 1)])
    held.entries.update(results=seen)
    announced(held)
    made = office.appeal(held, "a", "security.hsts", "Đã có từ tháng 3.", "H26")
    office.decide(made.pk, "Đã quét lại.", "Lan", Decimal("1.5"))
    lines = {each.standing.code: each for each in office.as_it_stands(held, 1).systems}
    of_a, of_b = (
        next(each for each in lines[code].checks if each.check == "security.hsts") for code in "ab"
    )
    assert (of_a.outcome, of_a.fix, of_a.words) == ("pass", None, ["Đã quét lại."])
    assert of_b.outcome == "fail"
