"""Recognises a tracker's requests, and marks our own so that a check changes no figure.

`ping=1` is the Matomo Tracking HTTP API's way to say "no page view": the collector judges such a
request like any other (is the site registered? does the host belong to it?) and answers it, and
landing makes no event of it. So what is proved is the whole way to the real collector's real answer.
"""

from __future__ import annotations

from typing import Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from thuocdo.assess.site_check.snippet import TRACKER_FILE
from thuocdo.core.guard import endpoint

DOORS: Final = ("/tracking", "/matomo.php", "/piwik.php")
_MARK: Final = "ping=1"
_OTHER_KINDS: Final = frozenset(("dvc", "link", "download", "ping", "e_c", "c_n"))
"""Parameters that make of a hit something else than a page view."""


class View(msgspec.Struct, frozen=True):
    """What a hit says of itself."""

    site_id: str
    page_url: str


class _Bulk(msgspec.Struct):
    requests: list[str | dict[str, object]]


def is_hit(url: str) -> bool:
    """Whether an address is a collector's door for page views, ours or anybody's."""
    parts = urlsplit(url)
    return parts.path.endswith(DOORS) or ("idsite=" in parts.query and "rec=1" in parts.query)


def is_tracker_file(url: str) -> bool:
    """Whether an address is that of a tracker's script."""
    return bool(TRACKER_FILE.search(urlsplit(url).path))


def is_of(url: str, origin: str) -> bool:
    """Whether an address is on the host and port of another, whatever the scheme."""
    mine, its = urlsplit(url), urlsplit(origin)
    if endpoint(url) == endpoint(origin) is not None:
        return True
    # http:// and https:// of one name without a port are one collector: the scheme is judged apart.
    return mine.hostname == its.hostname is not None and mine.port is its.port is None


def views(url: str, body: str | None) -> list[View]:
    """The page views a hit carries: its query, its form, or the bulk request in its body."""
    query = urlsplit(url).query
    if not body:
        texts = [query]
    elif body.lstrip().startswith("{"):
        texts = [_text(item) for item in _bulk(body).requests]
    else:
        texts = [f"{query}&{body}"]
    found = []
    for text in texts:
        given = parse_qs(text.lstrip("?"), keep_blank_values=True)
        if _OTHER_KINDS.isdisjoint(given):
            found.append(View(given.get("idsite", [""])[0], given.get("url", [""])[0]))
    return found


def marked(url: str, body: str | None) -> tuple[str, str | None]:
    """The same hit, told not to count."""
    joined = f"{url}{'&' if urlsplit(url).query else '?'}{_MARK}"
    if body and body.lstrip().startswith("{"):
        items: list[str | dict[str, object]] = [
            f"{_text(item)}&{_MARK}" for item in _bulk(body).requests
        ]
        return joined, msgspec.json.encode(_Bulk(items)).decode()
    return joined, body


def _bulk(body: str) -> _Bulk:
    try:
        return msgspec.json.decode(body, type=_Bulk)
    except msgspec.DecodeError:
        return _Bulk([])  # no hit that any collector would read


def _text(item: str | dict[str, object]) -> str:
    if isinstance(item, str):
        return item
    return "&".join(f"{name}={value}" for name, value in item.items())
