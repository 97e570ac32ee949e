"""Personal data out of addresses: what portals leak in their URLs must not reach the lake.

A number is taken for personal when it has the shape an identity, tax, telephone or dossier
number has and stands alone. Procedure codes (`1.004194`), agency codes (`000.00.16.H40`) and
dates keep their place. What goes is replaced by a placeholder, so that pages still group.
"""

from __future__ import annotations

import re
from typing import Final

_ALONE_BEFORE: Final = r"(?<![0-9A-Za-z])(?<!\d\.)"
_ALONE_AFTER: Final = r"(?![0-9A-Za-z])(?!\.\d)"
_GAP: Final = r"[ .\-+_]?"

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
    # mobile, written together or in the groups people use; then landlines
    (
        "{phone}",
        re.compile(
            rf"{_ALONE_BEFORE}\+?(?:84|0)[35789](?:\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{3}}"
            rf"|\d{_GAP}\d{{3}}{_GAP}\d{{4}}|\d{{3}}{_GAP}\d{{2}}{_GAP}\d{{3}}){_ALONE_AFTER}",
            re.ASCII,
        ),
    ),
    (
        "{phone}",
        re.compile(
            rf"{_ALONE_BEFORE}\(?\+?(?:84|0)2\d{{1,2}}\)?{_GAP}\d{{3,4}}{_GAP}\d{{4}}{_ALONE_AFTER}",
            re.ASCII,
        ),
    ),
    # CCCD, 12 digits: province 001-096, then sex and century, year, six more (TT 59/2021/TT-BCA)
    (
        "{id}",
        re.compile(rf"{_ALONE_BEFORE}0\d{{2}}{_GAP}\d{{3}}{_GAP}\d{{6}}{_ALONE_AFTER}", re.ASCII),
    ),
    # tax code, 10 digits and three more for a branch (TT 105/2020/TT-BTC)
    ("{tax}", re.compile(rf"{_ALONE_BEFORE}\d{{10}}(?:-?\d{{3}})?{_ALONE_AFTER}", re.ASCII)),
    # CMND, nine digits
    ("{id}", re.compile(rf"{_ALONE_BEFORE}\d{{9}}{_ALONE_AFTER}", re.ASCII)),
)
WORTH_LOOKING: Final = re.compile(r"@|(?:\d[ .\-+_)]{0,2}){9}")
"""What every pattern needs: an `@`, or nine digits with hardly anything between them."""


def redact(text: str) -> str:
    """The text with e-mail, telephone, identity, tax and dossier numbers replaced."""
    if not WORTH_LOOKING.search(text):
        return text
    for placeholder, pattern in PATTERNS:
        text = pattern.sub(placeholder, text)
    return text
