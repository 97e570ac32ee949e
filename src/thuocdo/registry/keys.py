"""Keys of connecting systems: made once, shown once, kept only as a keyed hash."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from thuocdo.core.clock import local_day, now_us
from thuocdo.core.console import operator
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import key_hash, key_id, signing_key
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Feed
from thuocdo.registry.models import Agency, Change, SiteKey
from thuocdo.registry.publish import publish
from thuocdo.registry.rows import knows
from thuocdo.registry.trail import contents, record

KEEP_DAYS = 14
_KEY_BYTES = 32


def create_key(
    settings: Settings,
    name: str,
    *,
    agency: str | None = None,
    site_ids: Sequence[int] = (),
    feeds: Sequence[str] = (),
    expires: date | None = None,
    who: str | None = None,
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
        key = issue(settings, row, who=who or operator())
    publish(settings)
    return key


def issue(settings: Settings, row: SiteKey, *, who: str) -> str:
    """Save a new row with a fresh key and return the key; the caller publishes after its commit."""
    key = secrets.token_urlsafe(_KEY_BYTES)
    row.key_hash = key_hash(settings.secret, key)
    row.key_id = key_id(key)
    row.signing = signing_key(key).hex()
    row.save(force_insert=True)
    record(Change.Action.CREATE, "sitekey", who=who, key=str(row.pk), after=contents(row))
    return key


def rotate(
    settings: Settings, old: SiteKey, *, keep_days: int = KEEP_DAYS, who: str | None = None
) -> str:
    """A new key that opens what an old one does; the old one works some days longer.

    keep_days  how long both work, so that nothing is lost while systems are given the new one
    Raises ThuocdoError `key_is_revoked`.
    """
    if old.revoked_at is not None:
        raise ThuocdoError(
            "key_is_revoked", f"The key {old.name} was revoked.", "Make a new one instead."
        )
    who = who or operator()
    last = local_day(now_us()) + timedelta(days=keep_days)
    fresh = SiteKey(
        name=old.name,
        agency=old.agency,
        site_ids=old.site_ids,
        feeds=old.feeds,
        expires=old.expires,
    )
    with transaction.atomic():
        key = issue(settings, fresh, who=who)
        before = contents(old)
        old.expires = min(old.expires, last) if old.expires else last
        old.save(update_fields=["expires"])
        record(
            Change.Action.ROTATE,
            "sitekey",
            who=who,
            key=str(old.pk),
            before=before,
            after=contents(old),
        )
    publish(settings)
    return key


def find(named: str) -> SiteKey:
    """The one key in use with this id or name. Raises ThuocdoError `unknown_key` or `which_key`."""
    in_use = SiteKey.objects.filter(revoked_at__isnull=True)
    found = list(in_use.filter(key_id=named) or in_use.filter(name=named))
    if not found:
        raise ThuocdoError(
            "unknown_key", f"No key in use is called {named}.", "See `thuocdo key list`."
        )
    if len(found) > 1:
        ids = ", ".join(key.key_id for key in found)
        raise ThuocdoError("which_key", f"Several keys are called {named}: {ids}.", "Give the id.")
    return found[0]


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
