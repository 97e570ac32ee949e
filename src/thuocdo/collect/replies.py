"""The collector's answers, made once: headers and bodies of the hot path are constants.

`X-Thuocdo` carries the stable reason of every refusal, because a page-view request has no room to
explain itself and a developer looks at headers.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final, Protocol

import msgspec

from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason
from thuocdo.wire.events import Unreadable

Headers = list[tuple[str, str]]

GIF: Final = base64.b64decode("R0lGODlhAQABAPAAAAAAAAAAACH5BAEAAAAALAAAAAABAAEAAAICRAEAOw==")
"""One transparent pixel: 43 bytes."""

_CORS: Final = ("access-control-allow-origin", "*")
_NO_STORE: Final = ("cache-control", "no-store")
_REASON: Final = "x-thuocdo"
_LATER: Final = ("retry-after", "5")

NOTHING: Final[Headers] = [_CORS, _NO_STORE]
IMAGE: Final[Headers] = [*NOTHING, ("content-type", "image/gif")]
JSON: Final[Headers] = [_NO_STORE, ("content-type", "application/json; charset=utf-8")]
PREFLIGHT: Final[Headers] = [
    _CORS,
    ("access-control-allow-methods", "GET, POST, OPTIONS"),
    ("access-control-allow-headers", "Content-Type"),
    ("access-control-max-age", "86400"),
]
_STATUS: Final = {
    RejectReason.TOO_LARGE: 413,
    RejectReason.BAD_KEY: 401,
    RejectReason.OUT_OF_SCOPE: 403,
    RejectReason.FOREIGN_HOST: 403,
    RejectReason.FOREIGN_NETWORK: 403,
    RejectReason.REPLAYED: 409,
    RejectReason.TOO_MANY: 429,
}
_BAD_REQUEST: Final = 400
_READS: Final = ("GET", "HEAD")
_EXPOSED: Final = ("access-control-expose-headers", "X-Thuocdo")


class HeaderMap(Protocol):
    """Request headers; names in lower case."""

    def get(self, key: str, default: str | None = None) -> str | None: ...
    def get_all(self, key: str) -> list[str]: ...


class Scope(Protocol):
    """What of Granian's RSGI scope the handlers read."""

    method: str
    path: str
    query_string: str
    client: str

    @property
    def headers(self) -> HeaderMap: ...


class Chunks(Protocol):
    """A request body as it arrives."""

    def __aiter__(self) -> Chunks: ...
    async def __anext__(self) -> bytes: ...


class Exchange(Protocol):
    """What of Granian's RSGI protocol object the handlers use."""

    def __aiter__(self) -> Chunks: ...
    def response_empty(self, status: int, headers: Headers) -> None: ...
    def response_bytes(self, status: int, headers: Headers, body: bytes) -> None: ...


def because(reason: str) -> tuple[str, str]:
    """The header that carries a refusal's stable reason."""
    return _REASON, str(reason)


def status_of(reason: str) -> int:
    """The HTTP status of a refusal: never a server error."""
    return _STATUS.get(RejectReason(reason), _BAD_REQUEST)


def refuse(exchange: Exchange, why: Unreadable) -> None:
    """Say no in words: status, stable reason, both languages, and where it was wrong."""
    vietnamese, english = REJECT_TEXTS[RejectReason(why.reason)]
    body = {
        "error": str(why.reason),
        "message": vietnamese,
        "message_en": english,
        "detail": why.detail,
    }
    headers = [*JSON, because(why.reason)]
    if why.reason == RejectReason.BAD_KEY:
        headers.append(("www-authenticate", "Bearer"))  # RFC 9110, 11.6.1
    if why.reason == RejectReason.TOO_MANY:
        headers.append(_LATER)
    exchange.response_bytes(status_of(why.reason), headers, msgspec.json.encode(body))


def refuse_hit(exchange: Exchange, reason: str) -> None:
    """Say no to a page: as small as the yes."""
    headers = [*NOTHING, _EXPOSED, because(reason)]
    if reason == RejectReason.TOO_MANY:
        headers.append(_LATER)
    exchange.response_empty(status_of(reason), headers)


def unavailable(exchange: Exchange, code: str) -> None:
    """Nothing was stored; the sender is to try again."""
    headers = [*NOTHING, _LATER, (_REASON, code)]
    exchange.response_empty(503, headers)


def wrong_method(exchange: Exchange, allowed: Sequence[str]) -> None:
    exchange.response_empty(405, [_NO_STORE, ("allow", ", ".join(allowed))])


def not_found(exchange: Exchange) -> None:
    exchange.response_empty(404, [_NO_STORE])


def is_read(scope: Scope, exchange: Exchange) -> bool:
    """Whether the request only reads; any other is answered here."""
    if scope.method in _READS:
        return True
    wrong_method(exchange, _READS)
    return False
