"""The first account opens the desk; a weak password or a name taken is refused in words."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import authenticate, get_user_model

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.accounts import (
    Listed,
    create_account,
    create_operator,
    grant,
    listed,
    revoke,
)
from thuocdo.registry.models import Membership
from thuocdo.registry.people import Person
from thuocdo.registry.rights import Grant, Right, Role

pytestmark = pytest.mark.django_db
TODAY = clock.local_day(clock.now_us())
GOOD = "mot-mat-khau-that-dai-2026"


def test_an_operator_can_sign_in_with_every_right() -> None:
    create_operator("van-hanh", GOOD)
    user = authenticate(username="van-hanh", password=GOOD)
    assert user is not None
    assert user.is_superuser


@pytest.mark.parametrize("password", ["", "1234", "12345678901", "van-hanh"])
def test_a_weak_password_is_refused(password: str) -> None:
    with pytest.raises(ThuocdoError) as refusal:
        create_operator("van-hanh", password)
    assert refusal.value.code == "weak_password"


def test_a_name_is_given_once() -> None:
    create_operator("van-hanh", GOOD)
    with pytest.raises(ThuocdoError, match="already"):
        create_operator("van-hanh", GOOD)


def holds(name: str, right: Right, agency: str | None = None) -> bool:
    return Person(get_user_model().objects.get(username=name), TODAY).may(right, agency)


def test_an_account_is_made_with_its_role_and_agency(country) -> None:
    create_account("lan", GOOD, Role.AGENCY_ADMIN, "000.00.00.H26")
    assert holds("lan", Right.EDIT_SITES, "H26.11")
    assert not holds("lan", Right.EDIT_SITES, "H29")
    assert not holds("lan", Right.EDIT_SITES)
    assert not get_user_model().objects.get(username="lan").is_superuser


def test_without_a_password_no_password_opens_it(country) -> None:
    create_account("lan", None, Role.OFFICER)
    assert not get_user_model().objects.get(username="lan").has_usable_password()


def test_an_account_whose_role_is_refused_is_not_made(country) -> None:
    with pytest.raises(ThuocdoError, match="agency H99") as refusal:
        create_account("lan", GOOD, Role.OFFICER, "H99")
    assert refusal.value.code == "unknown_agency"
    assert not get_user_model().objects.exists()


def test_a_role_for_the_whole_country_is_not_given_for_a_part(country) -> None:
    create_account("lan", GOOD, Role.OFFICER)
    with pytest.raises(ThuocdoError) as refusal:
        grant("lan", Role.PUBLISHER, "H26")
    assert refusal.value.code == "bad_role"


def test_a_role_given_twice_is_one_and_revoked_holds_no_more(country) -> None:
    create_account("lan", GOOD, Role.AGENCY_ADMIN, "H26")
    grant("lan", Role.AGENCY_ADMIN, "H26")
    assert revoke("lan", Role.AGENCY_ADMIN, "H26") == 1
    assert not holds("lan", Right.EDIT_SITES, "H26")
    with pytest.raises(ThuocdoError, match="does not hold"):
        revoke("lan", Role.AGENCY_ADMIN, "H26")


def test_a_role_given_and_revoked_on_one_day_leaves_no_row(country) -> None:
    create_account("lan", GOOD, Role.OFFICER)
    grant("lan", Role.ANALYST, valid_from=TODAY)
    revoke("lan", Role.ANALYST)
    assert [row.role for row in Membership.objects.all()] == ["officer"]


def test_an_operators_rights_rest_until_there_is_a_second_factor() -> None:
    create_operator("van-hanh", GOOD)
    user = get_user_model().objects.get()
    assert Person(user, TODAY).needs_second_factor_for(Right.DESK)
    assert Person(user, TODAY).may(Right.OWN_ACCOUNT)
    Authenticator.objects.create(user=user, type=Authenticator.Type.RECOVERY_CODES, data={})
    assert not Person(user, TODAY).may(Right.DESK)
    Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})
    assert Person(user, TODAY).may(Right.DESK)


def test_who_was_barred_has_no_right_left(country) -> None:
    create_account("lan", GOOD, Role.AGENCY_ADMIN)
    get_user_model().objects.update(is_active=False)
    assert not holds("lan", Right.DESK)
    assert holds("lan", Right.SEE_PUBLIC)


def test_accounts_are_listed_with_what_they_hold(country) -> None:
    create_operator("an", GOOD)
    create_account("binh", GOOD, Role.OFFICER, "H26")
    assert list(listed()) == [
        Listed("an", True, False, (Grant(Role.OPERATOR),)),
        Listed("binh", True, False, (Grant(Role.OFFICER, "H26"),)),
    ]


@pytest.mark.django_db(transaction=True)
def test_accounts_from_before_roles_keep_their_pages() -> None:
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    executor.migrate([("registry", "0003_explanation")])
    state = [("registry", "0003_explanation"), ("auth", "0012_alter_user_first_name_max_length")]
    before = executor.loader.project_state(state).apps
    user = before.get_model("auth", "User")
    user.objects.create(username="cu")
    user.objects.create(username="nhan-vien", is_staff=True)
    user.objects.create(username="goc", is_superuser=True)
    executor = MigrationExecutor(connection)
    executor.migrate(executor.loader.graph.leaf_nodes())
    assert {(row.user.username, row.role, row.agency) for row in Membership.objects.all()} == {
        ("cu", "officer", ""),
        ("nhan-vien", "analyst", ""),
    }
