"""Writes every change of accounts, roles and sign-in factors into the trail, whatever way it came.

Listens to the models themselves: the desk, the command line, a person's own pages and whatever is
built later all pass here. Secrets never do: a password that changed is one word, a factor its kind.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.db import models
from django.db.models.signals import post_delete, post_save, pre_save

from thuocdo.registry.models import Change, Membership
from thuocdo.registry.people import forget
from thuocdo.registry.trail import contents, record, who_acts

_BEFORE = "_thuocdo_before"
_WATCHED = {
    User: Change.What.USER,
    Membership: Change.What.MEMBERSHIP,
    Authenticator: Change.What.AUTHENTICATOR,
    SocialAccount: Change.What.AUTHENTICATOR,
}


def watch() -> None:
    """Begin to listen; twice is harmless."""
    for model in _WATCHED:
        pre_save.connect(_remember, model, dispatch_uid=f"trail-before-{model.__name__}")
        post_save.connect(_saved, model, dispatch_uid=f"trail-saved-{model.__name__}")
        post_delete.connect(_deleted, model, dispatch_uid=f"trail-deleted-{model.__name__}")


def _remember(sender: type[models.Model], instance: Any, raw: bool = False, **_rest: Any) -> None:
    known = None if raw else sender.objects.filter(pk=instance.pk).first()
    setattr(instance, _BEFORE, known and contents(known))


def _saved(
    sender: type[models.Model], instance: Any, created: bool, raw: bool = False, **_rest: Any
) -> None:
    if raw:
        return
    _forget(instance)
    before, after = getattr(instance, _BEFORE, None), contents(instance)
    # Django takes a raw password here only when it is being set, not when it is hashed anew.
    if sender is User and not created and instance._password is not None:
        before, after = {**(before or {}), "password": "old"}, {**after, "password": "new"}
    if before != after:
        done = Change.Action.CREATE if created else Change.Action.UPDATE
        _record(sender, instance, done, before, after)


def _deleted(sender: type[models.Model], instance: Any, **_rest: Any) -> None:
    _forget(instance)
    _record(sender, instance, Change.Action.DELETE, contents(instance), None)


def _record(
    sender: type[models.Model],
    row: Any,
    done: Change.Action,
    before: dict[str, Any] | None,
    after: dict[str, Any] | None,
) -> None:
    user = row if sender is User else row.user
    if sender is User:
        key = user.get_username()
    elif sender is Membership:
        key = f"{user.get_username()} {row.role} {row.agency}".strip()
    else:
        key = f"{user.get_username()} {getattr(row, 'type', None) or row.provider}"
    record(
        done,
        _WATCHED[sender],
        who=who_acts() or user.get_username(),
        key=key,
        before=before,
        after=after,
    )


def _forget(row: Any) -> None:
    forget(row if isinstance(row, User) else row.user)
