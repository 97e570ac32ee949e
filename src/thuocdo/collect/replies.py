"""The collector's answers, made once: headers and bodies of the hot path are constants.

`X-Thuocdo` carries the stable reason of every refusal, because a page-view request has no room to
explain itself and a developer looks at headers.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Final, NamedTuple, Protocol

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
JSON_TYPE: Final = ("content-type", "application/json; charset=utf-8")
JSON: Final[Headers] = [_NO_STORE, JSON_TYPE]
_PREFLIGHT: Final[Headers] = [
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


def refuse_hit(
    exchange: Exchange, reason: str, headers: Headers = NOTHING, body: bytes = b""
) -> None:
    """Say no to a page: as small as the yes, unless its protocol has a body for it."""
    headers = [*headers, *because_of_hit(reason)]
    if reason == RejectReason.TOO_MANY:
        headers.append(_LATER)
    if body:
        exchange.response_bytes(status_of(reason), [*headers, JSON_TYPE], body)
    else:
        exchange.response_empty(status_of(reason), headers)


class Reply(NamedTuple):
    """An answer made before it is given, by any thread."""

    status: int
    headers: Headers
    body: bytes = b""

    def give(self, exchange: Exchange) -> None:
        if self.body:
            exchange.response_bytes(self.status, self.headers, self.body)
        else:
            exchange.response_empty(self.status, self.headers)


TAKEN: Final = Reply(204, NOTHING)
PICTURE: Final = Reply(200, IMAGE, GIF)


def because_of_hit(reason: str) -> Headers:
    """As `because`, readable to the page that sent the hit."""
    return [_EXPOSED, because(reason)]


def nothing_to(origin: str) -> Headers:
    """`NOTHING` for a page of an origin ("" when it said none).

    Matomo's tracker posts with `withCredentials`: a browser lets it see an answer only if that
    names its origin, and it sends the hit once more when it sees none.
    """
    if not origin:
        return NOTHING
    return [
        ("access-control-allow-origin", origin),
        ("access-control-allow-credentials", "true"),
        ("vary", "origin"),
        _NO_STORE,
    ]


def preflight(exchange: Exchange, origin: str) -> None:
    exchange.response_empty(204, [*nothing_to(origin), *_PREFLIGHT])


def unavailable(exchange: Exchange, code: str) -> None:
    """Nothing was stored; the sender is to try again."""
    exchange.response_empty(503, [*NOTHING, _LATER, (_REASON, code)])


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
