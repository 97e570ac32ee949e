"""What a page names: sub-resources, forms, its generator; read from its text, without running it."""

from __future__ import annotations

from typing import Final
from urllib.parse import urljoin, urlsplit

import msgspec

from thuocdo.assess.site_check import markup

_RESOURCES: Final = {
    **dict.fromkeys(("script", "img", "iframe", "audio", "video", "source", "embed"), "src"),
    "object": "data",
    "form": "action",
    "link": "href",
}
_LOADED: Final = frozenset(("stylesheet", "icon", "preload", "modulepreload", "manifest"))


class Named(msgspec.Struct, frozen=True):
    """resources: (element, absolute address) in the page's order; generator: its meta element."""

    resources: tuple[tuple[str, str], ...]
    generator: str


def read(text: str, base: str) -> Named:
    """Never raises, whatever the text is, and takes time linear in its length."""
    resources: list[tuple[str, str]] = []
    generator = ""
    for tag, given in markup.tags(text):
        if tag == "base" and given.get("href"):
            base = _absolute(base, given["href"]) or base
        elif tag == "meta" and given.get("name", "").lower() == "generator":
            generator = given.get("content", "")
        elif tag in _RESOURCES and (tag != "link" or _LOADED & set(given.get("rel", "").split())):
            found = _absolute(base, given.get(_RESOURCES[tag], "").strip())
            resources += [(tag, found)] if found else []
    return Named(tuple(resources), generator)


def _absolute(base: str, address: str) -> str:
    if not address:
        return ""
    try:
        found = urljoin(base, address)
        return found if urlsplit(found).scheme in ("http", "https") else ""
    except ValueError:
        return ""
