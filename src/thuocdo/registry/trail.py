"""Writes the audit trail: who did what, with the row before and after."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime
from typing import Any

from django.db import models

from thuocdo.core.console import operator
from thuocdo.registry.models import Change

_NEVER_TOLD = {
    *("id", "key_hash", "signing", "password", "secret", "data", "extra_data"),
    *("last_login", "last_used_at"),  # no secrets, but no changes either
}
_acting: ContextVar[Callable[[], str] | None] = ContextVar("acting", default=None)


@contextmanager
def acting(who: Callable[[], str]) -> Iterator[None]:
    """Whoever this names does what happens within; asked only when something is recorded."""
    token = _acting.set(who)
    try:
        yield
    finally:
        _acting.reset(token)


def who_acts() -> str:
    """The signed-in person of this request ("" for nobody), else who sits at the command line."""
    who = _acting.get()
    return operator() if who is None else who()


def record(
    action: Change.Action,
    what: str,
    *,
    who: str,
    key: str = "",
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Append one line; call it in the transaction of the change itself."""
    Change.objects.create(
        who=who, action=action, what=what, key=key[:300], before=before, after=after
    )


def contents(row: models.Model) -> dict[str, Any]:
    """A row's fields as JSON can hold them; secrets left out."""
    return {
        field.attname: _plain(getattr(row, field.attname))
        for field in row._meta.concrete_fields
        if field.attname not in _NEVER_TOLD
    }


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
