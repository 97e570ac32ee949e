"""The first account opens the desk; a weak password or a name taken is refused in words."""

from __future__ import annotations

import pytest
from django.contrib.auth import authenticate

from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.accounts import create_operator

pytestmark = pytest.mark.django_db
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
