"""Finds the tag in what a page is made of: markup, inline scripts, comments, bundles, React's data.

Written after the variants that were deployed (facts: portals of 2020–2023): single and double
quotes, comma operators, `_paq` for `_govaq`, a site id kept in a variable, a tag inside a comment,
a `<script>` without a type, and a tag that a framework keeps as an escaped string. It explains why
nothing was sent; whether something was sent is seen on the network, never here.
"""

from __future__ import annotations

import re
from enum import StrEnum
from html.parser import HTMLParser
from typing import Final

import msgspec

QUEUES: Final = re.compile(r"\b_govaq\b|\b_paq\b")
TRACKER_FILE: Final = re.compile(r"(?:gov-tracking[\w.-]*|matomo|piwik)\.js\b")
EXCERPT: Final = 160
_MAX_TEXT: Final = 2_000_000  # characters of one script that are looked through

_STRING: Final = r"""(?:"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)"""
_TERM: Final = rf"(?:{_STRING}|[\w$.]+)"
_EXPRESSION: Final = rf"{_TERM}(?:\s*\+\s*{_TERM})*"
_COMMAND: Final = re.compile(
    rf"""\[\s*(["'`])(setTrackerUrl|setSiteId|trackPageView)\1\s*(?:,\s*(?P<value>{_EXPRESSION}))?"""
)
_ASSIGNMENT: Final = re.compile(rf"(?<![\w$.])([A-Za-z_$][\w$]*)\s*=\s*({_EXPRESSION})")
_SOURCE: Final = re.compile(rf"\.src\s*=\s*({_EXPRESSION})")
_TERMS: Final = re.compile(_TERM)
_COMMENT: Final = re.compile(rf"{_STRING}|(?P<comment>//[^\n]*|/\*.*?\*/)", re.DOTALL)
_STRINGS: Final = re.compile(_STRING)
_ESCAPED: Final = re.compile(r"""\\["'/nt]|\\u003[ceCE]|&quot;|&#0?39;|&#x27;""")
_UNESCAPES: Final = {
    r"\u003c": "<",
    r"\u003e": ">",
    "&quot;": '"',
    "&#39;": "'",
    "&#039;": "'",
    "&#x27;": "'",
    r"\n": " ",
    r"\t": " ",
}
_NUMBER: Final = re.compile(r"\d+")
_RUNS: Final = re.compile(r"(?:(?:text|application)/(?:x-)?(?:java|ecma)script|module)\s*(?:;.*)?")
_MAX_DEPTH: Final = 5  # of variables that name variables


class Place(StrEnum):
    """Where a tag was found, and so whether a browser runs it."""

    ACTIVE = "active"
    COMMENT = "comment"  # in an HTML or script comment
    INERT = "inert"  # in a script of a type that browsers do not run, <template> or <noscript>
    DATA = "data"  # in a string that some script may or may not put into the page


class Snippet(msgspec.Struct, frozen=True):
    """One tag as found. `site_id` is None when it is not written, "" when it is empty.

    source   "page", "rendered", or the address of the script it is in
    line     of the source, from 1
    script   the inline script's whole text, "" where it is no inline script of the page
    """

    place: Place
    source: str
    line: int
    excerpt: str
    site_id: str | None = None
    tracker_url: str | None = None
    script_url: str | None = None
    from_variable: bool = False
    script: str = ""
    last_line: int = 0


def find(html: str, source: str = "page") -> list[Snippet]:
    """Every tag in a page's markup, in order."""
    reader = _Reader(source)
    reader.feed(html)
    reader.close()
    return reader.found


def find_in_script(text: str, source: str) -> list[Snippet]:
    """Tags in a script file: run by it, in its comments, or kept as a string."""
    return _in_script(text[:_MAX_TEXT], source, 1, Place.ACTIVE)


class _Reader(HTMLParser):
    """Walks the markup; browsers' own rules for comments and scripts."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self._source = source
        self._script: tuple[Place, int] | None = None
        self._text: list[str] = []
        self._dead = 0
        self.found: list[Snippet] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("template", "noscript"):
            self._dead += 1
        if tag == "script":
            kind = given.get("type", "").strip().lower()
            runs = (not kind or _RUNS.fullmatch(kind)) and not self._dead
            place = Place.ACTIVE if runs else Place.INERT
            self._script, self._text = (place, self.getpos()[0]), []
            address = given.get("src", "") or given.get("data-src", "")
            if TRACKER_FILE.search(address):
                self.found.append(self._by_source(place, address, given.get("data-govaq", "")))
        for value in given.values():  # a tag kept in an attribute, as themes do
            if QUEUES.search(value):
                self._add(_read(value, self._source, self.getpos()[0], Place.DATA))

    def _by_source(self, place: Place, address: str, commands: str) -> Snippet:
        """A tracker's script of its own element; its commands may be JSON in an attribute."""
        line = self.getpos()[0]
        excerpt = (self.get_starttag_text() or "")[:EXCERPT]
        said = _read(f"_govaq={commands}", self._source, line, place)
        found = said or Snippet(place, self._source, line, excerpt)
        return msgspec.structs.replace(found, excerpt=excerpt, script_url=address)

    def handle_endtag(self, tag: str) -> None:
        if tag in ("template", "noscript"):
            self._dead = max(0, self._dead - 1)
        if tag == "script" and self._script is not None:
            place, line = self._script
            text = "".join(self._text)
            for snippet in _in_script(text, self._source, line, place):
                self._add(msgspec.structs.replace(snippet, script=text))
            self._script = None

    def handle_data(self, data: str) -> None:
        if self._script is not None:
            self._text.append(data)
        elif QUEUES.search(data):  # markup shown as text: never run
            self._add(_read(data, self._source, self.getpos()[0], Place.DATA))

    def handle_comment(self, data: str) -> None:
        if QUEUES.search(data):
            self._add(_read(data, self._source, self.getpos()[0], Place.COMMENT))

    def _add(self, snippet: Snippet | None) -> None:
        if snippet is not None:
            self.found.append(snippet)


def _in_script(text: str, source: str, line: int, place: Place) -> list[Snippet]:
    if not QUEUES.search(text):
        return []
    code, comments = _split(text)
    candidates = [_read(code, source, line, place), _read(comments, source, line, Place.COMMENT)]
    found = [each for each in candidates if each is not None]
    if not found:  # no call of its own: the tag is a string inside this script
        unescaped = _ESCAPED.sub(_unescape, code)
        kept = _read(unescaped, source, line, Place.DATA)
        found = [kept] if kept is not None else []
    return found


def _unescape(match: re.Match[str]) -> str:
    text = match.group()
    return _UNESCAPES.get(text.lower(), text[-1])


def _split(text: str) -> tuple[str, str]:
    """(code without comments, comments alone); both keep their lines."""

    def blank(part: str) -> str:
        return re.sub(r"[^\n]", " ", part)

    code: list[str] = []
    comments: list[str] = []
    at = 0
    for match in _COMMENT.finditer(text):
        if match.group("comment") is None:
            continue
        before = text[at : match.start()]
        code += [before, blank(match.group())]
        comments += [blank(before), match.group()]
        at = match.end()
    return "".join([*code, text[at:]]), "".join([*comments, blank(text[at:])])


def _read(text: str, source: str, line: int, place: Place) -> Snippet | None:
    """The tag whose commands a text holds; None when there is none."""
    commands = list(_COMMAND.finditer(text))
    if not commands or not QUEUES.search(text):
        return None
    variables = dict(_ASSIGNMENT.findall(text))
    if place is Place.ACTIVE and all(_is_quoted(text, match.start()) for match in commands):
        return None  # a string that this script keeps; `_in_script` reads it as such
    values: dict[str, str | None] = {}
    variable = False
    for match in commands:
        name, expression = match.group(2), match.group("value")
        if expression is None:
            continue
        values[name] = _value(expression, variables)
        if name == "setSiteId":
            variable = not _is_literal(expression)
    start = commands[0].start()
    begins = max(text.rfind("_govaq", 0, start), text.rfind("_paq", 0, start), start - EXCERPT, 0)
    sources = [_value(each, variables) for each in _SOURCE.findall(text)]
    first = line + text.count("\n", 0, start)
    return Snippet(
        place,
        source,
        first,
        " ".join(text[begins : begins + EXCERPT].split()),
        values.get("setSiteId"),
        values.get("setTrackerUrl"),
        next((each for each in sources if each and TRACKER_FILE.search(each)), None),
        variable,
        "",
        line + text.count("\n"),
    )


def _is_quoted(text: str, at: int) -> bool:
    """Whether a place in a script is inside one of its strings."""
    line = text.rfind("\n", 0, at) + 1
    strings = _STRINGS.finditer(text, line, min(len(text), at + EXCERPT * 10))
    return any(match.start() < at < match.end() for match in strings)


def _is_literal(expression: str) -> bool:
    return expression[0] in "\"'`" or bool(_NUMBER.fullmatch(expression))


def _value(expression: str, variables: dict[str, str], depth: int = 0) -> str | None:
    """What an expression of strings, numbers, variables and `+` is; None when only running tells."""
    parts = []
    for term in _TERMS.findall(expression):
        if term[0] in "\"'`":
            part: str | None = term[1:-1].replace("\\/", "/")
        elif _NUMBER.fullmatch(term):
            part = term
        elif term in variables and depth < _MAX_DEPTH:
            part = _value(variables[term], variables, depth + 1)
        else:
            part = None
        if part is None:
            return None
        parts.append(part)
    return "".join(parts)
