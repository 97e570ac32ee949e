"""What a page says to somebody who reads its markup: title, headings, text, controls, fields, pictures.

The walk (walk/walk.py) asks for pages plainly, without a browser: that is what a machine may cost a portal.
A page whose words are made by its scripts says little here, and is then said to show nothing, not to lack it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urldefrag, urljoin

import msgspec

from thuocdo.assess.probes.look import Control
from thuocdo.assess.results import Evidence
from thuocdo.assess.site_check import markup

MAX_TEXT: Final = 60_000
MAX_CONTROLS: Final = 1500
_LONGEST_LABEL: Final = 200
_LONGEST_ADDRESS: Final = 500
_UNSEEN: Final = ("template", "noscript", "svg")
_HEADINGS: Final = ("h1", "h2", "h3")
_FIELDS: Final = {"textarea": "textarea", "select": "select"}
_BREAKS: Final = frozenset(
    ("p", "br", "li", "div", "td", "th", "tr", "h1", "h2", "h3", "h4", "section", "dd", "dt")
)


class Picture(msgspec.Struct, frozen=True):
    """alt and source of one <img>."""

    alt: str
    source: str


class Page(msgspec.Struct, frozen=True):
    """One page as it was read. Addresses are whole; text is cut.

    headings  of the first three levels, in order
    controls  links and buttons: what they say, and where links lead
    fields    types of what can be filled in, such as "radio" or "textarea"
    scripts   addresses of the scripts it loads
    evidence  the page as it came; for the front page also what the browser kept
    """

    url: str
    title: str
    headings: tuple[str, ...]
    text: str
    controls: tuple[Control, ...]
    fields: tuple[str, ...]
    pictures: tuple[Picture, ...]
    scripts: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()


@dataclass(slots=True)
class _Open:
    """An element whose words are being gathered. label: what it is called where it says nothing."""

    href: str = ""
    label: str = ""
    words: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Reader:
    url: str
    title: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    length: int = 0
    controls: list[Control] = field(default_factory=list)
    fields: list[str] = field(default_factory=list)
    pictures: list[Picture] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)
    unseen: int = 0
    control: _Open | None = None
    heading: _Open | None = None
    in_title: bool = False

    def say(self, text: str) -> None:
        if self.in_title:
            self.title.append(text)
            return
        if self.unseen:
            return
        if self.length < MAX_TEXT:
            self.text.append(text)
            self.length += len(text)
        for each in (self.control, self.heading):
            if each is not None:
                each.words.append(text)

    def tag(self, name: str, given: dict[str, str]) -> None:
        bare = name.removeprefix("/")
        if bare in _UNSEEN:
            self.unseen = max(0, self.unseen + (-1 if name != bare else 1))
        if bare in _BREAKS:
            self.say("\n")
        if bare == "title" and not self.unseen:
            self.in_title = name == bare
        self._around(name, bare, given)
        if name == bare:
            self._within(name, given)

    def _around(self, name: str, bare: str, given: dict[str, str]) -> None:
        """Elements that have words of their own: a new one ends the one before."""
        if bare in ("a", "button"):
            self._close_control()
            if name == bare and not self.unseen:
                label = given.get("title") or given.get("aria-label", "")
                self.control = _Open(given.get("href", ""), label)
        if bare in _HEADINGS:
            if self.heading is not None:
                self.headings.append(_plain("".join(self.heading.words)))
            self.heading = _Open() if name == bare and not self.unseen else None

    def _within(self, name: str, given: dict[str, str]) -> None:
        if name == "img":
            self.pictures.append(Picture(given.get("alt", "")[:_LONGEST_LABEL], given.get("src", "")[:_LONGEST_ADDRESS]))  # fmt: skip
            if self.control is not None:
                self.control.words.append(f" {given.get('alt', '')} ")
        elif name == "script" and given.get("src"):
            self.scripts.append(given["src"][:_LONGEST_ADDRESS])
        elif name in _FIELDS and not self.unseen:
            self.fields.append(_FIELDS[name])
        elif name == "input" and not self.unseen:
            self.fields.append(given.get("type", "text").lower())

    def _close_control(self) -> None:
        if self.control is None or len(self.controls) >= MAX_CONTROLS:
            self.control = None
            return
        said = _plain("".join(self.control.words)) or _plain(self.control.label)
        self.controls.append(Control(said[:_LONGEST_LABEL], whole(self.url, self.control.href)))
        self.control = None

    def done(self) -> Page:
        self._close_control()
        return Page(
            self.url,
            _plain("".join(self.title))[:_LONGEST_LABEL],
            tuple(each[:_LONGEST_LABEL] for each in self.headings if each),
            " ".join("".join(self.text)[:MAX_TEXT].split()),
            tuple(self.controls),
            tuple(self.fields),
            tuple(self.pictures),
            tuple(self.scripts),
        )


def read(url: str, text: str) -> Page:
    """A page from its markup, in time linear in its length."""
    reader = _Reader(url)
    for before, name, given in markup.runs(text):
        if before:
            reader.say(before)
        if name:
            reader.tag(name, given)
    return reader.done()


def whole(base: str, href: str) -> str:
    """A link's whole address without its fragment; "" where it is none."""
    try:
        return urldefrag(urljoin(base, href.strip())).url[:_LONGEST_ADDRESS] if href else ""
    except ValueError:
        return ""


def _plain(text: str) -> str:
    return " ".join(text.split())
