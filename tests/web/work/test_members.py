"""Agencies look after their own people: roles within the subtree, invitations, lost factors; nobody themselves."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate, get_user_model
from django.utils import timezone
from tests.web.conftest import TODAY
from tests.web.people import PASSWORD, enter, someone

from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import members
from thuocdo.registry.accounts import create_account, grant
from thuocdo.registry.models import Agency, Change, Invitation, Membership
from thuocdo.registry.people import Person
from thuocdo.registry.rights import Right, Role, policy

PAGE = "/lam-viec/co-quan/H26/thanh-vien/"

pytestmark = pytest.mark.usefixtures("country")


@pytest.fixture
def boss(client):
    user = someone(Role.AGENCY_ADMIN, "H26")
    enter(client, user)
    return user


def do(client, what: str, **given):
    return client.post(PAGE, {"do": what, **given})


def user_of(name: str):
    return get_user_model().objects.get(username=name)


def holds(name: str, right: Right, agency: str) -> bool:
    return Person(user_of(name), TODAY).may(right, agency)


def link_in(answer) -> str:
    found = re.search(r"http://testserver(/account/invitation/[\w-]+)", answer.content.decode())
    assert found is not None
    return found[1]


# --- roles ----------------------------------------------------------------------------------------


def test_the_list_shows_one_s_own_people_and_no_others(client, boss) -> None:
    someone(Role.OFFICER, "H26.11")
    someone(Role.OFFICER, "H29")
    someone(Role.OPERATOR)
    page = client.get(PAGE).content.decode()
    assert "officer-H26.11-True" in page
    assert "officer-H29" not in page
    assert "operator-" not in page
    english = client.get("/en/work/agencies/H26/members/").content.decode()
    assert "Last signed in" in english


def test_a_role_is_given_and_ended_within_the_subtree(client, boss) -> None:
    create_account("minh", PASSWORD, Role.VIEWER, "H29")
    given = {"name": "minh", "role": "officer", "agency": "000.00.11.H26"}
    for _click in range(2):
        assert do(client, "give", **given).status_code == 302
    row = Membership.objects.get(user__username="minh", role="officer")
    assert (row.agency, row.valid_from) == ("H26.11", TODAY)
    assert holds("minh", Right.EXPLAIN, "H26.11")
    for _click in range(2):
        assert do(client, "end", membership=row.pk).status_code == 302
    assert not holds("minh", Right.EXPLAIN, "H26.11")
    whos = Change.objects.filter(what="membership", key__startswith="minh officer")
    assert {change.who for change in whos} == {boss.get_username()}


def test_a_role_that_was_held_for_days_stays_on_record(client, boss) -> None:
    create_account("minh", PASSWORD, Role.OFFICER, "H26")
    row = Membership.objects.get(user__username="minh")
    do(client, "end", membership=row.pk)
    row.refresh_from_db()
    assert row.valid_to == TODAY - timedelta(days=1)


@pytest.mark.parametrize("role", [role for role in Role if role not in (Role.PUBLIC,)])
@pytest.mark.parametrize("agency", ["H26", "H26.11", "H29", "", "Z99"])
def test_only_local_roles_over_one_s_own_agencies_are_given(client, boss, role, agency) -> None:
    create_account("minh", PASSWORD, Role.VIEWER, "H29")
    before = Membership.objects.count()
    answer = do(client, "give", name="minh", role=role.value, agency=agency)
    may = policy().roles[role].local and agency.startswith("H26")
    assert (answer.status_code == 302) is may
    assert (Membership.objects.count() == before + 1) is may


def test_nobody_raises_or_ends_themselves(client, boss) -> None:
    before = list(Membership.objects.values())
    mine = Membership.objects.get(user=boss)
    for what, given in (
        ("give", {"name": boss.get_username(), "role": "agency_admin", "agency": "H26"}),
        ("end", {"membership": mine.pk}),
        ("leave", {"name": boss.get_username()}),
        ("reset", {"name": boss.get_username()}),
    ):
        answer = do(client, what, **given)
        assert answer.status_code == 400, what
        assert "Không ai tự đổi" in answer.content.decode(), what
    assert list(Membership.objects.values()) == before
    assert Authenticator.objects.filter(user=boss).exists()


def test_an_admin_below_does_not_touch_one_above(client, boss) -> None:
    Agency.objects.create(code="H26.11", name="Sở Nội vụ", kind="department", parent="H26")
    below = someone(Role.AGENCY_ADMIN, "H26.11")
    enter(client, below)
    row = Membership.objects.get(user=boss)
    page = "/lam-viec/co-quan/H26.11/thanh-vien/"
    assert client.get(PAGE).status_code == 403
    answer = client.post(page, {"do": "end", "membership": row.pk})
    assert answer.status_code == 400
    assert "nằm ngoài phạm vi" in answer.content.decode()
    row.refresh_from_db()
    assert row.valid_to is None


@pytest.mark.parametrize("role", [Role.OFFICER, Role.VIEWER, Role.ANALYST, Role.PUBLISHER])
def test_others_do_not_look_after_members(client, role) -> None:
    enter(client, someone(role, "" if policy().roles[role].country_only else "H26"))
    assert client.get(PAGE).status_code == 403
    assert do(client, "invite", name="x", role="officer", agency="H26").status_code == 403
    assert not get_user_model().objects.filter(username="x").exists()


def test_who_has_left_loses_every_role_here_and_the_door(client, boss) -> None:
    create_account("minh", PASSWORD, Role.OFFICER, "H26")
    grant("minh", Role.OFFICER, "H26.11")
    create_account("hoa", PASSWORD, Role.OFFICER, "H26")
    grant("hoa", Role.OFFICER, "H29")
    for name in ("minh", "hoa"):
        do(client, "leave", name=name)
        do(client, "leave", name=name)
    assert not user_of("minh").is_active
    assert user_of("hoa").is_active
    assert holds("hoa", Right.EXPLAIN, "H29")
    assert not holds("hoa", Right.EXPLAIN, "H26")


# --- invitations ----------------------------------------------------------------------------------


def test_an_invited_person_sets_a_password_once_and_comes_in(client, boss) -> None:
    answer = do(client, "invite", name="lan.moi", full_name="Lan", role="officer", agency="H26")
    link = link_in(answer)
    assert answer["Cache-Control"].startswith("max-age=0")
    assert link.rpartition("/")[2] not in str(list(Invitation.objects.values()))
    client.logout()
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200, "looking at it uses nothing up"
    form = {"password1": PASSWORD, "password2": PASSWORD}
    assert client.post(link, form).url == "/login"
    assert authenticate(username="lan.moi", password=PASSWORD) is not None
    gone = client.get(link)
    assert gone.status_code == 404
    assert "không còn dùng được" in gone.content.decode()
    assert client.post(link, form).status_code == 404
    assert Change.objects.filter(what="invitation", who=boss.get_username()).count() == 1
    assert "không tồn tại" not in gone.content.decode()


@pytest.mark.parametrize(
    ("first", "second", "words"),
    [("ngắn", "ngắn", "ngắn"), (PASSWORD, "khác", "không giống nhau"), ("", "", "ngắn")],
)
def test_a_weak_first_password_is_refused_and_the_link_stays(client, boss, first, second, words) -> None:  # fmt: skip
    link = link_in(do(client, "invite", name="lan.moi", role="officer", agency="H26"))
    answer = client.post(link, {"password1": first, "password2": second})
    assert answer.status_code == 200
    assert 'role="alert"' in answer.content.decode()
    assert words in answer.content.decode()
    assert client.get(link).status_code == 200


def test_a_link_ends_with_its_time_and_with_another(client, boss) -> None:
    first = link_in(do(client, "invite", name="lan.moi", role="officer", agency="H26"))
    second = link_in(do(client, "invite_again", name="lan.moi"))
    assert client.get(first).status_code == 404
    assert client.get(second).status_code == 200
    Invitation.objects.update(expires=timezone.now() - timedelta(seconds=1))
    assert client.get(second).status_code == 404
    assert client.get("/account/invitation/nonsense").status_code == 404


def test_a_barred_or_opened_account_is_opened_by_no_link(client, boss) -> None:
    link = link_in(do(client, "invite", name="lan.moi", role="officer", agency="H26"))
    do(client, "leave", name="lan.moi")
    assert client.get(link).status_code == 404
    create_account("minh", PASSWORD, Role.OFFICER, "H26")
    answer = do(client, "invite_again", name="minh")
    assert "đã đặt mật khẩu" in answer.content.decode()
    create_account("sso", None, Role.OFFICER, "H26")
    assert do(client, "invite_again", name="sso").status_code == 400


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"name": "minh"}, "Đã có tài khoản"),
        ({"name": "hai chữ"}, "Tên đăng nhập chỉ gồm"),
        ({"name": "x", "role": "operator"}, "không do cơ quan giao"),
        ({"name": "x", "agency": "H29"}, "nằm ngoài phạm vi"),
        ({"name": "x", "agency": ""}, "nằm ngoài phạm vi"),
    ],
)
def test_an_invitation_that_cannot_be_made_makes_nothing(client, boss, given, words) -> None:
    create_account("minh", PASSWORD, Role.OFFICER, "H26")
    before = get_user_model().objects.count()
    answer = do(client, "invite", **({"role": "officer", "agency": "H26"} | given))
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert get_user_model().objects.count() == before
    assert not Invitation.objects.exists()


# --- lost factors ---------------------------------------------------------------------------------


def test_a_lost_factor_is_taken_away_by_two(client, boss) -> None:
    officer = someone(Role.OFFICER, "H26")
    for _click in range(2):
        do(client, "reset", name=officer.get_username())
        assert Authenticator.objects.filter(user=officer).exists()
    create_account("pho", PASSWORD, Role.AGENCY_ADMIN, "H26")
    enter(client, user_of("pho"))
    assert "xác nhận gỡ hai bước" in client.get(PAGE).content.decode()
    do(client, "reset", name=officer.get_username())
    assert not Authenticator.objects.filter(user=officer).exists()
    changes = Change.objects.filter(what="authenticator", key__startswith=officer.get_username())
    assert {(change.action, change.who) for change in changes if change.who != officer.get_username()} >= {
        ("create", boss.get_username()), ("delete", "pho")
    }  # fmt: skip


def test_the_factor_of_somebody_with_a_role_elsewhere_is_not_touched(client, boss) -> None:
    operator = someone(Role.OPERATOR)
    grant(operator.get_username(), Role.OFFICER, "H26")
    answer = do(client, "reset", name=operator.get_username())
    assert answer.status_code == 400
    assert "ở nơi khác" in answer.content.decode()
    assert Authenticator.objects.filter(user=operator).exists()


def test_without_a_second_factor_there_is_nothing_to_reset(client, boss) -> None:
    create_account("minh", PASSWORD, Role.OFFICER, "H26")
    assert do(client, "reset", name="minh").status_code == 400


@pytest.mark.parametrize(
    "given",
    [
        {"do": "dance"},
        {"do": "end", "membership": "x"},
        {"do": "give", "name": "nobody", "role": "officer", "agency": "H26"},
        {
            "do": "give",
            "name": "minh",
            "role": "officer",
            "agency": "H26",
            "valid_to": "2001-01-01",
        },
        {"do": "give", "name": "minh", "role": "officer", "agency": "H26", "valid_to": "mai"},
    ],
)
def test_nonsense_is_answered_in_words(client, boss, given) -> None:
    create_account("minh", PASSWORD, Role.VIEWER, "H26")
    answer = client.post(PAGE, given)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()


def test_accepting_twice_at_once_is_refused(boss) -> None:
    token = members.invite(lambda _code: True, boss, "lan.moi", "officer", "H26")
    members.accept(token, PASSWORD)
    with pytest.raises(ThuocdoError) as refusal:
        members.accept(token, PASSWORD)
    assert refusal.value.code == "no_invitation"
