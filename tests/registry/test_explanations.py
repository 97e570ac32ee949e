"""Answers to findings: kept in order, never changed, shown with every finding they concern."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.findings import FindingKey
from thuocdo.registry.explanations import Explanation, explain, of, standing

pytestmark = pytest.mark.django_db

KEY = FindingKey("month_end_burst", "H26-one_stop", date(2026, 7, 1), date(2026, 9, 30))


def test_answers_and_decisions_stand_in_their_order() -> None:
    explain(KEY, "Kỳ chốt thuế cuối tháng.", who="Sở Tài chính")
    explain(KEY, "Có văn bản kèm theo.", who="Bộ KH&CN", kind=Explanation.Kind.ACCEPTED)
    said = of([KEY])[KEY]
    assert [(one.kind, one.who) for one in said] == [
        ("answer", "Sở Tài chính"),
        ("accepted", "Bộ KH&CN"),
    ]


def test_an_answer_stands_with_a_later_finding_of_the_same() -> None:
    explain(KEY, "Kỳ chốt thuế cuối tháng.", who="Sở")
    later = KEY._replace(first=date(2026, 9, 1), last=date(2026, 11, 30))
    other = KEY._replace(subject="H29-one_stop")
    found = of([later, other])
    assert [one.key for one in found[later]] == [KEY]
    assert found[other] == []


def test_an_answer_is_never_changed_or_deleted() -> None:
    explain(KEY, "Lần đầu.", who="Sở")
    row = Explanation.objects.get()
    row.text = "Lần sau."
    with pytest.raises(TypeError):
        row.save()
    with pytest.raises(TypeError):
        row.delete()
    with pytest.raises(TypeError):
        Explanation.objects.update(text="")
    with pytest.raises(TypeError):
        Explanation.objects.all().delete()
    assert Explanation.objects.get().text == "Lần đầu."


@pytest.mark.parametrize("text", ["", "   ", "x" * 4001])
def test_an_empty_or_endless_answer_is_refused(text: str) -> None:
    with pytest.raises(ThuocdoError) as refusal:
        explain(KEY, text, who="Sở")
    assert refusal.value.code == "bad_explanation"
    assert not Explanation.objects.exists()


def test_the_same_words_twice_are_one_row() -> None:
    first = explain(KEY, "Kỳ chốt thuế.", who="Sở")
    assert explain(KEY, " Kỳ chốt thuế. ", who="Sở") == first
    assert Explanation.objects.count() == 1


def test_whoever_answered_does_not_decide() -> None:
    explain(KEY, "Kỳ chốt thuế.", who="Sở")
    with pytest.raises(ThuocdoError) as refusal:
        explain(KEY, "Đúng rồi.", who="Sở", kind=Explanation.Kind.ACCEPTED)
    assert refusal.value.code == "own_answer"
    explain(KEY, "Chưa rõ.", who="Bộ", kind=Explanation.Kind.REFUSED)
    assert standing(of([KEY])[KEY]) == "refused"


def test_nothing_is_decided_before_an_answer() -> None:
    with pytest.raises(ThuocdoError) as refusal:
        explain(KEY, "Được.", who="Bộ", kind=Explanation.Kind.ACCEPTED)
    assert refusal.value.code == "nothing_to_judge"
    assert standing(of([KEY])[KEY]) == ""
