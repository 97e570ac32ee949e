"""Many `Hit`s at once: where each field lies in the bytes of a segment, no object made of any.

A record is msgpack (`wire/events.py`): an array of ten, its tag first. What is not exactly such an
array, in the shortest form of each field, is left to the decoder that makes objects.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from thuocdo.wire.octets import Marks, Octets, Places, Span

_OPENING: Final = int.from_bytes(b"\x9a\xa1h\xcf", "little")  # array of 10, "h", a uint64 follows
_OPENING_BYTES: Final = 4
_INSTANT_BYTES: Final = 8
_LATEST: Final = 1 << 52  # µs: in the year 2112
_FIRST_FOUR: Final = np.uint64(0xFFFFFFFF)
_SHORT_LENGTH: Final = 31


def _header_bytes() -> npt.NDArray[np.int64]:
    """Marker of a text → bytes before the text itself; 0 for a marker of something else."""
    found = np.zeros(256, np.int64)
    found[0xA0:0xC0] = 1  # a text of up to 31 bytes, its length in the marker
    found[[0xC4, 0xD9]] = 2  # bytes, text: length in one byte
    found[[0xC5, 0xDA]] = 3  # bytes, text: length in two
    return found


_HEADER: Final = _header_bytes()


class HitColumns(NamedTuple):
    """The hits among some records. `rows` says which; every other field is about those alone."""

    rows: Places
    received: Places
    address: Span
    agent: Span
    query: Span
    body: Span
    trust: Span
    refused: Span


def read(octets: Octets, records: Span) -> HitColumns:
    """The records that are hits, field by field."""
    rows = np.flatnonzero((octets.word(records.start) & _FIRST_FOUR) == _OPENING)
    start = records.start[rows] + _OPENING_BYTES
    received = octets.word(start).byteswap().astype(np.int64)
    good = (received >= 0) & (received < _LATEST)
    at = start + _INSTANT_BYTES
    fields: list[Span] = []
    for _ in range(8):  # from the address to `refused`
        field, known = _text(octets, at)
        good &= known
        fields.append(field)
        at = field.end
    good &= at == records.end[rows]
    address, agent, _referrer, query, body, _content_type, trust, refused = fields
    return HitColumns(
        rows[good],
        received[good],
        *(each.of(good) for each in (address, agent, query, body, trust, refused)),
    )


def _text(octets: Octets, at: Places) -> tuple[Span, Marks]:
    """A text or bytes that begin with their marker at each place, and whether they do."""
    word = octets.word(at)
    marker = (word & np.uint64(0xFF)).astype(np.int64)
    one = (word >> np.uint64(8)).astype(np.int64) & 0xFF
    two = (word >> np.uint64(16)).astype(np.int64) & 0xFF
    header = _HEADER[marker]
    length = np.where(
        header == 1, marker & _SHORT_LENGTH, np.where(header == 2, one, (one << 8) | two)
    )
    start = at + header
    return Span(start, start + length), header > 0
