"""Finds the tag in what a page is made of: markup, inline scripts, comments, bundles, React's data.

Written after the variants that were deployed (facts: portals of 2020–2023): single and double
quotes, comma operators, `_paq` for `_govaq`, a site id kept in a variable, a tag inside a comment,
a `<script>` without a type, and a tag that a framework keeps as an escaped string. It explains why
nothing was sent; whether something was sent is seen on the network, never here.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left
from enum import StrEnum
from typing import Final

import msgspec

from thuocdo.assess.site_check import markup
from thuocdo.assess.site_check.markup import Kind, Part

QUEUES: Final = re.compile(r"\b_govaq\b|\b_paq\b")
TRACKER_FILE: Final = re.compile(r"(?:gov-tracking[\w.-]*|matomo|piwik)\.js\b")
EXCERPT: Final = 160
_MAX_TEXT: Final = 2_000_000  # characters of one script that are looked through

_STRING: Final = r"""(?:"(?:\\.|[^"\\\n])*+"?+|'(?:\\.|[^'\\\n])*+'?+|`(?:\\.|[^`\\])*+`?+)"""
_TERM: Final = rf"(?:{_STRING}|[\w$.]+)"
_EXPRESSION: Final = rf"{_TERM}(?:\s*\+\s*{_TERM})*"
_COMMAND: Final = re.compile(
    rf"""\[\s*(["'`])(setTrackerUrl|setSiteId|trackPageView)\1\s*(?:,\s*(?P<value>{_EXPRESSION}))?"""
)
_ASSIGNMENT: Final = re.compile(rf"(?<![\w$.])([A-Za-z_$][\w$]*)\s*=\s*({_EXPRESSION})")
_SOURCE: Final = re.compile(rf"\.src\s*=\s*({_EXPRESSION})")
_TERMS: Final = re.compile(_TERM)
_COMMENT: Final = re.compile(rf"{_STRING}|(?P<comment>//[^\n]*|/\*.*?(?:\*/|\Z))", re.DOTALL)
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


def find(page: str, source: str = "page") -> list[Snippet]:
    """Every tag in a page's markup, in order."""
    found: list[Snippet] = []
    for part in markup.parts(page):
        if part.kind is Kind.SCRIPT:
            found += _in_element(part, source)
        elif QUEUES.search(part.text):
            place = Place.COMMENT if part.kind is Kind.COMMENT else Place.DATA
            # A comment's own markup is of no matter; elsewhere a tag may be an attribute's value.
            text = part.text if place is Place.COMMENT else html.unescape(part.text)
            said = _read(text, source, part.line, place)
            found += [said] if said is not None else []
    return found


def find_in_script(text: str, source: str) -> list[Snippet]:
    """Tags in a script file: run by it, in its comments, or kept as a string."""
    return _in_script(text[:_MAX_TEXT], source, 1, Place.ACTIVE)


def _in_element(part: Part, source: str) -> list[Snippet]:
    """Tags of one <script>: by its address, in its text, or in an attribute."""
    given = part.attributes
    kind = given.get("type", "").strip().lower()
    runs = (not kind or _RUNS.fullmatch(kind)) and not part.dead
    place = Place.ACTIVE if runs else Place.INERT
    found: list[Snippet] = []
    address = given.get("src", "") or given.get("data-src", "")
    if TRACKER_FILE.search(address):
        excerpt = part.tag[:EXCERPT]
        said = _read(f"_govaq={given.get('data-govaq', '')}", source, part.line, place)
        said = said or Snippet(place, source, part.line, excerpt)
        found.append(msgspec.structs.replace(said, excerpt=excerpt, script_url=address))
    first = part.line + part.tag.count("\n")
    for snippet in _in_script(part.text, source, first, place):
        found.append(msgspec.structs.replace(snippet, script=part.text))
    return found


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
    if place is Place.ACTIVE and _are_quoted(text, commands):
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


def _are_quoted(text: str, commands: list[re.Match[str]]) -> bool:
    """Whether every command is inside one of the script's strings."""
    strings = [match.span() for match in _STRINGS.finditer(text)]
    begins = [start for start, _ in strings]
    for command in commands:
        at = command.start()
        index = bisect_left(begins, at) - 1
        if index < 0 or at >= strings[index][1]:
            return False
    return True


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
