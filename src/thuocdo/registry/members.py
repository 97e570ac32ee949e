"""People of an agency, looked after by its own administrators: roles, invitations, lost second factors.

Who may is data (`manage_members`, and `local` of the roles in rights.yaml). Nobody changes their own
roles, nobody gives a role that reaches beyond their part of the country, and nobody touches the sign-in
of a person who holds anything elsewhere. Accounts and roles leave their trail by `watching`.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

from allauth.mfa.models import Authenticator
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.db import transaction
from django.utils import timezone

from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import accounts, trail
from thuocdo.registry.models import Change, FactorReset, Invitation, Membership
from thuocdo.registry.people import has_second_factor
from thuocdo.registry.rights import Role, plain, policy

Within = Callable[[str], bool]
"""Whether an agency's code lies in the part of the country somebody looks after."""


class Member(NamedTuple):
    """One person of an agency or below it.

    held       their memberships there that have not ended
    elsewhere  they hold something outside as well: their sign-in is not for an agency to touch
    asked_by   who asked for the removal of their second factor; "" while nobody has
    """

    user: Any
    held: list[Membership]
    second_factor: bool
    elsewhere: bool
    asked_by: str
    invited: bool


def local_roles() -> list[Role]:
    """Roles that an agency's administrators give and end."""
    return [role for role, spec in policy().roles.items() if spec.local]


def members(within: Within) -> list[Member]:
    """The people of a part of the country, by name."""
    today = local_day(now_us())
    held: dict[int, list[Membership]] = {}
    rows = Membership.objects.exclude(valid_to__lt=today).exclude(agency="")
    for row in rows.order_by("agency", "role"):
        if within(row.agency):
            held.setdefault(row.user_id, []).append(row)
    users = get_user_model().objects.filter(pk__in=held).order_by("username")
    return [_member(user, held[user.pk], within) for user in users]


def _member(user: Any, held: list[Membership], within: Within) -> Member:
    asked = FactorReset.objects.filter(user=user, done_at=None).first()
    return Member(
        user,
        held,
        has_second_factor(user),
        _is_elsewhere(user, within),
        asked.who if asked else "",
        _never_came_in(user),
    )


def give(
    within: Within, who: Any, name: str, role: str, agency: str, *, valid_to: date | None = None
) -> None:
    """Give a role from today; whoever holds it already keeps it as it is.

    Raises ThuocdoError `own_role`, `not_local_role`, `outside`, `bad_day`, and what `accounts.grant`
    raises.
    """
    given, agency = _local(role), plain(agency.strip())
    _check_reach(within, agency)
    today = local_day(now_us())
    if valid_to is not None and valid_to < today:
        raise ThuocdoError("bad_day", "The last day lies before today.", "Choose a later one.")
    user = _somebody_else(name, who)
    held = Membership.objects.filter(user=user, role=given.value, agency=agency).covering(today)
    if not held.exists():
        accounts.grant(user.get_username(), given, agency, valid_from=today, valid_to=valid_to)


def end(within: Within, who: Any, number: int) -> None:
    """End one membership as of yesterday; one that has ended already stays so.

    Raises ThuocdoError `no_such_role`, `own_role`, `not_local_role` or `outside`.
    """
    row = Membership.objects.select_related("user").filter(pk=number).first()
    if row is None:
        return  # a second click: it never held for a whole day and is gone
    _check_reach(within, row.agency)
    _local(row.role)
    _somebody_else(row.user.get_username(), who)
    _end(row)


def leave(within: Within, who: Any, name: str) -> None:
    """Somebody has left: every local role of theirs here ends; an account that holds nothing else is
    barred. Raises as `end`."""
    user, today = _somebody_else(name, who), local_day(now_us())
    rows = [
        row
        for row in Membership.objects.filter(user=user).exclude(valid_to__lt=today)
        if row.agency and within(row.agency) and Role(row.role) in local_roles()
    ]
    if not rows and user.is_active:
        raise ThuocdoError("no_such_role", f"{name} holds no role here.", "Look at the list.")
    with transaction.atomic():
        for row in rows:
            _end(row)
        left = Membership.objects.filter(user=user).exclude(valid_to__lt=today)
        if not user.is_superuser and not left.exists():
            user.is_active = False
            user.save()


def invite(
    within: Within, who: Any, name: str, role: str, agency: str, *, full_name: str = ""
) -> str:
    """Make an account that nobody can enter yet, with its role; the token of the link that opens it.

    Raises ThuocdoError `not_local_role`, `outside`, `account_exists`, `weak_password` (a name that
    cannot be one) and what `accounts.grant` raises; nothing is made then.
    """
    given, agency = _local(role), plain(agency.strip())
    _check_reach(within, agency)
    with transaction.atomic():
        accounts.create_account(name.strip(), None, given, agency)
        user = get_user_model().objects.get(username=name.strip())
        if full_name.strip():
            user.last_name = full_name.strip()[:150]
            user.save()
        return _link(user, who)


def invite_again(within: Within, who: Any, name: str) -> str:
    """Another link for somebody who never came in; the one before opens nothing any more.

    Raises ThuocdoError `unknown_account`, `own_role`, `elsewhere` or `came_in`.
    """
    user = _somebody_else(name, who)
    _check_theirs(user, within)
    if not _never_came_in(user):
        raise ThuocdoError("came_in", f"{name} has a password.", "An operator gives another.")
    with transaction.atomic():
        Invitation.objects.filter(user=user, used_at=None).update(expires=timezone.now())
        return _link(user, who)


def invited(token: str) -> Any | None:
    """The account a link opens; None when it is unknown, used or too old, or the account barred."""
    row = Invitation.objects.select_related("user").filter(token=_digest(token)).first()
    if row is None or row.used_at is not None or row.expires <= timezone.now():
        return None
    return row.user if row.user.is_active and not row.user.has_usable_password() else None


def accept(token: str, password: str) -> Any:
    """Set the first password and use the link up.

    Raises ThuocdoError `no_invitation`; ValidationError for a password that is too weak.
    """
    user = invited(token)
    if user is None:
        raise ThuocdoError("no_invitation", "The link opens nothing.", "Ask for another.")
    validate_password(password, user)
    with transaction.atomic():
        row = Invitation.objects.filter(token=_digest(token), used_at=None)
        if not row.update(used_at=timezone.now()):
            raise ThuocdoError("no_invitation", "The link was used.", "Ask for another.")
        user.set_password(password)
        user.save()
    return user


def reset_factor(within: Within, who: Any, name: str) -> bool:
    """Take somebody's lost second factor away; whether it is gone now.

    Where policy wants two people the first asks and another one does it.
    Raises ThuocdoError `unknown_account`, `own_role`, `elsewhere` or `no_factor`.
    """
    user = _somebody_else(name, who)
    _check_theirs(user, within)
    if not has_second_factor(user):
        raise ThuocdoError("no_factor", f"{name} has no second factor.", "Nothing is to be done.")
    asked = FactorReset.objects.filter(user=user, done_at=None).first()
    me = who.get_username()
    if policy().members.two_people_reset and (asked is None or asked.who == me):
        if asked is None:
            FactorReset.objects.create(user=user, who=me)
            trail.record(
                Change.Action.CREATE, Change.What.AUTHENTICATOR, who=me, key=f"{name} reset asked"
            )
        return False
    with transaction.atomic():
        open_ones = FactorReset.objects.filter(user=user, done_at=None)
        if asked is None:
            FactorReset.objects.create(user=user, who=me, done_by=me, done_at=timezone.now())
        open_ones.update(done_by=me, done_at=timezone.now())
        for row in Authenticator.objects.filter(user=user):
            row.delete()
    return True


def _never_came_in(user: Any) -> bool:
    """Whether somebody was invited and has set no password; an account for single sign-on was not."""
    waiting = user.last_login is None and not user.has_usable_password()
    return waiting and Invitation.objects.filter(user=user).exists()


def _link(user: Any, who: Any) -> str:
    token = secrets.token_urlsafe(32)
    expires: datetime = timezone.now() + timedelta(hours=policy().members.invitation_hours)
    me = who.get_username()
    Invitation.objects.create(user=user, token=_digest(token), who=me, expires=expires)
    after = {"expires": expires.isoformat()}
    trail.record(
        Change.Action.CREATE, Change.What.INVITATION, who=me, key=user.get_username(), after=after
    )
    return token


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _local(role: str) -> Role:
    found = next((each for each in local_roles() if each.value == role), None)
    if found is None:
        raise ThuocdoError(
            "not_local_role", f"{role!r} is not given by agencies.", "An operator gives it."
        )
    return found


def _check_reach(within: Within, agency: str) -> None:
    if not agency or not within(agency):
        raise ThuocdoError(
            "outside", f"{agency or 'The country'} is not yours to look after.", "Choose your own."
        )


def _somebody_else(name: str, who: Any) -> Any:
    user = get_user_model().objects.filter(username=name.strip()).first()
    if user is None:
        raise ThuocdoError("unknown_account", f"There is no account {name!r}.", "Invite them.")
    if user.pk == who.pk:
        raise ThuocdoError("own_role", "Nobody changes their own roles.", "Ask somebody else.")
    return user


def _check_theirs(user: Any, within: Within) -> None:
    if _is_elsewhere(user, within):
        raise ThuocdoError(
            "elsewhere", "This person holds a role elsewhere as well.", "An operator does it."
        )


def _is_elsewhere(user: Any, within: Within) -> bool:
    """Whether somebody holds anything that is not local and here."""
    today = local_day(now_us())
    held: Iterable[Membership] = Membership.objects.filter(user=user).exclude(valid_to__lt=today)
    local = local_roles()
    return user.is_superuser or any(
        not row.agency or not within(row.agency) or Role(row.role) not in local for row in held
    )


def _end(row: Membership) -> None:
    today = local_day(now_us())
    if row.valid_to is not None and row.valid_to < today:
        return
    if row.valid_from is not None and row.valid_from >= today:
        row.delete()  # it never held for a whole day: there is nothing to keep
        return
    row.valid_to = today - timedelta(days=1)
    row.save()
