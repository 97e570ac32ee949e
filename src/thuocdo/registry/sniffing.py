"""What a file really is, told by its bytes before anything opens it; bombs are refused unopened.

A workbook is a zip archive: it is unpacked once, block by block into nothing, and refused when more
comes out than policy allows, whatever the archive says of itself; or when its sheets, as a reader would
lay them out, have more cells than policy allows.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.importing import packed
from thuocdo.registry.uploads import Limits

_AT_ONCE: Final = 1 << 20
_TEXTS: Final = frozenset((".csv", ".tsv", ".txt", ".ndjson", ".jsonl"))
_OTHERS: Final = (
    (b"%PDF", "pdf"),
    (b"\xd0\xcf\x11\xe0", "old_office"),
    (b"{\\rtf", "word"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"MZ", "program"),
    (b"\x7fELF", "program"),
    (b"Rar!", "archive"),
    (b"7z\xbc\xaf", "archive"),
)
"""First bytes → what it is instead of a table."""
_CELL: Final = re.compile(rb'<(?:\w+:)?c\b[^>]{0,200}?\br="([A-Z]{1,3})(\d{1,7})"')
_ROW: Final = re.compile(rb'<(?:\w+:)?row\b[^>]{0,200}?\br="(\d{1,7})"')
_TAIL: Final = 512
"""Bytes of one block that are looked at again with the next: an element may lie across."""
_STORED, _DEFLATED = zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED


def check(path: Path, limits: Limits) -> None:
    """Look at a file before it is read.

    Raises ThuocdoError `wrong_kind` (its message is one word for what the file is instead),
    `bomb`, `too_many_cells`, `password_protected` or `unreadable_file`.
    """
    with path.open("rb") as file:
        head = file.read(_AT_ONCE)
    for mark, kind in _OTHERS:
        if head.startswith(mark):
            raise _wrong(kind)
    if head.startswith(b"PK"):
        _check_workbook(path, limits)
    elif head.startswith(b"PAR1"):
        _check_parquet(path, limits)
    else:
        _check_text(path, limits)


def _wrong(kind: str) -> ThuocdoError:
    return ThuocdoError("wrong_kind", kind, "Hand over CSV, .xlsx, .ndjson or .parquet.")


def _bomb() -> ThuocdoError:
    return ThuocdoError(
        "bomb", "Unpacked it is larger than it may be.", "Hand over a smaller file."
    )


# --- workbooks ------------------------------------------------------------------------------------


def _check_workbook(path: Path, limits: Limits) -> None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if "xl/workbook.xml" not in names:
                raise _wrong(_zip_kind(names))
            if path.suffix != ".xlsx":
                raise _wrong("named_otherwise")
            total = 0
            for entry in archive.infolist():
                sheet = entry.filename.startswith("xl/worksheets/")
                grid = _Grid(limits) if sheet else None
                for block in _unpacked(path, entry):
                    total += len(block)
                    if total > limits.most_unpacked_bytes:
                        raise _bomb()
                    if grid is not None:
                        grid.look(block)
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError) as error:
        raise ThuocdoError(
            "unreadable_file", "The workbook is damaged.", "Save it again as .xlsx."
        ) from error


def _zip_kind(names: list[str]) -> str:
    if "word/document.xml" in names:
        return "word"
    if "xl/workbook.bin" in names or "content.xml" in names:
        return "other_sheet"
    return "archive"


def _unpacked(path: Path, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    """What really comes out of an entry, however much it says there is."""
    if entry.compress_type not in (_STORED, _DEFLATED):
        raise NotImplementedError
    with path.open("rb") as file:
        file.seek(entry.header_offset)
        header = file.read(30)
        file.seek(
            int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little"), 1
        )
        left = entry.compress_size
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        while left > 0 and (data := file.read(min(left, _AT_ONCE))):
            left -= len(data)
            if entry.compress_type == _STORED:
                yield data
                continue
            while data:
                yield inflate.decompress(data, _AT_ONCE)
                data = inflate.unconsumed_tail
        yield inflate.flush(_AT_ONCE) if entry.compress_type == _DEFLATED else b""


class _Grid:
    """How large a sheet would be laid out: one cell far away makes a small file huge."""

    def __init__(self, limits: Limits) -> None:
        self._limits, self._tail = limits, b""
        self._rows = self._columns = 1

    def look(self, block: bytes) -> None:
        text = self._tail + block
        for found in _ROW.finditer(text):
            self._rows = max(self._rows, int(found[1]))
        for found in _CELL.finditer(text):
            self._columns = max(self._columns, _column(found[1]))
            self._rows = max(self._rows, int(found[2]))
        self._tail = text[-_TAIL:]
        if self._rows * self._columns > self._limits.most_cells:
            raise ThuocdoError(
                "too_many_cells",
                "The sheet reaches further than a catalogue does.",
                "Delete the empty rows and columns beyond the table.",
            )


def _column(letters: bytes) -> int:
    place = 0
    for letter in letters:
        place = place * 26 + letter - 64
    return place


# --- the others -----------------------------------------------------------------------------------


def _check_parquet(path: Path, limits: Limits) -> None:
    if path.suffix != ".parquet":
        raise _wrong("named_otherwise")
    try:
        told = pq.ParquetFile(path).metadata
    except (pa.ArrowException, OSError) as error:
        raise ThuocdoError(
            "unreadable_file", "The Parquet file is damaged.", "Write it again."
        ) from error
    size = sum(told.row_group(place).total_byte_size for place in range(told.num_row_groups))
    if size > limits.most_unpacked_bytes:
        raise _bomb()
    if told.num_rows > limits.most_rows:
        raise too_many_rows(limits)


def _check_text(path: Path, limits: Limits) -> None:
    endings = [end for end in path.suffixes if end not in packed.SUFFIXES]
    ending = endings[-1] if endings else ""
    if ending not in _TEXTS:
        raise _wrong("named_otherwise" if ending in (".xlsx", ".parquet") else "unknown")
    total, head = 0, b""
    with packed.unpacked(path) as file:
        while block := file.read(_AT_ONCE):
            head = head or block[:4096]
            total += len(block)
            if total > limits.most_unpacked_bytes:
                raise _bomb()
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith((b"<!doctype html", b"<html")):
        raise _wrong("web_page")
    utf16 = head[:2] in (b"\xff\xfe", b"\xfe\xff") or head[1:2] == b"\x00"
    if b"\x00" in head and not utf16:
        raise _wrong("unknown")


def too_many_rows(limits: Limits) -> ThuocdoError:
    return ThuocdoError(
        "too_many_rows", f"The file has over {limits.most_rows:,} rows.", "Split it by agency."
    )
