"""Accounts and their roles as the command line and the first start of an instance make them.

Nobody signs up by themselves: an operator makes an account and gives it a role for an agency.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any, NamedTuple

from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.keys import check_scope
from thuocdo.registry.models import Membership
from thuocdo.registry.people import Person
from thuocdo.registry.rights import Grant, Right, Role, plain, policy


class Listed(NamedTuple):
    """One account: its name, whether it can sign in, its second factor, its memberships of today."""

    name: str
    active: bool
    second_factor: bool
    grants: tuple[Grant, ...]


def create_operator(name: str, password: str) -> None:
    """An account with every right. Raises ThuocdoError `account_exists` or `weak_password`."""
    _new(name, password, is_staff=True, is_superuser=True)


def create_account(name: str, password: str | None, role: Role, agency: str = "") -> None:
    """An account with one role; without a password it can only be entered by single sign-on.

    Raises what `create_operator` and `grant` raise; nothing is made then.
    """
    with transaction.atomic():
        _new(name, password)
        grant(name, role, agency)


def create_simulated(name: str, role: Role) -> None:
    """A person of the demonstration: no password opens the account, and nobody knows its second factor.

    Twice is harmless. Raises what `grant` raises.
    """
    if not get_user_model().objects.filter(username=name).exists():
        with transaction.atomic():
            _new(name, None)
            grant(name, role)
            TOTP.activate(_find(name), generate_totp_secret())


def grant(
    name: str,
    role: Role,
    agency: str = "",
    *,
    valid_from: date | None = None,
    valid_to: date | None = None,
) -> None:
    """Give a role over an agency and all below it; "" is the whole country. Twice is harmless.

    Raises ThuocdoError `unknown_account`, `unknown_agency` or `bad_role`.
    """
    agency = plain(agency)
    check_scope(agency, ())
    if agency and policy().roles[role].country_only:
        raise ThuocdoError(
            "bad_role",
            f"The role {role.value} is given for the whole country only.",
            "Leave the agency out; see docs/people.md.",
        )
    user = _find(name)
    known = Membership.objects.filter(user=user, role=role, agency=agency, valid_from=valid_from)
    row = known.first() or Membership(user=user, role=role, agency=agency, valid_from=valid_from)
    row.valid_to = valid_to
    try:
        row.full_clean()
    except ValidationError as wrong:
        raise ThuocdoError(
            "bad_role",
            f"The role {role.value} cannot be given like this: {' '.join(wrong.messages)}",
            "See docs/people.md for the roles.",
        ) from None
    row.save()


def revoke(name: str, role: Role, agency: str = "") -> int:
    """End a role as of yesterday, so that it holds no more; what was, stays on record.

    Answers how many rows ended. Raises ThuocdoError `unknown_account` or `no_such_role`.
    """
    today = local_day(now_us())
    rows = list(
        Membership.objects.filter(user=_find(name), role=role, agency=plain(agency)).covering(today)
    )
    if not rows:
        raise ThuocdoError(
            "no_such_role",
            f"{name} does not hold the role {role.value} there today.",
            "See `thuocdo account list`.",
        )
    with transaction.atomic():
        for row in rows:
            if row.valid_from == today:
                row.delete()  # it never held for a whole day: there is nothing to keep
            else:
                row.valid_to = today - timedelta(days=1)
                row.save()
    return len(rows)


def listed() -> Iterable[Listed]:
    """Every account by name."""
    today = local_day(now_us())
    for user in get_user_model().objects.order_by("username"):
        person = Person(user, today)
        rows = [row.grant for row in Membership.objects.filter(user=user).covering(today)]
        if user.is_superuser:
            rows.insert(0, Grant(Role.OPERATOR))
        yield Listed(user.get_username(), user.is_active, person.has_second_factor, tuple(rows))


def rights_of(name: str) -> frozenset[Right]:
    """What an account may do in the whole country today. Raises ThuocdoError `unknown_account`."""
    user = _find(name)
    who = Person(user, local_day(now_us()))
    return frozenset(right for right in Right if user.is_active and who.may(right))


def _new(name: str, password: str | None, **rest: Any) -> None:
    model = get_user_model()
    if model.objects.filter(username__iexact=name).exists():
        raise ThuocdoError(
            "account_exists", f"There is an account {name!r} already.", "Take another."
        )
    user = model(username=name, **rest)
    try:
        user.username_validator(name)
        if password is not None:
            validate_password(password, user)
    except ValidationError as weak:
        raise ThuocdoError("weak_password", " ".join(weak.messages)) from None
    user.set_password(password)  # None: no password opens it
    user.save(force_insert=True)


def _find(name: str) -> Any:
    found = get_user_model().objects.filter(username=name).first()
    if found is None:
        raise ThuocdoError(
            "unknown_account", f"There is no account {name!r}.", "See `thuocdo account list`."
        )
    return found
