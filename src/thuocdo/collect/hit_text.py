"""A hit's parameters looked at as text, for the collector decodes no more of a hit than it must.

Where a parameter comes twice the last one counts, as in PHP, for Matomo and for landing alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote_plus, urlencode

PERSONAL: Final = frozenset(("uid", "dvc_data", "cvar", "_cvar", "token_auth", "cip"))
"""What must not touch the disk: user ids, custom variables, tokens, addresses, and the third argument
of trackDVC, in which one-stop systems sent names and identity numbers (facts/emc.md 1B)."""
MARKS: Final = (
    *("uid=", "dvc_data=", "cvar=", "token_auth=", "cip="),
    *("cdt=", "cdo=", "ua="),
)
"""Where none of these is, a hit says nothing of its own sender or time, and nothing personal."""

_SITE: Final = "idsite="
_LATER_SITE: Final = "&idsite="
_BOUNDARY: Final = re.compile(
    r"multipart/form-data;.*?boundary=\"?([^\";,\s]{1,70})", re.IGNORECASE
)
_NAME: Final = re.compile(rb"[;\s]name=\"([^\"\r\n]*)\"", re.IGNORECASE)
_AUTHORITY: Final = re.compile(r"\s*[A-Za-z][A-Za-z0-9+.-]*://([^/?#\\]*)")


def says_more(text: str) -> bool:
    """Whether a hit may hold one of `MARKS`."""
    return any(mark in text for mark in MARKS)


def site_of(text: str) -> str:
    """The site id of a query string, as written; "" when there is none."""
    found = text.rfind(_LATER_SITE)
    if found >= 0:
        start = found + len(_LATER_SITE)
    elif text.startswith(_SITE):
        start = len(_SITE)
    else:
        return ""
    end = text.find("&", start)
    return text[start:] if end < 0 else text[start:end]


def value_of(text: str, name: str) -> str:
    """A parameter decoded; "" when it is missing or empty."""
    _, mark, rest = f"&{text.lstrip('?')}".rpartition(f"&{name}=")
    return unquote_plus(rest.partition("&")[0], errors="replace") if mark else ""


def form_of(body: bytes, content_type: str) -> str:
    """The parameters of a form, whatever it calls itself: beacons come as plain text too."""
    boundary = _BOUNDARY.match(content_type)
    if boundary is None:
        return body.decode("utf-8", "replace").strip()
    return urlencode(list(_parts(body, b"--" + boundary[1].encode("utf-8", "replace"))))


def _parts(body: bytes, delimiter: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and values of a form in parts (RFC 7578)."""
    for part in body.split(delimiter):
        head, mark, value = part.partition(b"\r\n\r\n")
        if mark and (name := _NAME.search(head)):
            yield name[1], value.removesuffix(b"\r\n")


def page_host(text: str, referrer: str) -> str:
    """The host of the page that a hit is about: its `url`, or where the browser says it was."""
    authority = _AUTHORITY.match(value_of(text, "url") or referrer)
    return authority[1] if authority else ""


def scrubbed(text: str) -> str:
    """A query string without the parameters that can hold personal data or credentials."""
    return "&".join(
        pair for pair in text.split("&") if pair.lstrip("?").partition("=")[0] not in PERSONAL
    )
