"""`/tracking`, `/matomo.php`, `/piwik.php`: the hot path. Look at the site, write, answer.

A hit is stored as it came and parsed at landing; here it is looked at just enough to answer an
unknown site and to cut out what must not touch the disk: user ids, custom variables, tokens, and
the third argument of trackDVC, in which one-stop systems sent names and identity numbers
(facts/emc.md 1B).
"""

from __future__ import annotations

import re
from time import time_ns
from typing import Final
from urllib.parse import unquote_plus

import msgspec

from thuocdo.collect import replies
from thuocdo.collect.addresses import Addresses
from thuocdo.collect.gate import Gate, host_is_of
from thuocdo.collect.limits import (
    MAX_AGENT,
    MAX_HIT_BODY,
    MAX_QUERY,
    MAX_REFERRER,
    read_body,
)
from thuocdo.collect.metrics import Counts
from thuocdo.collect.replies import GIF, IMAGE, NOTHING, Exchange, Scope
from thuocdo.core.snapshot import SiteEntry
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.wal.writer import Writer
from thuocdo.wire.events import Hit, Unreadable

METHODS: Final = ("GET", "POST", "OPTIONS")
# Plain strings: an enum's member costs a call of Python code each time it is hashed or encoded.
_FEED: Final = Feed.TRACKING.value
_TRUST: Final = Trust.UNVERIFIED.value
PERSONAL: Final = frozenset(("uid", "dvc_data", "cvar", "_cvar", "token_auth", "cip"))
_MARKS: Final = tuple(f"{name}=" for name in ("uid", "dvc_data", "cvar", "token_auth", "cip"))
_SITE: Final = "idsite="
_LATER_SITE: Final = "&idsite="
_ACCEPTED: Final = ""
_URL: Final = re.compile(r"(?:^|[?&])url=([^&]*)")
_AUTHORITY: Final = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://([^/?#\\]*)")


class Hits:
    """The handler of the page-view endpoints."""

    def __init__(self, gate: Gate, writer: Writer, counts: Counts, addresses: Addresses) -> None:
        self._gate = gate
        self._append = writer.append
        self._address_of = addresses.of
        self._bars_site = gate.bars_site
        self._encode = msgspec.msgpack.Encoder().encode
        self._counts = counts

    async def __call__(self, scope: Scope, exchange: Exchange) -> None:
        method = scope.method
        query = scope.query_string
        if method == "GET":
            body, text, refused = b"", query, _ACCEPTED
        elif method == "POST":
            body, text, refused = await self._posted(scope, exchange, query)
        elif method == "OPTIONS":
            exchange.response_empty(204, replies.PREFLIGHT)
            return
        else:
            replies.wrong_method(exchange, METHODS)
            return
        refused = refused or self._judge(text, scope)
        if refused is not RejectReason.TOO_MANY:  # a flood is told once a second, not written
            await self._append(self._record(scope, query, body, refused))
        self._counts.add(_FEED, refused)
        if refused:
            replies.refuse_hit(exchange, refused)
        elif method == "POST" or "send_image=0" in query:
            exchange.response_empty(204, NOTHING)
        else:
            exchange.response_bytes(200, IMAGE, GIF)

    def _record(self, scope: Scope, query: str, body: bytes, refused: str) -> bytes:
        header = scope.headers.get
        return self._encode(
            Hit(
                time_ns() // 1000,
                self._address_of(scope),
                (header("user-agent") or "")[:MAX_AGENT],
                (header("referer") or "")[:MAX_REFERRER],
                scrubbed(query[:MAX_QUERY]).encode("utf-8", "replace"),
                body,
                (header("content-type") or "")[:MAX_AGENT] if body else "",
                _TRUST,
                refused,
            )
        )

    def _judge(self, text: str, scope: Scope) -> str:
        """Why a request is refused at the gate; "" when it is not."""
        site = site_of(text)
        if site not in self._gate.sites:
            return RejectReason.UNKNOWN_SITE if site else RejectReason.MISSING_FIELD
        if "cdt=" in text and has_parameter(text, "cdt"):
            return RejectReason.FORGED_TIME
        if len(text) > MAX_HIT_BODY + MAX_QUERY:
            return RejectReason.TOO_LARGE
        guarded = self._gate.guarded.get(site)
        return _ACCEPTED if guarded is None else self._barred(guarded, text, scope)

    def _barred(self, site: SiteEntry, text: str, scope: Scope) -> str:
        """What a site that asks for more has against a page view."""
        if site.only_hosts and not host_is_of(site, _page_host(text, scope)):
            return RejectReason.FOREIGN_HOST
        why = self._bars_site(site, keyed=False)
        return why.reason if why else _ACCEPTED

    async def _posted(self, scope: Scope, exchange: Exchange, query: str) -> tuple[bytes, str, str]:
        """The body as it may be stored, the parameters to judge, and a reason to refuse."""
        body = await read_body(exchange, MAX_HIT_BODY)
        if isinstance(body, Unreadable):
            return b"", query, body.reason
        if not body:
            return b"", query, _ACCEPTED
        if body.lstrip()[:1] == b"{" or "json" in (scope.headers.get("content-type") or ""):
            return self._bulk(body)
        form = scrubbed(body.decode("utf-8", "replace"))
        return form.encode(), f"{query}&{form}", _ACCEPTED

    def _bulk(self, body: bytes) -> tuple[bytes, str, str]:
        """Bulk hits stay together; the request is judged by its first hit of a known site."""
        try:
            items = msgspec.json.decode(body, type=_Bulk).requests
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return b"", "", RejectReason.MALFORMED
        clean = [_scrubbed_item(item) for item in items]
        sites = [_item_site(item) for item in clean]
        known = next((site for site in sites if site in self._gate.sites), None)
        judged = known if known is not None else next(filter(None, sites), "")
        return msgspec.json.encode(_Bulk(clean)), f"{_SITE}{judged}", _ACCEPTED


class _Bulk(msgspec.Struct):
    requests: list[str | dict[str, object]]


def site_of(text: str) -> str:
    """The site id of a query string, as written; "" when there is none."""
    if text.startswith(_SITE):
        start = len(_SITE)
    elif (found := text.find(_LATER_SITE)) >= 0:
        start = found + len(_LATER_SITE)
    else:
        return ""
    end = text.find("&", start)
    return text[start:] if end < 0 else text[start:end]


def _page_host(text: str, scope: Scope) -> str:
    """The host of the page that a hit is about: its `url`, or where the browser says it was."""
    found = _URL.search(text)
    address = unquote_plus(found[1]) if found else scope.headers.get("referer") or ""
    authority = _AUTHORITY.match(address)
    return authority[1] if authority else ""


def has_parameter(text: str, name: str) -> bool:
    return text.startswith(f"{name}=") or f"&{name}=" in text


def scrubbed(text: str) -> str:
    """A query string without the parameters that can hold personal data or credentials."""
    for mark in _MARKS:
        if mark in text:
            break
    else:
        return text
    return "&".join(
        pair for pair in text.split("&") if pair.lstrip("?").partition("=")[0] not in PERSONAL
    )


def _scrubbed_item(item: str | dict[str, object]) -> str | dict[str, object]:
    if isinstance(item, str):
        return scrubbed(item)
    return {name: value for name, value in item.items() if name not in PERSONAL}


def _item_site(item: str | dict[str, object]) -> str:
    if isinstance(item, str):
        return site_of(item.lstrip("?"))
    return str(item.get("idsite", ""))[:32]
