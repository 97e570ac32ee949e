"""Bytes and lines of import files, whatever they are packed in: plain, gzip or zstd.

A file is read block by block, so neither its size nor the length of one line decides how much
memory an import takes.
"""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import xxhash
import zstandard

from thuocdo.core.errors import ThuocdoError

SUFFIXES: Final = (".gz", ".zst")
LONGEST_LINE: Final = 1 << 20
"""Bytes. A longer line is no row of anything: it is passed over and named."""
_AT_ONCE: Final = 1 << 22
_PACKED_AT_ONCE: Final = 1 << 17
_GZIP: Final = b"\x1f\x8b"
_ZSTD: Final = b"\x28\xb5\x2f\xfd"


class Block(NamedTuple):
    """Some lines of a file, without their ends."""

    first: int  # the number of the first line, from 1
    lines: list[bytes]
    too_long: tuple[int, ...]  # numbers of lines passed over; they stand as b"" in `lines`
    share: float  # how much of the file has been read by now, 0…1


def require_file(path: Path) -> None:
    """Raises ThuocdoError `no_file` or `not_a_file`."""
    if path.is_dir():
        raise ThuocdoError(
            "not_a_file", f"{path} is a folder.", f"Name its files, for example '{path}/*'."
        )
    if not path.is_file():
        raise ThuocdoError("no_file", f"There is no file {path}.", "Check the path.")


def digest(path: Path) -> str:
    """Of the file's bytes, 16 hex digits. Raises as `require_file`."""
    require_file(path)
    state = xxhash.xxh3_64()
    with path.open("rb") as file:
        while block := file.read(_AT_ONCE):
            state.update(block)
    return state.hexdigest()


@contextmanager
def unpacked(path: Path, raw: BinaryIO | None = None) -> Iterator[BinaryIO]:
    """The plain bytes; what a file is packed in is told by its first bytes, not by its name.

    Raises ThuocdoError `unreadable_file` when the packing is damaged or cut short, also inside
    the block.
    """
    with raw or path.open("rb") as file:
        head = file.read(len(_ZSTD))
        file.seek(0)
        try:
            if head.startswith(_GZIP):
                with gzip.GzipFile(fileobj=file) as plain:
                    yield plain  # type: ignore[misc]
            elif head == _ZSTD:
                yield io.BufferedReader(_Zstd(file), _AT_ONCE)
            else:
                yield file
        except (EOFError, zlib.error, gzip.BadGzipFile, zstandard.ZstdError) as error:
            raise ThuocdoError(
                "unreadable_file",
                f"{path.name} is damaged or cut short: {error}.",
                "Copy it again; nothing of it was taken.",
            ) from error


class _Zstd(io.RawIOBase):
    """The frames of a zstd file one after another; a last one cut short is an error, not an end."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._frame = zstandard.ZstdDecompressor().decompressobj()
        self._packed = b""
        self._plain = memoryview(b"")
        self._begun = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._plain:
            if self._frame.eof:
                self._packed = self._frame.unused_data
                self._frame = zstandard.ZstdDecompressor().decompressobj()
                self._begun = False
            data = self._packed or self._file.read(_PACKED_AT_ONCE)
            self._packed = b""
            if not data:
                if self._begun:
                    raise EOFError("the last frame is cut short")
                return 0
            self._begun = True
            self._plain = memoryview(self._frame.decompress(data))
        count = min(len(buffer), len(self._plain))
        buffer[:count] = self._plain[:count]
        self._plain = self._plain[count:]
        return count


def blocks(path: Path) -> Iterator[Block]:
    """The lines of a file, some at a time. Raises as `require_file` and `unpacked`."""
    require_file(path)
    size = max(path.stat().st_size, 1)
    with path.open("rb") as raw, unpacked(path, raw) as plain:
        number = 1
        for lines, too_long in _split(plain):
            share = min(raw.tell() / size, 1.0)
            yield Block(number, lines, tuple(number + place for place in too_long), share)
            number += len(lines)


def _split(plain: BinaryIO) -> Iterator[tuple[list[bytes], list[int]]]:
    """Whole lines and the places of those that were passed over."""
    rest = b""
    passing = False
    while data := plain.read(_AT_ONCE):
        lines = (rest + data).split(b"\n")
        rest = lines.pop()
        too_long: list[int] = []
        if passing and lines:
            lines[0], passing = b"", False
            too_long.append(0)
        if lines and max(map(len, lines)) > LONGEST_LINE:
            long = [place for place, line in enumerate(lines) if len(line) > LONGEST_LINE]
            for place in long:
                lines[place] = b""
            too_long += long
        if len(rest) > LONGEST_LINE or passing:
            rest, passing = b"", True
        yield lines, too_long
    if passing:
        yield [b""], [0]
    elif rest:
        yield [rest], []
