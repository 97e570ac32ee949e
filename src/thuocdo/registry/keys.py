"""Keys of connecting systems: made once, shown once, kept only as a keyed hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date

from django.db import transaction
from django.utils import timezone

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Feed
from thuocdo.registry.models import Agency, Change, SiteKey
from thuocdo.registry.publish import publish
from thuocdo.registry.rows import knows
from thuocdo.registry.trail import contents, operator, record

_KEY_BYTES = 32


def create_key(
    settings: Settings,
    name: str,
    *,
    agency: str | None = None,
    site_ids: Sequence[int] = (),
    feeds: Sequence[str] = (),
    expires: date | None = None,
) -> str:
    """A new key; nobody can read it again. Empty scopes mean "every".

    agency   this one and those below it
    feeds    values of core.vocabulary.Feed
    expires  the last Vietnamese day it works
    Raises ThuocdoError `unknown_agency` or `unknown_feed`.
    """
    check_scope(agency, feeds)
    row = SiteKey(
        name=name,
        agency=agency or "",
        site_ids=list(site_ids),
        feeds=list(feeds),
        expires=expires,
    )
    with transaction.atomic():
        key = issue(settings, row, who=operator())
    publish(settings)
    return key


def issue(settings: Settings, row: SiteKey, *, who: str) -> str:
    """Save a new row with a fresh key and return the key; the caller publishes after its commit."""
    key = secrets.token_urlsafe(_KEY_BYTES)
    row.key_hash = key_hash(settings.secret, key)
    row.save(force_insert=True)
    record(Change.Action.CREATE, "sitekey", who=who, key=str(row.pk), after=contents(row))
    return key


def revoke(settings: Settings, key: SiteKey, *, who: str | None = None) -> None:
    """The key stops working as soon as the collector sees the new snapshot; twice is harmless."""
    with transaction.atomic():
        revoked = SiteKey.objects.filter(pk=key.pk, revoked_at__isnull=True).update(
            revoked_at=timezone.now()
        )
        if revoked:
            record(
                Change.Action.REVOKE,
                "sitekey",
                who=who or operator(),
                key=str(key.pk),
                before=contents(key),
            )
    publish(settings)


def check_scope(agency: str | None, feeds: Sequence[str]) -> None:
    """Raises ThuocdoError `unknown_agency` or `unknown_feed`."""
    if agency and not knows(frozenset(Agency.objects.values_list("code", flat=True)))(agency):
        raise ThuocdoError(
            "unknown_agency", f"There is no agency {agency}.", "Import it first, or check the code."
        )
    allowed = [feed.value for feed in Feed]
    for feed in feeds:
        if feed not in allowed:
            raise ThuocdoError(
                "unknown_feed", f"There is no feed {feed}.", f"Write one of {', '.join(allowed)}."
            )
