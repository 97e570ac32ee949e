"""Keys open what is not for everybody: the registry's own, kept as hashes, with their scope and their end.

There is one sort of key (registry/keys.py): what a key may send, its owner may see refused. `thuocdo key
create NAME --agency H26` makes one. A key without a scope is the operator's. How often a key may ask,
and how often somebody may guess, is limited here; public reads have no limit.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from django.http import HttpRequest
from ninja.security import HttpBearer

from thuocdo.core.ids import key_hash
from thuocdo.registry.models import SiteKey
from thuocdo.web import board, choosing
from thuocdo.web.api.problems import Refusal

REQUESTS_A_MINUTE: Final = 120
GUESSES_A_MINUTE: Final = 20
_REMEMBERED: Final = 10_000
_LONGEST_KEY: Final = 200


@dataclass(frozen=True, slots=True)
class Scope:
    """What a key opens; None and empty are everything."""

    key_id: str
    agency: str | None
    site_ids: frozenset[int]
    feeds: frozenset[str]


class Limit:
    """So many a minute for each name, refilled steadily."""

    def __init__(self, a_minute: int) -> None:
        self._most = a_minute
        self._lock = threading.Lock()
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, name: str) -> None:
        """Raises Refusal `too_many_requests`."""
        now = time.monotonic()
        with self._lock:
            left, at = self._left.pop(name, (float(self._most), now))
            left = min(float(self._most), left + (now - at) * self._most / 60)
            self._left[name] = (max(left - 1, 0.0) if left >= 1 else left, now)
            if len(self._left) > _REMEMBERED:
                self._left.popitem(last=False)
        if left < 1:
            wait = int((1 - left) * 60 / self._most) + 1
            raise Refusal("too_many_requests", retry_after=wait)

    def forget(self) -> None:
        """Everybody begins anew."""
        with self._lock:
            self._left.clear()


requests = Limit(REQUESTS_A_MINUTE)
guesses = Limit(GUESSES_A_MINUTE)


class Key(HttpBearer):
    """`Authorization: Bearer KEY`."""

    def authenticate(self, request: HttpRequest, token: str) -> Scope | None:
        scope = scope_of(token)
        if scope is None:
            guesses.take(request.META.get("REMOTE_ADDR", ""))
            return None
        requests.take(scope.key_id)
        return scope


def scope_of(token: str) -> Scope | None:
    """What a key opens today; None for one that is unknown, revoked or over."""
    if not token or len(token) > _LONGEST_KEY:
        return None
    found = SiteKey.objects.filter(
        key_hash=key_hash(board.instance().secret, token), revoked_at__isnull=True
    ).first()
    if found is None or (found.expires is not None and found.expires < choosing.today()):
        return None
    return Scope(
        key_id=found.key_id or str(found.pk),
        agency=found.agency or None,
        site_ids=frozenset(found.site_ids),
        feeds=frozenset(found.feeds),
    )
