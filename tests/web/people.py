"""People for the tests of pages: accounts with roles, and second factors of the real kind."""

from __future__ import annotations

from typing import Any

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import get_user_model

from thuocdo.registry.accounts import create_account
from thuocdo.registry.rights import Role

PASSWORD = "mật khẩu rất dài 2026"


def someone(
    role: Role, agency: str = "", *, second_factor: bool = True, password: str | None = None
) -> Any:
    """A fresh account with one role; without a password unless it is to sign in by one."""
    name = f"{role.value}-{agency or 'ca-nuoc'}-{second_factor}"
    create_account(name, password, role, agency)
    user = get_user_model().objects.get(username=name)
    if second_factor:
        TOTP.activate(user, generate_totp_secret())
    return user
