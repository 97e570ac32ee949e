"""Takes a page's markup apart into scripts, comments and the rest, in time linear in its length.

Somebody else wrote the page, perhaps to stop us: Python's own `html.parser` needs quadratic time for
some broken markup, and raises on other. This reader knows only what a check asks, reads an element
that is never closed to the end, as browsers do, and never goes back.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Final

MAX_CHARACTERS: Final = 5_000_000

_OPENING: Final = re.compile(r"<!--|<(/?)([a-zA-Z][^\s/>]*+)")
_DEAD: Final = ("template", "noscript")
_TAG_END: Final = re.compile(r"""(?:"[^"]*+"|'[^']*+'|[^>"'])*+>""")
_DECLARATION: Final = re.compile(r"<[!?][^<>]*+>")
_SCRIPT_END: Final = re.compile(r"</script(?=[\s/>])", re.IGNORECASE)
_RAW: Final = {"script": _SCRIPT_END, "style": re.compile(r"</style(?=[\s/>])", re.IGNORECASE)}
_ATTRIBUTE: Final = re.compile(
    r"""([^\s"'<>/=]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'=<>`]++)))?+"""
)


class Kind(Enum):
    SCRIPT = auto()
    COMMENT = auto()
    REST = auto()  # other elements' tags and texts


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a page. `line` is where it begins, a script's tag included, from 1.

    dead  inside <template> or <noscript>: browsers with scripts make nothing of it
    tag   a script's start tag as written
    """

    kind: Kind
    line: int
    text: str
    dead: bool = False
    tag: str = ""
    attributes: dict[str, str] = field(default_factory=dict)


def parts(page: str) -> Iterator[Part]:
    """The pieces of a page, in order."""
    page = page[:MAX_CHARACTERS]
    at = rest = 0
    line, depth = 1, 0  # of `rest`, and of elements that are dead
    while match := _OPENING.search(page, at):
        name = (match.group(2) or "").lower()
        end = _end_of_opening(page, match)
        if end is None:  # an element's tag that never ends is no element
            return
        at = end
        if name in _DEAD:
            depth = max(0, depth + (-1 if match.group(1) else 1))
        if name and (name != "script" or match.group(1)):
            continue
        yield Part(Kind.REST, line, page[rest : match.start()], depth > 0)
        line += page.count("\n", rest, match.start())
        if name:
            at = _end_of_script(page, end)
            yield _script(page[match.start() : end], page[end:at], line, depth > 0)
        else:
            yield Part(Kind.COMMENT, line, page[match.start() : end], depth > 0)
        line += page.count("\n", match.start(), at)
        rest = at
    yield Part(Kind.REST, line, page[rest:], depth > 0)


def tags(page: str) -> Iterator[tuple[str, dict[str, str]]]:
    """(name, attributes) of every start tag in order, names in lower case; comments left out."""
    page = page[:MAX_CHARACTERS]
    at = 0
    while match := _OPENING.search(page, at):
        end = _end_of_opening(page, match)
        if end is None:
            return
        name, at = (match.group(2) or "").lower(), end
        if not name or match.group(1):
            continue
        yield name, _attributes(page[match.end() : end - 1])
        if name == "script":
            at = _end_of_script(page, end)


def runs(page: str) -> Iterator[tuple[str, str, dict[str, str]]]:
    """(the text before a tag, the tag's name, its attributes) in order, then the last text before "".

    An end tag's name begins with a slash. What scripts and style sheets hold is no text; comments are none.
    """
    page = page[:MAX_CHARACTERS]
    at, begun = 0, 0
    text: list[str] = []
    while match := _OPENING.search(page, at):
        end = _end_of_opening(page, match)
        if end is None:  # an element's tag that never ends is no element
            break
        text.append(_DECLARATION.sub("", page[begun : match.start()]))
        at = begun = end
        name = (match.group(2) or "").lower()
        if not name:
            continue
        yield html.unescape("".join(text)), f"{match.group(1)}{name}", _attributes(page[match.end() : end - 1])  # fmt: skip
        text = []
        if name in _RAW and not match.group(1):
            closing = _RAW[name].search(page, at)
            at = begun = closing.start() if closing else len(page)
    text.append(_DECLARATION.sub("", page[begun:]))
    yield html.unescape("".join(text)), "", {}


def _attributes(text: str) -> dict[str, str]:
    return {
        name.lower(): html.unescape(double or single or bare)
        for name, double, single, bare in _ATTRIBUTE.findall(text)
    }


def _end_of_opening(page: str, match: re.Match[str]) -> int | None:
    """Where a comment or a tag ends; None when a tag never does."""
    if match.group(2) is None:
        end = page.find("-->", match.end())
        return len(page) if end < 0 else end + len("-->")
    closing = _TAG_END.match(page, match.end())
    return closing.end() if closing else None


def _script(tag: str, text: str, line: int, dead: bool) -> Part:
    given = _attributes(tag[len("<script") : -1])
    return Part(Kind.SCRIPT, line, text, dead, tag, given)


def _end_of_script(page: str, start: int) -> int:
    found = _SCRIPT_END.search(page, start)
    return found.start() if found else len(page)
