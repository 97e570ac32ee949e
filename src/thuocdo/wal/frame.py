"""The frame: one group commit as bytes, and how to find the whole ones in a segment that is not.

    header   magic "TDW1" | payload length u32 | record count u32 | landed_at i64 µs UTC | checksum u64
    payload  record lengths, u32 each | the records, back to back

All little-endian. The checksum is xxh3_64 over the header's fields before it and the payload. The
lengths stand together in front, so that writing and reading a frame of a thousand records each
cost one call and one join, not a thousand small ones.

Nothing is acknowledged before its frame is synced, so a frame that ends beyond the file, or a tail
of zeros, is a torn write that nobody was told about. Anything else that fails its checksum was
whole once: it is damage, and damage is never thrown away silently.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt
from xxhash import xxh3_64_intdigest

MAGIC: Final = b"TDW1"
_FIELDS: Final = struct.Struct("<4sIIq")
_CHECKSUM: Final = struct.Struct("<Q")
HEADER_BYTES: Final = _FIELDS.size + _CHECKSUM.size
LENGTH_BYTES: Final = 4
MAX_PAYLOAD: Final = 1 << 30  # far above any queue limit: a length beyond it is no length


class Frame(NamedTuple):
    """What one fsync made durable. landed_at: µs UTC when the frame was written."""

    landed_at: int
    records: list[bytes]


class Scan(NamedTuple):
    """What a segment's bytes hold.

    spans    (start, end) of every whole frame, in order
    torn     bytes after the last whole frame that a crash in mid-write explains
    damaged  whether bytes are there that it does not explain
    """

    spans: list[tuple[int, int]]
    torn: int
    damaged: bool


def encode(landed_at: int, records: Sequence[bytes]) -> bytes:
    """One frame. landed_at: µs UTC."""
    lengths = struct.pack(f"<{len(records)}I", *map(len, records))
    payload = b"".join((lengths, *records))
    fields = _FIELDS.pack(MAGIC, len(payload), len(records), landed_at)
    checksum = _CHECKSUM.pack(xxh3_64_intdigest(payload, seed=xxh3_64_intdigest(fields)))
    return b"".join((fields, checksum, payload))


class Header(NamedTuple):
    """Of a whole frame: when it was written (µs UTC), how many records, where the first begins."""

    landed_at: int
    size: int
    records: int


def header(data: bytes, start: int, end: int) -> Header:
    """What the head of a frame in a span that `scan` found whole says."""
    _, length, count, landed_at = _FIELDS.unpack_from(data, start)
    return Header(landed_at, count, end - length + LENGTH_BYTES * count)


def lengths(data: bytes, head: Header) -> npt.NDArray[np.int64]:
    """The length of each record of a frame."""
    place = head.records - LENGTH_BYTES * head.size
    return np.frombuffer(data, np.dtype("<u4"), head.size, place).astype(np.int64)


def decode(data: bytes, start: int, end: int) -> Frame:
    """The frame in a span that `scan` found whole."""
    _, length, count, landed_at = _FIELDS.unpack_from(data, start)
    place = end - length
    records = []
    sizes = struct.unpack_from(f"<{count}I", data, place)
    place += LENGTH_BYTES * count
    for size in sizes:
        records.append(data[place : place + size])
        place += size
    return Frame(landed_at, records)


def scan(data: bytes) -> Scan:
    """Find the whole frames of a segment; O(n), looks at each byte once."""
    spans: list[tuple[int, int]] = []
    damaged = False
    place = 0
    view = memoryview(data)
    while place < len(data):
        end = _declared_end(data, place)
        if end is None:
            damaged = damaged or not _explained_by_a_crash(data, place)
            break
        if _is_whole(view, place, end):
            spans.append((place, end))
        elif end == len(data) or _declared_end(data, end) is not None:
            damaged = True  # its length still leads to the next frame: only this one is lost
        else:
            damaged = True
            break
        place = end
    return Scan(spans, len(data) - place, damaged)


def _declared_end(data: bytes, start: int) -> int | None:
    """Where the frame at `start` says it ends; None when no such frame fits in the file."""
    if start + HEADER_BYTES > len(data):
        return None
    magic, length, count, _ = _FIELDS.unpack_from(data, start)
    end: int = start + HEADER_BYTES + length
    fits = magic == MAGIC and count * LENGTH_BYTES <= length <= MAX_PAYLOAD and end <= len(data)
    return end if fits else None


def _is_whole(view: memoryview, start: int, end: int) -> bool:
    fields = view[start : start + _FIELDS.size]
    (checksum,) = _CHECKSUM.unpack_from(view, start + _FIELDS.size)
    payload = view[start + HEADER_BYTES : end]
    if xxh3_64_intdigest(payload, seed=xxh3_64_intdigest(fields)) != checksum:
        return False
    count: int = _FIELDS.unpack_from(view, start)[2]
    lengths: tuple[int, ...] = struct.unpack_from(f"<{count}I", payload)
    return sum(lengths) + LENGTH_BYTES * count == len(payload)


def _explained_by_a_crash(data: bytes, start: int) -> bool:
    """A write cut short: the head of one frame and no other after it, or blocks never filled."""
    tail = data[start:]
    if not tail.strip(b"\x00"):
        return True
    if not MAGIC.startswith(tail[: len(MAGIC)]) or tail.find(MAGIC, 1) >= 0:
        return False
    if len(tail) < HEADER_BYTES:
        return True
    _, length, count, _ = _FIELDS.unpack_from(tail)
    return bool(count * LENGTH_BYTES <= length <= MAX_PAYLOAD)
