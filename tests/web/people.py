"""People for the tests of pages: accounts with roles, and second factors of the real kind."""

from __future__ import annotations

import time
from typing import Any

from allauth.account.internal.flows.login import (
    _AUTHENTICATION_METHODS_USER_SESSION_KEY,
    AUTHENTICATION_METHODS_SESSION_KEY,
)
from allauth.account.internal.userkit import user_id_to_str
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import get_user_model
from django.test import Client

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


def shown(user: Any) -> dict[str, Any]:
    """What a session holds when its person came in with a second factor; nothing if they have none."""
    if not Authenticator.objects.filter(user_id=user.pk).exists():
        return {}
    return {
        AUTHENTICATION_METHODS_SESSION_KEY: [{"method": "mfa", "at": time.time()}],
        _AUTHENTICATION_METHODS_USER_SESSION_KEY: user_id_to_str(user),
    }


def enter(client: Any, user: Any) -> None:
    """Sign in as somebody, with their second factor if they have one."""
    client.force_login(user)
    session = client.session
    session.update(shown(user))
    session.save()


def signed_in(role: Role, agency: str = "", **asked: Any) -> Client:
    """The browser of somebody new, who has shown the second factor. asked: as of `Client`."""
    found = Client(**asked)
    enter(found, someone(role, agency))
    return found


def read(client: Client, path: str, status: int = 200) -> str:
    """A page's text; it must answer with the status."""
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()
