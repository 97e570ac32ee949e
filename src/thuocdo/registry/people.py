"""What one signed-in person may do now: memberships from the database, judged by `rights`.

Asked once per request and kept on the user object, so a page with fifty rows costs three queries.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from allauth.mfa.models import Authenticator

from thuocdo.core.clock import local_day, now_us
from thuocdo.registry import rights
from thuocdo.registry.models import Agency, Membership
from thuocdo.registry.rights import Grant, Right, Role, Scope
from thuocdo.registry.tree import Node, Tree

if TYPE_CHECKING:
    from django.contrib.auth.base_user import AbstractBaseUser

_KEPT = "_thuocdo_person"
_SHOWN = "_thuocdo_factor_shown"


class Person:
    """One user on one day.

    granted            every membership of the day
    grants             those whose rights do not rest for want of a second factor
    has_second_factor  whether the account has one; it counts only in a session in which it was shown
    """

    def __init__(self, user: AbstractBaseUser | Any, day: date) -> None:
        self.day = day
        self.granted = _granted(user, day)
        self.has_second_factor = bool(self.granted) and has_second_factor(user)
        shown = self.has_second_factor and getattr(user, _SHOWN, True)
        self.grants = rights.usable(self.granted, second_factor=shown)
        self._tree: Tree | None = None

    def scope(self, right: Right) -> Scope:
        return rights.scope(self.grants, right, self.day)

    def may(self, right: Right, agency: str | None = None) -> bool:
        """Over an agency; without one: for the whole country."""
        path = self.tree.path(agency) if agency else ()
        return rights.may(self.grants, right, path, self.day)

    def may_somewhere(self, right: Right) -> bool:
        return bool(self.scope(right))

    def needs_second_factor_for(self, right: Right) -> bool:
        """Whether the right is only resting."""
        return not self.scope(right) and bool(rights.scope(self.granted, right, self.day))

    @property
    def must_enrol(self) -> bool:
        """Whether a role of theirs rests until they have a second factor."""
        return len(self.grants) < len(self.granted) and not self.has_second_factor

    @property
    def tree(self) -> Tree:
        if self._tree is None:
            self._tree = tree_on(self.day)
        return self._tree

    def below(self, agency: str) -> frozenset[str]:
        """The codes of an agency, of those below it and of those it took over."""
        return self.tree.within(Scope(False, frozenset({rights.plain(agency)}))) | {agency}

    def agencies(self, right: Right) -> frozenset[str] | None:
        """The codes over which the right is held, those below unregistered apart; None: all."""
        scope = self.scope(right)
        return None if scope.country else self.tree.within(scope) | scope.agencies


def person(user: AbstractBaseUser | Any) -> Person:
    """Who this user is today; kept on the object, which lives for one request."""
    day = local_day(now_us())
    kept = getattr(user, _KEPT, None)
    if kept is None or kept.day != day:
        kept = Person(user, day)
        setattr(user, _KEPT, kept)
    return kept


def tell_session(user: AbstractBaseUser | Any, *, factor_shown: bool) -> None:
    """Say whether a second factor was shown in the session that asks; before anybody asks for rights.

    A session opened by a password alone, before the account had a factor, must not gain by it.
    """
    setattr(user, _SHOWN, factor_shown)
    forget(user)


def forget(user: AbstractBaseUser | Any) -> None:
    """Ask the database again next time: something about this person has just changed."""
    if hasattr(user, _KEPT):
        delattr(user, _KEPT)


def tree_on(day: date) -> Tree:
    fields = ("code", "parent", "successor", "valid_from", "valid_to")
    return Tree((Node(*row) for row in Agency.objects.values_list(*fields)), day)


def _granted(user: Any, day: date) -> list[Grant]:
    """A superuser is an operator; who is not active, or nobody, is the public."""
    if not user.is_authenticated or not user.is_active:
        return []
    found = [row.grant for row in Membership.objects.filter(user_id=user.pk).covering(day)]
    if user.is_superuser:
        found.append(Grant(Role.OPERATOR))
    # Whoever has an account may look after it, whatever else they were given.
    return [*found, Grant(Role.VIEWER)]


def has_second_factor(user: AbstractBaseUser | Any) -> bool:
    """Recovery codes alone are none: they stand in for a factor that was lost."""
    kinds = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
    return Authenticator.objects.filter(user_id=user.pk, type__in=kinds).exists()
