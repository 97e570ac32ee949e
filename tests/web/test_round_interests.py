"""Nobody judges their own agency's systems nor answers their own appeal, and nobody is two assessors."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone
from tests.web import held_round
from tests.web.people import read, signed_in

from thuocdo.assess.models import Appeal, Mark, Round
from thuocdo.assess.rounds import office
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.models import Membership
from thuocdo.registry.rights import Role

CODE, SYSTEM = "2027-1", "H26-one_stop"
KEY = "functions.signing"
ROUND = f"/lam-viec/dot-danh-gia/{CODE}/"
MARKING = f"/lam-viec/cham-diem/{CODE}/{SYSTEM}/"
RESULT = f"/lam-viec/co-quan/H26/danh-gia/{CODE}/{SYSTEM}/"


@pytest.fixture
def held(country) -> Round:
    return held_round.measured_round(country, CODE)


@pytest.fixture
def keeper(held) -> Client:
    return signed_in(Role.ROUND_KEEPER)


@pytest.fixture
def agency(held) -> Client:
    return signed_in(Role.AGENCY_ADMIN, "H26")


def belongs_to(client: Client, agency: str, **dates) -> str:
    """The name of whoever is signed in, who has a role in an agency besides."""
    user = get_user_model().objects.get(pk=client.session["_auth_user_id"])
    Membership.objects.create(user=user, role=Role.OFFICER, agency=agency, **dates)
    return user.username


@pytest.mark.parametrize("agency", ["H26", "H26.1"])
def test_nobody_marks_a_system_of_their_own_agency_or_of_one_above_it(held, agency):
    assessor = signed_in(Role.ASSESSOR)
    belongs_to(assessor, agency)
    assert "nên người khác chấm" in read(assessor, MARKING, 403)
    assert (
        assessor.post(MARKING, {"key": KEY, "evidence": "x", "found": "remote"}).status_code == 403
    )
    assert not Mark.objects.exists()


def test_who_left_the_agency_before_the_round_was_planned_may_mark(held):
    assessor = signed_in(Role.ASSESSOR)
    gone = (timezone.now() - timedelta(days=400)).date()
    who = belongs_to(assessor, "H26", valid_to=gone)
    read(assessor, MARKING)
    Membership.objects.filter(user__username=who, agency="H26").update(
        valid_to=timezone.localdate()
    )
    read(assessor, MARKING, 403)


def test_a_keeper_of_the_agencys_own_neither_decides_nor_corrects(held, keeper, agency):
    held_round.announced(held)
    agency.post(f"{RESULT}kien-nghi/", {"key": "security.hsts", "text": "Không đúng."})
    number = str(Appeal.objects.get().pk)
    belongs_to(keeper, "H26")
    given = {"do": "decide", "appeal": number, "points": "1,5", "because": "Đúng."}
    answer = keeper.post(ROUND, given)
    assert answer.status_code == 400
    assert "Không ai đánh giá hệ thống của cơ quan mình" in answer.content.decode()
    assert Appeal.objects.get().verdict == Appeal.Verdict.OPEN


def test_nobody_answers_their_own_appeal(held):
    held_round.announced(held)
    made = office.appeal(held, SYSTEM, "security.hsts", "Không đúng.", "lan")
    with pytest.raises(ThuocdoError) as refused:
        office.decide(made.pk, "Đúng.", "lan", Decimal(1))
    assert refused.value.code == "conflict_of_interest"
    office.decide(made.pk, "Đúng.", "minh", Decimal(1))


def test_of_one_assessors_two_clicks_the_first_stays_and_the_second_is_told(held):
    """Both saw the criterion unmarked."""
    office.mark(held, SYSTEM, "lan", KEY, points=Decimal(1))
    with pytest.raises(ThuocdoError) as refused:
        office.mark(held, SYSTEM, "lan", KEY, points=Decimal(2))
    assert refused.value.code == "bad_mark"
    assert Mark.objects.get().points == 1
