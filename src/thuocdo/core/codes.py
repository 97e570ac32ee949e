"""Codes of agencies and procedures in their two written forms (facts/emc.md 5B, 5C).

Before QĐ 20/2020 an agency was written right to left (`000.00.01.H29`, QCVN 102:2016), since
then left to right (`H29.01`). Both are in dossiers today and name the same agency.
"""

from __future__ import annotations

import re
from typing import NamedTuple

_TOP = re.compile(r"[GHK]\d{2}", re.ASCII)
_OLD = re.compile(r"(\d{1,3})\.(\d{2})\.(\d{2})\.([GHK]\d{2})", re.ASCII)
_OLD_SHORT = re.compile(r"(\d{2})\.(\d{2})\.([GHK]\d{2})", re.ASCII)
_NEW = re.compile(r"[GHK]\d{2}(?:\.[0-9A-Z]{1,5}){0,4}", re.ASCII)
_PROCEDURE = re.compile(r"(\d{1,2}\.\d{6})(?:\.(\S+))?", re.ASCII)
_NO_NUMBER_OF_A_PERSON = r"(?!.*\d{9})"
"""Identity, tax and telephone numbers have nine digits and more in a row; no code has."""
_LOCAL_PROCEDURE = re.compile(
    rf"{_NO_NUMBER_OF_A_PERSON}[0-9A-Za-z][0-9A-Za-z._/-]{{0,63}}", re.ASCII
)
_SYSTEM = re.compile(rf"{_NO_NUMBER_OF_A_PERSON}[0-9A-Za-z][0-9A-Za-z._:/-]{{0,63}}", re.ASCII)
MAX_SITE_ID = 99_999_999
"""Site ids are small sequential integers (facts/emc.md 1A); a longer one could be a person's number."""


class ProcedureCode(NamedTuple):
    """A national code such as `1.004194`, and the agency its long form named, if any."""

    national: str
    agency: str | None


def agency_code(text: str) -> str | None:
    """The left-to-right form of an agency code in either form; None when it is neither.

    `000.00.00.H57` → `H57`; `000.00.01.H29` → `H29.01`; `38.98.H29` → `H29.98.38`; `H26.1` → `H26.1`.
    """
    clean = text.strip().upper()
    if old := _OLD.fullmatch(clean):
        third, second, first, top = old.groups()
        parts = [first, second, third]
    elif short := _OLD_SHORT.fullmatch(clean):
        second, first, top = short.groups()
        parts = [first, second]
    else:
        return clean if _NEW.fullmatch(clean) else None
    while parts and not parts[-1].strip("0"):
        parts.pop()
    return ".".join([top, *parts])


def old_code(code: str) -> str | None:
    """The right-to-left form of a left-to-right code; None where it has none.

    `H57` → `000.00.00.H57`; `H29.01` → `000.00.01.H29`; `H29.98.38` → `000.38.98.H29`.
    """
    found = re.fullmatch(r"([GHK]\d{2})(?:\.(\d{2}))?(?:\.(\d{2}))?(?:\.(\d{3}))?", code, re.ASCII)
    if found is None:
        return None
    top, first, second, third = found.groups()
    return ".".join((third or "000", second or "00", first or "00", top))


def top_code(code: str) -> str:
    """The ministry's or province's own code at the head of a left-to-right code."""
    head = code.partition(".")[0]
    return head if _TOP.fullmatch(head) else code


def procedure_code(text: str) -> ProcedureCode | None:
    """Split `1.004194.000.00.00.H13` into its national code and agency.

    An agency's own local code is returned as it is; None when the text can be no code at all.
    """
    clean = text.strip()
    if found := _PROCEDURE.fullmatch(clean):
        return ProcedureCode(found[1], agency_code(found[2]) if found[2] else None)
    return ProcedureCode(clean, None) if _LOCAL_PROCEDURE.fullmatch(clean) else None


def is_system_code(text: str) -> bool:
    """Whether a text can name a system: letters, digits and `._:/-`, at most 64; no person's number."""
    return _SYSTEM.fullmatch(text) is not None
