"""Many hits in one body, as the Tracking API has it: `{"requests": [...], "token_auth": "..."}`.

https://developer.matomo.org/api-reference/tracking-api#bulk-tracking. An item is a query string, with
or without its question mark or an address before it (Matomo's PHP client sends whole addresses), or
an object of parameters (its log importer). Every item becomes the query string of a hit of its own,
so that one that cannot be read costs no other.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import urlencode

import msgspec

from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import Unreadable

MAX_REQUESTS: Final = 1000
MAX_REQUEST: Final = 64 << 10  # what a browser sends in one beacon at most
_BEFORE_JSON: Final = b"\xef\xbb\xbf \t\r\n"
_LARGEST: Final = 1 << 63  # a longer number is no parameter's, and slow to print
_OFF: Final = ("", "0")

_TOO_LONG: Final = Unreadable(RejectReason.TOO_LARGE, f"requests: longer than {MAX_REQUEST}")

_decode = msgspec.json.Decoder(dict[str, object]).decode


class Bulk(NamedTuple):
    """A bulk request. `requests` in the order they came; `token` is "" when none was sent."""

    requests: list[str | Unreadable]
    token: str
    is_silent: bool  # `send_image: 0`: no body in the answer


def is_bulk(body: bytes, content_type: str) -> bool:
    """Whether a body is JSON: browsers and many clients send it under the name of a form."""
    return body.lstrip(_BEFORE_JSON)[:1] == b"{" or "json" in content_type


def read(body: bytes) -> Bulk | Unreadable:
    """The requests of a body; `malformed` or `too_large` when there are none to be had."""
    try:
        given = _decode(body.lstrip(_BEFORE_JSON))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return Unreadable(RejectReason.MALFORMED, "body: not JSON")
    items = given.get("requests")
    if not isinstance(items, list):
        return Unreadable(RejectReason.MALFORMED, "requests: not a list")
    if len(items) > MAX_REQUESTS:
        return Unreadable(RejectReason.TOO_LARGE, f"requests: more than {MAX_REQUESTS}")
    token = given.get("token_auth")
    return Bulk(
        [_query(item) for item in items],
        token if isinstance(token, str) else "",
        _text(given.get("send_image", True)) in _OFF,
    )


def _query(item: object) -> str | Unreadable:
    if isinstance(item, str):
        head, mark, rest = item.partition("?")
        query = rest if mark and "=" not in head else item
    elif isinstance(item, dict):
        texts = ((name, _text(value)) for name, value in item.items())
        query = urlencode([(n, text) for n, text in texts if text is not None], errors="replace")
    else:
        return Unreadable(RejectReason.MALFORMED, "requests: neither text nor object")
    return query if len(query) <= MAX_REQUEST else _TOO_LONG


def _text(value: object) -> str | None:
    """A parameter as a query string would have it; None for what is none: null, lists, objects."""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and abs(value) < _LARGEST else None
