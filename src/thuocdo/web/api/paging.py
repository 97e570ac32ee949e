"""Pages of long lists: signed cursors that name the last row seen, so that nothing is skipped or doubled.

A cursor holds the key of the row it comes after, never a number of rows: what is added or taken away
before it moves nothing. It is bound to the question it was given for. Whoever wants everything at once
asks for `format=ndjson` or `csv` and gets every row in one stream; no limit hides any.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

from django.core.signing import BadSignature, Signer
from django.http import HttpRequest

from thuocdo.web.api.problems import Refusal

DEFAULT: Final = 100
MOST: Final = 1000
_SALT: Final = "thuocdo.api.cursor"
_NOT_THE_QUESTION: Final = ("cursor", "limit")


def after(request: HttpRequest, cursor: str | None) -> list[Any] | None:
    """The key of the row a cursor comes after; None at the start. Raises Refusal `bad_cursor`."""
    if not cursor:
        return None
    try:
        question, key = Signer(salt=_SALT).unsign_object(cursor)
    except (BadSignature, ValueError, TypeError):
        raise Refusal("bad_cursor", parameters=("cursor",)) from None
    if question != _question(request) or not isinstance(key, list):
        raise Refusal("bad_cursor", parameters=("cursor",))
    return key


def following(request: HttpRequest, key: Sequence[Any]) -> str:
    """The address of the page after the row with this key."""
    query = request.GET.copy()
    query["cursor"] = Signer(salt=_SALT).sign_object([_question(request), list(key)])
    return f"{request.path}?{query.urlencode()}"


def _question(request: HttpRequest) -> str:
    """Sixteen hex digits of what is asked, whatever page of it."""
    asked = sorted(
        (name, value)
        for name, values in request.GET.lists()
        if name not in _NOT_THE_QUESTION
        for value in values
    )
    return hashlib.sha256(repr((request.path, asked)).encode()).hexdigest()[:16]
