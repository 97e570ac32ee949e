"""Tables people make: spreadsheets and CSV files as sheets of numbered rows, read with patience.

Excel writes CSV with a byte order mark or without, in UTF-8, UTF-16 or the Windows code page, with
commas, semicolons or tabs. A row whose quote is never closed is named and swallows none of its
neighbours. A merged cell counts for every cell it covers.
"""

from __future__ import annotations

import codecs
import csv
import unicodedata
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final, NamedTuple, TypeAlias

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetVisibleEnum,
    load_workbook,
)

from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.importing import packed, tcvn3

Cell: TypeAlias = str | int | float | bool | date | datetime | time | timedelta

WORKBOOKS: Final = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
_TEXTS: Final = (".csv", ".tsv", ".txt")
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_LARGEST_BYTES: Final = 1 << 30
"""Of a file unpacked. Excel's own limit of 1,048,576 rows lies far below it."""
_DELIMITERS: Final = (",", ";", "\t")
_PEEKED_LINES: Final = 20
_LONGEST_ROW_LINES: Final = 50
"""Lines one row may stretch over; a quote still open then was never meant to close."""
_WINDOWS: Final = "cp1258"
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class Row(NamedTuple):
    """A row and its number in the sheet, from 1; no cells: it cannot be read, and `fault` says why."""

    number: int
    cells: Sequence[Cell]
    fault: str = ""


class Sheet(NamedTuple):
    """name  "" for a file that is one sheet"""

    name: str
    rows: list[Row]
    hidden: bool = False


class Table(NamedTuple):
    """What a file holds, and sentences on how it was read."""

    sheets: list[Sheet]
    notes: tuple[str, ...]


def is_table(path: Path) -> bool:
    """Whether a file's name says that people made it."""
    return _suffix(path) in (*WORKBOOKS, *_TEXTS)


def is_workbook(path: Path) -> bool:
    return _suffix(path) in WORKBOOKS


def read(path: Path, encoding: str | None = None) -> Table:
    """A whole file; `encoding` of a text as `decoded`.

    Raises ThuocdoError `no_file`, `not_a_file`, `unreadable_file`, `too_large` or
    `password_protected`.
    """
    packed.require_file(path)
    return _workbook(path) if is_workbook(path) else read_text(path, encoding)


def _suffix(path: Path) -> str:
    name = path.with_suffix("") if path.suffix.lower() in packed.SUFFIXES else path
    return name.suffix.lower()


# --- workbooks ------------------------------------------------------------------------------------


def _workbook(path: Path) -> Table:
    _check_workbook(path)
    try:
        with load_workbook(str(path)) as book:
            sheets = [
                Sheet(
                    meta.name,
                    _sheet_rows(book, meta.name),
                    hidden=meta.visible != SheetVisibleEnum.Visible,
                )
                for meta in book.sheets_metadata
            ]
    except PasswordError as error:
        raise _protected(path) from error
    except (CalamineError, OSError) as error:
        raise ThuocdoError(
            "unreadable_file",
            f"{path.name} is no workbook that can be read: {error}.",
            "Open it in a spreadsheet program and save it again as .xlsx.",
        ) from error
    return Table(sheets, ())


def _check_workbook(path: Path) -> None:
    with path.open("rb") as file:
        head = file.read(len(_OLE))
    if head == _OLE and _suffix(path) != ".xls":  # the container of an encrypted workbook
        raise _protected(path)
    if not zipfile.is_zipfile(path):
        return
    with zipfile.ZipFile(path) as archive:
        if sum(entry.file_size for entry in archive.infolist()) > _LARGEST_BYTES:
            raise _too_large(path)


def _protected(path: Path) -> ThuocdoError:
    return ThuocdoError(
        "password_protected",
        f"{path.name} is protected by a password.",
        "Save a copy without the password and import that.",
    )


def _too_large(path: Path) -> ThuocdoError:
    return ThuocdoError(
        "too_large",
        f"{path.name} is larger than 1 GiB once unpacked.",
        "Split it, or hand it over in the columns of `thuocdo import dossiers --help`.",
    )


def _sheet_rows(book: CalamineWorkbook, name: str) -> list[Row]:
    sheet = book.get_sheet_by_name(name)
    cells = sheet.to_python(skip_empty_area=False)
    _fill_merged(sheet, cells)
    return [
        Row(number, row) for number, row in enumerate(cells, 1) if any(cell != "" for cell in row)
    ]


def _fill_merged(sheet: CalamineSheet, cells: list[list[Cell]]) -> None:
    """A value merged down a column is the value of each of its rows."""
    for (top, left), (bottom, _) in sheet.merged_cell_ranges or ():
        if top >= len(cells) or left >= len(cells[top]):
            continue
        for row in range(top + 1, min(bottom + 1, len(cells))):
            cells[row][left] = cells[top][left]


# --- text -----------------------------------------------------------------------------------------


def read_text(path: Path, encoding: str | None = None) -> Table:
    """A CSV file, whatever its name, as one sheet. Raises `unreadable_file` or `too_large`."""
    with packed.unpacked(path) as file:
        data = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise _too_large(path)
    text, encoding = decoded(data, encoding)
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    start = 1 if lines and lines[0].lower().startswith("sep=") else 0
    delimiter = delimiter_of(lines[start : start + _PEEKED_LINES])
    notes = () if encoding == "utf-8" else (f"{path.name}: read as {encoding}",)
    return Table([Sheet("", list(_rows(lines, start, delimiter)))], notes)


def decoded(data: bytes, encoding: str | None = None) -> tuple[str, str]:
    """Text in NFC and the encoding it came in: UTF-8, UTF-16, else Vietnamese Windows or TCVN3.

    encoding  what somebody says it is in: `tcvn3` or one that Python knows; None: told by the bytes
    """
    known = encoding or _encoding_of(data)
    text = tcvn3.decode(data) if known == tcvn3.NAME else data.decode(known, "replace")
    return _composed(text.removeprefix("\ufeff")), known


def _encoding_of(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return encoding
    if data[1:2] == b"\x00" and data[:1] != b"\x00":
        return "utf-16-le"
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return tcvn3.NAME if tcvn3.looks_like(data) else _WINDOWS
    return "utf-8"


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def delimiter_of(lines: Sequence[str]) -> str:
    """The sign that stands most often in the first lines, outside quotes."""
    plain = "".join("".join(line.split('"')[::2]) for line in lines)
    return max(_DELIMITERS, key=plain.count)


def _rows(lines: Sequence[str], start: int, delimiter: str) -> Iterator[Row]:
    place = start
    while place < len(lines):
        used, cells = _row(lines, place, delimiter)
        if cells is None:
            yield Row(place + 1, (), "a quote is opened and not closed")
        elif any(cells):
            yield Row(place + 1, cells)
        place += used


def _row(lines: Sequence[str], place: int, delimiter: str) -> tuple[int, list[str] | None]:
    """How many lines the row at a place takes, and its cells; None when it never ends."""
    if len(lines[place]) > packed.LONGEST_LINE:
        return 1, None
    quotes = 0
    for used, line in enumerate(lines[place : place + _LONGEST_ROW_LINES], 1):
        quotes += line.count('"')
        if quotes % 2 == 0 and used == 1:
            return used, _cells([line], delimiter)
        row = lines[place : place + used]
        if (quotes % 2 == 0 or used == 1) and _is_closed(row, delimiter):
            return used, _cells(row, delimiter)
        if quotes % 2 == 0:  # the quote that would close it is one within a later row
            break
    return 1, None


def _is_closed(lines: Sequence[str], delimiter: str) -> bool:
    """Whether every quote that opens a cell closes one; a quote within a word opens nothing."""
    try:
        next(csv.reader((f"{line}\n" for line in lines), delimiter=delimiter, strict=True))
    except csv.Error:
        return False
    return True


def _cells(lines: Sequence[str], delimiter: str) -> list[str]:
    ended = (f"{line}\n" for line in lines)
    return [cell.strip() for cell in next(csv.reader(ended, delimiter=delimiter), [])]
