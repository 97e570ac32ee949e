"""The list of systems a round is planned from: a CSV file, read whole, every fault named by its line; pure."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator
from typing import Final, Literal

import msgspec

from thuocdo.assess.printable import fit
from thuocdo.assess.rounds.office import System
from thuocdo.assess.rounds.table import OWN
from thuocdo.assess.site_check.check import normal_url
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import fold_accents, nfc

COLUMNS: Final = ("code", "name", "block", "url")
OPTIONAL: Final = ("vendor", "site_id")
BLOCKS: Final = ("ministry", "province", OWN)
MOST_BYTES: Final = 1_000_000
_LONGEST: Final = {"code": 80, "name": 300, "vendor": 200, "url": 2000}
_DIGITS: Final = 9
_CODE: Final = re.compile(r"\w[\w.:-]*")
"""It stands in addresses: no space, no stroke, nothing that has a meaning there."""

Why = Literal[
    "unreadable",
    "no_column",
    "empty",
    "too_long",
    "no_code",
    "no_block",
    "no_url",
    "no_number",
    "twice",
    "unprintable",
]


class Wrong(msgspec.Struct, frozen=True):
    """One fault. line: in the file, the heading being 1; 0 for the whole file."""

    line: int
    column: str
    why: Why

    def __str__(self) -> str:
        return f"line {self.line}, {self.column}: {self.why}"


def systems_of(content: bytes) -> tuple[list[System], list[Wrong]]:
    """The systems, or what is wrong with the file; never both."""
    try:
        text = nfc(content[: MOST_BYTES + 1].decode("utf-8-sig"))
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        names, rows = reader.fieldnames or (), list(reader)
    except (UnicodeDecodeError, csv.Error):
        return [], [Wrong(0, "", "unreadable")]
    if len(content) > MOST_BYTES or "\x00" in text:
        return [], [Wrong(0, "", "unreadable")]
    missing = [Wrong(1, name, "no_column") for name in COLUMNS if name not in names]
    if missing:
        return [], missing
    wrong: list[Wrong] = []
    seen: set[str] = set()
    for line, row in enumerate(rows, 2):
        found = {name: " ".join((row.get(name) or "").split()) for name in (*COLUMNS, *OPTIONAL)}
        wrong += _wrong(line, found)
        if found["code"] in seen:
            wrong.append(Wrong(line, "code", "twice"))
        seen.add(found["code"])
        row.update(found)
    return ([] if wrong else _one_spelling([_system(row) for row in rows])), wrong


def _one_spelling(systems: list[System]) -> list[System]:
    """A vendor written in several ways (case, accents, spaces, full stops) is one, as it is written most often.

    "VNPT" and "Công ty VNPT" are two: that they are not only people know.
    """
    written: dict[str, Counter[str]] = {}
    for each in systems:
        written.setdefault(_same(each.vendor), Counter())[each.vendor] += 1
    return [
        msgspec.structs.replace(each, vendor=written[_same(each.vendor)].most_common(1)[0][0])
        for each in systems
    ]


def _same(vendor: str) -> str:
    return "".join(filter(str.isalnum, fold_accents(vendor)))


def _wrong(line: int, row: dict[str, str]) -> Iterator[Wrong]:
    for name in COLUMNS:
        if not row[name]:
            yield Wrong(line, name, "empty")
    if row["code"] and not _CODE.fullmatch(row["code"]):
        yield Wrong(line, "code", "no_code")
    for name, value in row.items():
        if fit(value) != value:
            yield Wrong(line, name, "unprintable")
    for name, longest in _LONGEST.items():
        if len(row[name]) > longest:
            yield Wrong(line, name, "too_long")
    if row["block"] and row["block"] not in BLOCKS:
        yield Wrong(line, "block", "no_block")
    if row["url"]:
        try:
            normal_url(row["url"])
        except ThuocdoError:
            yield Wrong(line, "url", "no_url")
    number = row["site_id"]
    if number and not (number.isascii() and number.isdecimal() and len(number) <= _DIGITS):
        yield Wrong(line, "site_id", "no_number")


def _system(row: dict[str, str]) -> System:
    return System(
        code=row["code"],
        name=row["name"],
        block=row["block"],
        url=normal_url(row["url"]),
        vendor=row["vendor"],
        site_id=int(row["site_id"]) if row["site_id"] else None,
    )
