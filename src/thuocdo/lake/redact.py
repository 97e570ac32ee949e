"""Personal data out of addresses: what portals leak in their URLs must not reach the lake.

A number is taken for personal when it has the shape an identity, tax, telephone or dossier number
has, written together or in the groups people use, and stands alone. Procedure codes (`1.004194`),
agency codes (`000.00.16.H40`) and dates keep their place. A name is known by the word before it, or
by its family name and capitals (`data/personal.yaml`). What goes is replaced by a placeholder, so
that pages still group.
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import Final
from urllib.parse import unquote

import msgspec
import yaml

from thuocdo.core.vietnamese import fold_accents


class _Words(msgspec.Struct, frozen=True):
    """data/personal.yaml"""

    version: object
    source: str
    names: list[str]
    searches: list[str]
    family: list[str]
    places: list[str]


_WORDS: Final = msgspec.convert(
    yaml.safe_load(files("thuocdo.lake").joinpath("data/personal.yaml").read_text("utf-8")), _Words
)
_DECODED_AT_MOST: Final = 4
"""Times an address is encoded over again by mistake; more is somebody's game."""
_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")

_ALONE_BEFORE: Final = r"(?<![0-9A-Za-z])(?<!\d\.)"
_ALONE_AFTER: Final = r"(?![0-9A-Za-z])(?!\.\d)"
_GAP: Final = r"[ .\-+_]?"
_ABROAD: Final = rf"\(?(?:\+|00)?84\)?{_GAP}(?:\(0\){_GAP}|0)?"
"""The country's code as people write it: +84, (84), 0084, 84(0)."""


def _alone(*shapes: str) -> re.Pattern[str]:
    """Digits in any of some groupings; `G` in a shape is a gap of one character, or of none."""
    either = "|".join(shape.replace("G", _GAP) for shape in shapes)
    return re.compile(f"{_ALONE_BEFORE}(?:{either}){_ALONE_AFTER}", re.ASCII)


_MOBILE: Final = "|".join(
    (
        r"[35789]\d\dG\d{3}G\d{3}", r"[35789]\d\dG\d\dG\d\dG\d\d", r"[35789]\d\dG\d\dG\d{4}",
        r"[35789]\dG\d{3}G\d{4}", r"[35789]\dG\d{4}G\d{3}", r"[35789]\d{3}G\d\dG\d{3}",
        r"[35789]\d{3}G\d{5}", r"[35789]\d{4}G\d{4}", r"[35789][ .+]\d{4}[ .+]\d{4}",
    )
)  # fmt: skip
_CAPITALS: Final = "".join(letter for letter in map(chr, range(0x1EFA)) if letter.isupper())
_BETWEEN: Final = r"[ +_.\-]"


def _forms(names: list[str]) -> str:
    """Names with and without diacritics, in capitals or not, whatever parts their words."""
    plain = {form for name in names for form in (name, fold_accents(name).title())}
    forms = sorted(plain | {form.upper() for form in plain})
    return "|".join(form.replace(" ", _BETWEEN) for form in forms)


_FAMILY: Final = _forms(_WORDS.family)
_PLACES: Final = _forms(_WORDS.places)
_WORD_BEFORE: Final = r"(?P<head>(?:^|[/;&?,!]){words}[=:/])[^/;&?]+"
_NAME_WORDS: Final = "(?i:" + "|".join(map(re.escape, _WORDS.names)) + ")"
_SEARCH_WORDS: Final = "(?i:" + "|".join(map(re.escape, _WORDS.searches)) + ")"

PATTERNS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    # local@domain; ordinary addresses, not every one RFC 5322 allows
    ("{email}", re.compile(r"[\w.+%-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,5}")),
    # <agency>-<yymmdd>-<number>: TT 01/2018/TT-VPCP, Điều 9 (mã số hồ sơ)
    (
        "{dossier}",
        re.compile(
            r"(?:\d{1,3}\.\d{2}\.(?:\d{2}\.)?)?[GHK]\d{2}(?:\.\d{1,5}){0,4}-\d{6}-\d{3,}", re.ASCII
        ),
    ),
    # mobile numbers, then landlines with their area's code 2x or 2xx
    ("{phone}", _alone(f"(?:{_ABROAD}|0)(?:{_MOBILE})")),
    ("{phone}", _alone(rf"\(?(?:{_ABROAD}|0)2\d{{1,2}}\)?G\d{{3,4}}G\d{{3,4}}")),
    # CCCD, 12 digits: province 001-096, then sex and century, year, six more (TT 59/2021/TT-BCA)
    (
        "{id}",
        _alone(
            r"0\d\dG\d{3}G\d{6}", r"0\d{3}G\d{4}G\d{4}", r"0\d\dG\d{3}G\d{3}G\d{3}",
            r"0\d\dG\d{4}G\d{5}", r"0\d\dG\dG\d\dG\d{6}", r"0\d{5}G\d{6}",
        ),
    ),
    # tax code, 10 digits and three more for a branch (TT 105/2020/TT-BTC)
    (
        "{tax}",
        _alone(r"(?:\d\dG\d{8}|\d{4}G\d{3}G\d{3}|\d{3}G\d{3}G\d{4}|\dG\d{3}G\d{3}G\d{3})(?:G\d{3})?"),
    ),
    # CMND, nine digits
    ("{id}", _alone(r"\d{3}G\d{3}G\d{3}", r"\d\dG\d{3}G\d{4}")),
    # what a form asked for, and what somebody searched for
    (r"\g<head>{name}", re.compile(_WORD_BEFORE.format(words=_NAME_WORDS))),
    (r"\g<head>{words}", re.compile(_WORD_BEFORE.format(words=_SEARCH_WORDS))),
    # family, middle and given name
    (
        "{name}",
        re.compile(
            rf"(?<![^\W\d_])(?!(?:{_PLACES})(?![^\W\d_]))(?:{_FAMILY})"
            rf"(?:{_BETWEEN}[{_CAPITALS}][^\W\d_]*){{2,4}}(?![^\W\d_])"
        ),
    ),
)  # fmt: skip
WORTH_LOOKING: Final = re.compile(
    rf"@|(?:\d[ .\-+_()]{{0,3}}){{9}}|(?:{_FAMILY}){_BETWEEN}[{_CAPITALS}]"
    rf"|(?:^|[/;&?,!])(?:{_NAME_WORDS}|{_SEARCH_WORDS})[=:/]"
)
"""What every pattern needs: an `@`, nine digits with hardly anything between them, a family name
before a capital, or a word that announces a name. Written so that Arrow's RE2 reads it too."""


def redact(text: str) -> str:
    """The text with e-mail, telephone, identity, tax and dossier numbers and names replaced."""
    if not WORTH_LOOKING.search(text):
        return text
    for placeholder, pattern in PATTERNS:
        text = pattern.sub(placeholder, text)
    return text


def decoded(text: str) -> str:
    """A part of an address without its escapes, however often it was encoded."""
    for _ in range(_DECODED_AT_MOST):
        if not _ESCAPE.search(text):
            return text
        text = unquote(text, errors="replace")
    return "{encoded}" if _ESCAPE.search(text) else text
