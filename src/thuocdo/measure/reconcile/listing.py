"""An agency's own list of dossier numbers, read line by line and never written anywhere.

A text file is streamed, so its size decides no memory; a workbook is read whole and must be small.
Numbers live in memory for as long as it takes to hash them; no message of an error holds one.
"""

from __future__ import annotations

import codecs
import csv
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Final, NamedTuple

from thuocdo.core.clock import local_day
from thuocdo.core.codes import procedure_code
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.importing import headings, packed, tables
from thuocdo.wire import rules

MOST_BYTES: Final = 256 << 20
"""Of a text file unpacked: some millions of numbers, more than a province has in a year."""
MOST_LINES: Final = 2_000_000
_MOST_WORKBOOK_BYTES: Final = 32 << 20
_HEADING_LINES: Final = 30
_WORDING: Final = "dossier_list"
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
_DAY: Final = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})\b", re.ASCII)


class Entry(NamedTuple):
    """A line of the list; `number` None: the line holds none."""

    line: int
    number: str | None
    day: date | None
    procedure: str | None


class _Places(NamedTuple):
    """Which column is which."""

    number: int
    day: int | None
    procedure: int | None


def entries(path: Path, column: str | None = None) -> Iterator[Entry]:
    """The lines of a list: one number a line, or a table (CSV or a workbook) with a column of them.

    column  heading of that column, or its place from 1; None: told by its heading, else the first
    Raises ThuocdoError `no_file`, `not_a_file`, `too_large`, `not_a_list`, `unreadable_file`,
    `password_protected` or `missing_columns`.
    """
    packed.require_file(path)
    head = _head(path)
    rows = _workbook(path, head) if _is_workbook(path, head) else _lines(path)
    yield from _entries(rows, column, path.name)


def _head(path: Path) -> bytes:
    with packed.unpacked(path) as file:
        return file.read(4096)


def _is_workbook(path: Path, head: bytes) -> bool:
    return head.startswith((_ZIP, _OLE)) or tables.is_workbook(path) or _is_utf16(head)


def _is_utf16(head: bytes) -> bool:
    return head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))


def _workbook(path: Path, head: bytes) -> Iterator[tuple[int, Sequence[object]]]:
    """Rows of the first sheet that can be seen; also of a text that Excel saved as UTF-16."""
    size = path.stat().st_size
    if not _is_utf16(head) and not tables.is_workbook(path):
        raise _no_list(path)
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
    if size > _MOST_WORKBOOK_BYTES:
        raise _too_large(path, _MOST_WORKBOOK_BYTES)
    table = tables.read_text(path) if _is_utf16(head) else tables.read(path)
    for sheet in table.sheets:
        if not sheet.hidden:
            for row in sheet.rows:
                yield row.number, row.cells
            return


def _lines(path: Path) -> Iterator[tuple[int, Sequence[object]]]:
    """Cells of the lines of a text file, some at a time."""
    if path.stat().st_size > MOST_BYTES:
        raise _too_large(path, MOST_BYTES)
    seen = 0
    delimiter = ""
    for block in packed.blocks(path):
        seen += sum(map(len, block.lines)) + len(block.lines)
        if seen > MOST_BYTES:
            raise _too_large(path, MOST_BYTES)
        if any(b"\x00" in line for line in block.lines):
            raise _no_list(path)
        texts = [_text(line) for line in block.lines]
        delimiter = delimiter or tables.delimiter_of(texts[:_HEADING_LINES])
        for number, text in enumerate(texts, block.first):
            if text.strip():
                yield number, _cells(text, delimiter)


def _text(line: bytes) -> str:
    clean = line.removeprefix(codecs.BOM_UTF8).rstrip(b"\r")
    try:
        return clean.decode()
    except UnicodeDecodeError:
        return clean.decode("cp1258", "replace")


def _cells(text: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([text], delimiter=delimiter), [])
    except csv.Error:
        return text.split(delimiter)


def _entries(
    rows: Iterator[tuple[int, Sequence[object]]], column: str | None, file: str
) -> Iterator[Entry]:
    places: _Places | None = None
    waiting: list[tuple[int, Sequence[object]]] = []
    counted = 0
    for line, cells in rows:
        counted += 1
        if counted > MOST_LINES:
            raise ThuocdoError(
                "too_large",
                f"{file} has over {MOST_LINES:,} lines.",
                "Split it by period; each part is compared on its own.",
            )
        if places is None:
            waiting.append((line, cells))
            places = _heading(cells, column)
            if places is not None:
                waiting = []
            elif len(waiting) == _HEADING_LINES:
                places = _without_heading(column, file)
                yield from (_entry(*one, places) for one in waiting)
            continue
        yield _entry(line, cells, places)
    if places is None and waiting:
        places = _without_heading(column, file)
        yield from (_entry(*one, places) for one in waiting)


def _heading(cells: Sequence[object], column: str | None) -> _Places | None:
    """The columns, when these cells are headings."""
    words = headings.wording(_WORDING)
    named = [words.named(str(cell)) for cell in cells]
    wanted = headings.folded(column or "")
    if column and not column.isdigit():
        found = [headings.folded(str(cell)) == wanted for cell in cells]
        number = found.index(True) if True in found else None
    else:
        number = named.index("number") if "number" in named else None
    if number is None:
        return None
    if column and column.isdigit():
        number = int(column) - 1
    day, procedure = (named.index(n) if n in named else None for n in ("day", "procedure"))
    return _Places(number, day, procedure)


def _without_heading(column: str | None, file: str) -> _Places:
    if column and not column.isdigit():
        raise ThuocdoError(
            "missing_columns",
            f"{file} has no column headed as asked for.",
            "Write the heading as it stands in the file, or the column's place from 1.",
        )
    return _Places(int(column) - 1 if column else 0, None, None)


def _entry(line: int, cells: Sequence[object], places: _Places) -> Entry:
    def cell(place: int | None) -> object:
        return cells[place] if place is not None and 0 <= place < len(cells) else ""

    raw = cell(places.number)
    text = str(int(raw)) if isinstance(raw, float) and raw.is_integer() else str(raw)
    number = rules.number(text)
    found = procedure_code(str(cell(places.procedure)))
    return Entry(
        line,
        number if isinstance(number, str) else None,
        _day(cell(places.day)),
        found.national if found else None,
    )


def _day(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    text = str(value).strip()
    try:
        if found := _DAY.search(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None
    moment = rules.moment("day", text)
    return local_day(moment) if isinstance(moment, int) else None


def _too_large(path: Path, most: int) -> ThuocdoError:
    return ThuocdoError(
        "too_large",
        f"{path.name} is larger than {most >> 20} MiB once unpacked.",
        "Hand over the numbers of one period, one a line.",
    )


def _no_list(path: Path) -> ThuocdoError:
    return ThuocdoError(
        "not_a_list",
        f"{path.name} is no list of numbers: it holds what no text does.",
        "Save it as a text file with one number a line, as CSV, or as .xlsx.",
    )
