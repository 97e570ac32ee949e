"""Answers that were given already are not made again: one tag for what the answer depends on.

A tag is made of what facts are current, of the definitions in force, of the Vietnamese day (which
"the last 90 days" ends on) and of the question; so it is known before anything is computed. Tags are
weak: the same answer is sent as it is, with gzip or with zstd.
"""

from __future__ import annotations

import hashlib
from typing import Final

from django.http import HttpRequest, HttpResponse, HttpResponseNotModified

from thuocdo.measure.definitions import Indicator
from thuocdo.web import board, choosing

CACHE_CONTROL: Final = "public, no-cache"
"""Anybody may keep it; nobody may show it without asking whether it still holds."""


def tag(request: HttpRequest, also: object = None) -> str:
    """The entity tag of the answer to a request under what is known now.

    also  what else the answer depends on
    """
    measure = board.measure()
    fresh = measure.freshness()
    words = _words(tuple(measure.definitions()))
    known = (fresh.facts_version, fresh.refreshed_at, fresh.landed_at, choosing.today(), words)
    made_of = f"{known!r}\x00{also!r}\x00{request.get_full_path()}"
    return f'W/"{hashlib.sha256(made_of.encode()).hexdigest()[:24]}"'


_said: tuple[tuple[Indicator, ...], str] = ((), "")


def _words(definitions: tuple[Indicator, ...]) -> str:
    """A digest of every definition in force; made anew only when another set came into force."""
    global _said  # noqa: PLW0603 (the set in force is one thing of the process)
    if len(_said[0]) != len(definitions) or any(
        one is not other for one, other in zip(_said[0], definitions, strict=True)
    ):
        told = [version.identity for each in definitions for version in each.versions]
        _said = definitions, hashlib.sha256("".join(told).encode()).hexdigest()
    return _said[1]


def unchanged(request: HttpRequest, current: str) -> HttpResponse | None:
    """304, where the reader has this answer already."""
    known = request.META.get("HTTP_IF_NONE_MATCH", "")
    tags = {_strong(part) for part in known.split(",")}
    if _strong(current) in tags or known.strip() == "*":
        return label(HttpResponseNotModified(), current)
    return None


def label(response: HttpResponse, current: str) -> HttpResponse:
    """The answer with its tag on."""
    response["ETag"] = current
    response["Cache-Control"] = CACHE_CONTROL
    return response


def _strong(text: str) -> str:
    return text.strip().removeprefix("W/")
