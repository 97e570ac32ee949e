"""What strangers wrote, made fit to be kept and printed: a page must not break the report that tells of it.

A script may hold half a character (a lone surrogate, which no UTF-8 can carry), a page control characters (which no
XML, and so no DOCX or XLSX, may hold, and PostgreSQL no NUL), and marks that turn the direction of what follows, so that
a table reads otherwise than it is. Each becomes U+FFFD, in texts of people as well: word processors paste such marks.
"""

from __future__ import annotations

import re
from typing import Any, Final, TypeVar

import msgspec

_UNFIT: Final = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters; tab and the ends of lines stay
    "\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff"  # half a character, and no characters at all
    "\u202a-\u202e\u2066-\u2069]"  # what turns the direction of writing
)
_REPLACED: Final = "\ufffd"
Struct = TypeVar("Struct", bound=msgspec.Struct)


def fit(text: str) -> str:
    """The text with U+FFFD for what cannot be kept or printed."""
    return _UNFIT.sub(_REPLACED, text)


def fit_all(value: Any) -> Any:
    """The same for every text of lists and dicts, keys included; other values as they are."""
    if isinstance(value, str):
        return fit(value)
    if isinstance(value, dict):
        return {fit_all(key): fit_all(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [fit_all(each) for each in value]
    return value


def fit_struct(struct: Struct) -> Struct:
    """The same for a struct."""
    return msgspec.convert(fit_all(msgspec.to_builtins(struct)), type(struct))
