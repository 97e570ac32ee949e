"""Whatever changes an account, a role or a factor leaves a line, and no line holds a secret."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model

from thuocdo.core.console import operator
from thuocdo.registry import trail
from thuocdo.registry.accounts import create_account, grant, revoke
from thuocdo.registry.models import Change
from thuocdo.registry.rights import Role

pytestmark = pytest.mark.usefixtures("country")
PASSWORD = "mot-mat-khau-that-dai-2026"


@pytest.fixture
def lan():
    create_account("lan", PASSWORD, Role.OFFICER, "H26")
    return get_user_model().objects.get(username="lan")


def lines(what: str) -> list[tuple[str, str]]:
    return [(line.action, line.key) for line in Change.objects.filter(what=what).order_by("id")]


def test_an_account_and_its_roles_are_on_record(lan) -> None:
    grant("lan", Role.ANALYST)
    revoke("lan", Role.ANALYST)
    assert lines("user") == [("create", "lan")]
    assert lines("membership") == [
        ("create", "lan officer H26"),
        ("create", "lan analyst"),
        ("update", "lan analyst"),
    ]
    ended = Change.objects.filter(what="membership").first()
    assert ended.before["valid_to"] is None
    assert ended.after["valid_to"] is not None


def test_the_command_line_and_a_person_are_told_apart(lan) -> None:
    assert Change.objects.filter(what="user").get().who == operator()
    with trail.acting(lambda: "minh"):
        grant("lan", Role.ANALYST)
    assert Change.objects.first().who == "minh"


def test_a_new_password_is_a_word_and_no_more(lan) -> None:
    lan.set_password("một câu khác hẳn 99")
    lan.save()
    line = Change.objects.filter(what="user").first()
    assert (line.before["password"], line.after["password"]) == ("old", "new")


def test_a_password_hashed_anew_at_sign_in_is_no_change(lan) -> None:
    from django.contrib.auth.hashers import make_password

    lan.password = make_password(PASSWORD, hasher="pbkdf2_sha256")
    lan.save()
    before = Change.objects.count()
    assert lan.check_password(PASSWORD)
    assert lan.password.startswith("argon2")
    assert Change.objects.count() == before


def test_signing_in_is_no_change(lan, client) -> None:
    before = Change.objects.count()
    client.force_login(lan)
    assert Change.objects.count() == before


def test_a_factor_is_told_by_its_kind(lan) -> None:
    row = Authenticator.objects.create(user=lan, type="totp", data={"secret": "KHONGNOI"})
    row.record_usage()
    row.delete()
    assert lines("authenticator") == [("create", "lan totp"), ("delete", "lan totp")]
    assert "KHONGNOI" not in str(list(Change.objects.values_list("before", "after")))


def test_an_account_that_is_deleted_takes_its_roles_along_on_record(lan) -> None:
    lan.delete()
    assert ("delete", "lan officer H26") in lines("membership")
    assert ("delete", "lan") in lines("user")
