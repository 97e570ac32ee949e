"""What the fast reader of CSV files must know of one before it reads it.

The engine reads a CSV file in parallel and trusts it: a quote that is never closed swallows the
rows behind it without a word, line ends of two kinds stop it, a blank line moves every line
number. One pass over the bytes tells whether a file has any of these; then it is read line by
line, one row a line. A file in another encoding is put into memory in UTF-8: what it holds must
not reach the disk.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.importing import packed, tables

_LARGEST_BYTES: Final = 1 << 30
_WIDE: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00")
"""What UTF-16 has and UTF-8 has not: its byte order marks at the start, and zeros."""


class Plain(NamedTuple):
    """A CSV file as the engine may read it.

    path      the file, or its text in UTF-8 in memory while the stack is open
    by_line   whether it must be read line by line
    too_long  numbers of lines that are no rows because of their length; the engine skips them
    notes     what is to be said about it
    """

    path: Path
    by_line: bool
    too_long: tuple[int, ...]
    notes: tuple[str, ...]


def plain(path: Path, stack: ExitStack) -> Plain:
    """Look through a file. Raises ThuocdoError `unreadable_file` or `too_large`."""
    told = _look(path)
    if told is not None:
        return Plain(path, *told, ())
    text, encoding = tables.decoded(_whole(path))
    copy = stack.enter_context(_memory(text.encode()))
    copied = Path(f"/proc/self/fd/{copy.fileno()}")
    by_line, too_long = _look(copied) or (True, ())
    return Plain(copied, by_line, too_long, (f"{path.name}: read as {encoding}",))


def _look(path: Path) -> tuple[bool, tuple[int, ...]] | None:
    """(by_line, too_long) of a file; None when it is not UTF-8."""
    count = returns = 0
    by_line = False
    too_long: list[int] = []
    for block in packed.blocks(path):
        data = b"\n".join(block.lines)
        if data.startswith(_WIDE[:2]) or _WIDE[2] in data or not _is_utf8(data):
            return None
        count += len(block.lines)
        returns += data.count(b"\r\n") + data.endswith(b"\r")
        too_long += block.too_long
        if not by_line:
            blank = block.lines.count(b"") - len(block.too_long) + block.lines.count(b"\r")
            odd = b'"' in data and any(line.count(b'"') & 1 for line in block.lines)
            by_line = odd or blank > 0
    return by_line or 0 < returns < count, tuple(too_long)


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _whole(path: Path) -> bytes:
    with packed.unpacked(path) as file:
        data = file.read(_LARGEST_BYTES + 1)
    if len(data) > _LARGEST_BYTES:
        raise ThuocdoError(
            "too_large",
            f"{path.name} is larger than 1 GiB and not in UTF-8.",
            "Save it in UTF-8, or split it.",
        )
    return data


def _memory(data: bytes) -> BinaryIO:
    """A file that has no place on any disk."""
    file = os.fdopen(os.memfd_create("import"), "w+b")
    file.write(data)
    file.flush()
    file.seek(0)
    return file
