"""What the fast reader of CSV files must know of one before it reads it.

The engine reads a CSV file in parallel and trusts it: a quote that is never closed swallows the
rows behind it without a word, line ends of two kinds stop it, a blank line moves every line
number. One pass over the bytes tells whether a file has any of these; then it is read line by
line, one row a line. A file in another encoding is put into memory in UTF-8: what it holds must
not reach the disk.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.importing import packed, tables

_AT_ONCE: Final = 1 << 22
_LARGEST_BYTES: Final = 1 << 30
_BLANK: Final = re.compile(rb"\n\r?\n")


class Plain(NamedTuple):
    """A CSV file as the engine may read it.

    path     the file, or its text in UTF-8 in memory while the stack is open
    by_line  whether it must be read line by line
    notes    what is to be said about it
    """

    path: Path
    by_line: bool
    notes: tuple[str, ...]


def plain(path: Path, stack: ExitStack) -> Plain:
    """Look through a file. Raises ThuocdoError `unreadable_file` or `too_large`."""
    with packed.unpacked(path) as file:
        told = _look(file)
    if told is None:
        text, encoding = tables.decoded(_whole(path))
        copy = stack.enter_context(_memory(text.encode()))
        by_line = bool(_look(copy))
        copied = Path(f"/proc/self/fd/{copy.fileno()}")
        return Plain(copied, by_line, (f"{path.name}: read as {encoding}",))
    return Plain(path, told, ())


def _look(file: BinaryIO) -> bool | None:
    """Whether a file must be read line by line; None when it is not UTF-8."""
    lines = returns = 0
    by_line = False
    for data in _whole_lines(file):
        if data.startswith((b"\xff\xfe", b"\xfe\xff")) or b"\x00" in data or not _is_utf8(data):
            return None
        if not by_line:
            odd = b'"' in data and any(line.count(b'"') & 1 for line in data.split(b"\n"))
            by_line = odd or _BLANK.search(data) is not None
        lines += data.count(b"\n")
        returns += data.count(b"\r\n")
    return by_line or 0 < returns < lines


def _whole_lines(file: BinaryIO) -> Iterator[bytes]:
    rest = b""
    while data := file.read(_AT_ONCE):
        cut = data.rfind(b"\n") + 1
        if cut:
            yield rest + data[:cut]
            rest = data[cut:]
        elif len(rest) < packed.LONGEST_LINE:
            rest += data
    if rest:
        yield rest


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
