"""A person who does not exist, in every form in which systems leak persons, and where to look for her."""

from __future__ import annotations

import gzip
import unicodedata
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import zstandard

NAME = "Trần Thị Bích Ngọc"
CCCD = "079190012345"
CMND = "271234567"
TAX = "0312345678-001"
PHONE = "0912345678"
EMAIL = "bichngoc.tran@example.com"
ADDRESS = "203.0.113.77"
HOUSE = "12/3 Nguyễn Văn Cừ"
DOSSIER = "000.00.01.H13-261120-0077"


def _unaccented(text: str) -> str:
    plain = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def traces() -> list[bytes]:
    """Every way her data could lie in a file, in lower case."""
    spoken = [
        NAME, unicodedata.normalize("NFD", NAME), _unaccented(NAME),
        _unaccented(NAME).replace(" ", "-"), _unaccented(NAME).replace(" ", "+"),
        CCCD, "079 190 012345", CMND, TAX, "0312345678", PHONE, "0912.345.678", "0912 345 678",
        "+84912345678", "84912345678", "912345678", EMAIL, EMAIL.replace("@", "%40"), ADDRESS,
        HOUSE, _unaccented(HOUSE), "Bích Ngọc", DOSSIER,
    ]  # fmt: skip
    quoted = [urllib.parse.quote(text) for text in (NAME, HOUSE)]
    return sorted({text.lower().encode() for text in (*spoken, *quoted)})


def contents(home: Path) -> Iterator[tuple[Path, bytes]]:
    """Everything below a home as it can be read: columns of tables, and files unpacked."""
    for path in sorted(home.rglob("*")):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        yield path, str(path).encode()
        yield path, raw
        match path.suffix:
            case ".parquet":
                table = pq.read_table(path, partitioning=None)
                yield path, repr(table.to_pylist()).encode()
            case ".gz":
                yield path, gzip.decompress(raw)
            case ".zst":
                yield path, zstandard.ZstdDecompressor().stream_reader(raw).read()


def found_in(home: Path) -> list[tuple[str, str]]:
    """(file, trace) of everything of her that a home holds."""
    looked_for = traces()
    return [
        (str(path), trace.decode())
        for path, content in contents(home)
        for lowered in [content.lower()]
        for trace in looked_for
        if trace in lowered
    ]
