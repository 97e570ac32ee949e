"""`/v1/page-views`: our own record of one page view, under a key that vouches for its time.

It is handed on as a `Hit` in the words of the Tracking API, so that landing reads page views by one
way only. The same fields come in files (DESIGN.md §6.4): `site_id, event_time` and, as known,
`visitor, url, referrer, user_agent`.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from typing import Final
from urllib.parse import urlencode

import msgspec

from thuocdo.core.clock import to_datetime
from thuocdo.core.snapshot import Snapshot
from thuocdo.core.vocabulary import Feed, RejectReason, Trust
from thuocdo.wire import rules
from thuocdo.wire.canonical import in_scope
from thuocdo.wire.events import Hit, PageView, Refused, Unreadable
from thuocdo.wire.matomo import MAX_SITE, MAX_URL, parse_hit

MAX_AGENT: Final = 512
MAX_VISITOR: Final = 256
_SITE: Final = re.compile(r"[0-9]{1,10}")
_CLIENT: Final = re.compile(r"[0-9a-fA-F]{16}")
_CLIENT_BYTES: Final = 8
_NO_URL: Final = "https:///"
"""An address that names neither host nor page: the record gave none."""
_NO_AGENT: Final = "-"
"""An agent that names no browser, system or robot: an empty one would be taken for a robot's."""
_KEPT: Final = ("site_id", "event_time")


def validate(
    record: Mapping[str, object],
    snapshot: Snapshot,
    secret: bytes,
    received: int,
    *,
    agency: str | None = None,
    sites: Collection[int] | None = None,
) -> Hit | Refused:
    """Judge one record.

    received       µs UTC: when the server got it
    agency, sites  what the sender's key opens; None means everything
    """
    made = _hit(record, snapshot, secret, received, agency, sites)
    if isinstance(made, Hit):
        read = parse_hit(made)  # what landing will say of it, said now
        if len(read) == 1 and isinstance(read[0], PageView):
            return made
        made = next((event for event in read if isinstance(event, Unreadable)), _STRANGE)
    return refuse(record, made, received)


_STRANGE: Final = Unreadable(RejectReason.BAD_VALUE, "record: not a page view")


def refuse(record: Mapping[str, object] | None, why: Unreadable, received: int) -> Refused:
    """The row that is kept of a refused record, without its addresses."""
    kept: dict[str, str] = {}
    if record is not None:
        kept = rules.redacted((name, record.get(name)) for name in _KEPT)
    return Refused(
        received=received,
        feed=Feed.CANONICAL,
        site_id=why.site_id,
        reason=why.reason,
        detail=why.detail,
        payload=msgspec.json.encode(kept).decode() if kept else "",
        trust=Trust.VERIFIED,
    )


def _hit(
    record: Mapping[str, object],
    snapshot: Snapshot,
    secret: bytes,
    received: int,
    agency: str | None,
    sites: Collection[int] | None,
) -> Hit | Unreadable:
    site_id = _site(record.get("site_id"))
    if isinstance(site_id, Unreadable):
        return site_id
    site = snapshot.site_by_id.get(site_id)
    if site is None:
        return Unreadable(RejectReason.UNKNOWN_SITE, "site_id: not registered", site_id)
    if not in_scope(site.agency, agency) or (sites is not None and site_id not in sites):
        return Unreadable(RejectReason.OUT_OF_SCOPE, "site_id: not this key's", site_id)
    texts = _texts(record)
    if isinstance(texts, Unreadable):
        return msgspec.structs.replace(texts, site_id=site_id)
    at = _time(texts["event_time"], received)
    if isinstance(at, Unreadable):
        return msgspec.structs.replace(at, site_id=site_id)
    query = {
        "idsite": site_id,
        "rec": 1,
        "url": texts["url"] or _NO_URL,
        "urlref": texts["referrer"],
        "_id": _client(secret, texts, at),
        "cdt": to_datetime(at).replace(tzinfo=None).isoformat(),  # UTC, as Matomo has it
    }
    return Hit(
        received=received,
        address="",
        agent=texts["user_agent"][:MAX_AGENT] or _NO_AGENT,
        referrer="",
        query=urlencode(query, errors="replace").encode(),
        body=b"",
        content_type="",
        trust=Trust.VERIFIED,
    )


def _texts(record: Mapping[str, object]) -> dict[str, str] | Unreadable:
    """The text fields, trimmed; "" when absent."""
    texts: dict[str, str] = {}
    for name, longest in _TEXTS.items():
        value = record.get(name)
        if value is not None and not isinstance(value, str):
            return Unreadable(RejectReason.BAD_VALUE, f"{name}: not text")
        texts[name] = clean = (value or "").strip()
        if len(clean) > longest:
            return Unreadable(RejectReason.BAD_VALUE, f"{name}: too long")
    return texts


def _time(text: str, received: int) -> int | Unreadable:
    if not text:
        return Unreadable(RejectReason.MISSING_FIELD, "event_time: missing")
    at = rules.moment("event_time", text)
    return at if isinstance(at, Unreadable) else rules.viewed("event_time", at, received)


_TEXTS: Final = {
    "event_time": 40,
    "visitor": MAX_VISITOR,
    "url": MAX_URL,
    "referrer": MAX_URL,
    "user_agent": MAX_URL,
}
"""Text fields and their longest; an agent is longer than what is kept of it."""


def _site(value: object) -> int | Unreadable:
    """A site's number, given as a number or as text."""
    if value is None or value == "":
        return Unreadable(RejectReason.MISSING_FIELD, "site_id: missing")
    text = str(value) if type(value) is int and 0 < value <= MAX_SITE else value
    number = int(text) if isinstance(text, str) and _SITE.fullmatch(text.strip()) else 0
    if not 0 < number <= MAX_SITE:
        return Unreadable(RejectReason.BAD_VALUE, "site_id: not a site number")
    return number


def _client(secret: bytes, texts: Mapping[str, str], at: int) -> str:
    """16 hex digits in the visitor's place.

    A first-party id stays; any other name of a visitor, which may be a person's, is hashed. Without
    one, every view is somebody's own, and the same view sent again the same one's.
    """
    visitor = texts["visitor"]
    if _CLIENT.fullmatch(visitor):
        return visitor
    named = visitor or "\x00".join(("", str(at), texts["url"], texts["user_agent"]))
    return hashlib.blake2b(
        named.encode("utf-8", "replace"),
        digest_size=_CLIENT_BYTES,
        key=secret[:64],
        person=b"client",
    ).hexdigest()
