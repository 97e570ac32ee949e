"""Bytes looked at in columns: one operation over thousands of records instead of thousands of calls.

The lander reads hundreds of thousands of records a second on one core; at that rate a Python object
for each field is too much. So a segment stays one array of bytes, a field is where it begins and
ends in each record, and a number or a short word is read eight bytes at a time.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Places = npt.NDArray[np.int64]
Words = npt.NDArray[np.uint64]
Marks = npt.NDArray[np.bool_]

WORD: Final = 8
_PADDING: Final = 2 * WORD
_ONES: Final = np.uint64(0x0101010101010101)
_HIGH: Final = np.uint64(0x8080808080808080)
_ZEROS: Final = np.uint64(0x3030303030303030)  # "00000000"
_SIXES: Final = np.uint64(0x0606060606060606)
_LOW_NIBBLES: Final = np.uint64(0x0F0F0F0F0F0F0F0F)
_HIGH_NIBBLES: Final = np.uint64(0xF0F0F0F0F0F0F0F0)
_ALL: Final = np.uint64(0xFFFFFFFFFFFFFFFF)


class Span(NamedTuple):
    """Where a field lies in each record: from `start` up to `end`; equal when it is empty."""

    start: Places
    end: Places

    @property
    def length(self) -> Places:
        return self.end - self.start

    def of(self, chosen: Places | Marks) -> Span:
        return Span(self.start[chosen], self.end[chosen])


class Octets:
    """The bytes of a segment; reading a little beyond its end gives zeros."""

    def __init__(self, data: bytes) -> None:
        self._padded = data + bytes(_PADDING)
        self.bytes: npt.NDArray[np.uint8] = np.frombuffer(self._padded, np.uint8)
        self._words: Words = np.ndarray(
            (len(self._padded) - WORD + 1,), np.dtype("<u8"), self._padded, strides=(1,)
        )

    def word(self, places: Places) -> Words:
        """The eight bytes from each place on, the first in the lowest bits."""
        return self._words[np.minimum(places, len(self._words) - 1)]

    def find(self, letter: str) -> Places:
        """Every place of one ASCII letter."""
        return np.flatnonzero(self.bytes == ord(letter))

    def texts(self, span: Span) -> Any:
        """The bytes of a field as an Arrow array. Spans of successive records follow each other."""
        count = len(span.start)
        bounds = np.empty(2 * count + 1, np.int32)
        bounds[0:-1:2] = span.start
        bounds[1::2] = span.end
        bounds[-1] = bounds[-2] if count else 0
        # Wanted bytes and the gaps between them, in turn: nothing is copied until the gaps go.
        both = pa.Array.from_buffers(
            pa.binary(),
            2 * count,
            [None, pa.py_buffer(bounds.data), pa.py_buffer(self._padded)],
        )
        return both.take(np.arange(0, 2 * count, 2))

    def texts_without(self, span: Span, gap: Span) -> Any:
        """As `texts`, each without a part of it."""
        count = len(span.start)
        start, end = np.empty(2 * count, np.int64), np.empty(2 * count, np.int64)
        start[0::2], start[1::2] = span.start, gap.end
        end[0::2], end[1::2] = gap.start, span.end
        both: Any = self.texts(Span(start, end))
        _, bounds, data = both.buffers()
        # what comes before a gap and what comes after it lie together now
        every_other = np.frombuffer(bounds, np.int32)[: 2 * count + 1 : 2].copy()
        return pa.Array.from_buffers(
            pa.binary(), count, [None, pa.py_buffer(every_other.data), data]
        )

    def encoded(self, span: Span) -> tuple[Places, Any]:
        """A field as numbers, and the text that each number stands for (an Arrow array)."""
        found = self.texts(span).dictionary_encode()
        return found.indices.to_numpy().astype(np.int64), found.dictionary

    def distinct(self, span: Span) -> tuple[Places, list[bytes]]:
        """As `encoded`, the texts as objects: for fields with few of them."""
        numbers, texts = self.encoded(span)
        return numbers, list(texts.to_pylist())


def first_byte(words: Words, letter: str) -> Words:
    """How many bytes of each word come before a letter; 8 when it is not among them."""
    other = words ^ np.uint64(ord(letter) * int(_ONES))
    zero = (other - _ONES) & ~other & _HIGH
    lowest = zero & (~zero + np.uint64(1))
    # below the lowest marked bit lie seven bits of the letter itself and eight of each byte before
    return np.where(zero == 0, np.uint64(WORD), np.bitwise_count(lowest - np.uint64(1)) >> 3)


def kept(words: Words, count: npt.NDArray[np.integer[Any]]) -> Words:
    """Only the first `count` bytes of each word (0 to 8), zeros after them."""
    bits = np.minimum(count, WORD).astype(np.uint64) << np.uint64(3)
    return np.where(bits >= 64, words, words & ~(_ALL << (bits & np.uint64(63))))


def key(name: str) -> int:
    """A name of at most eight ASCII letters as a word."""
    return int.from_bytes(name.encode("ascii"), "little")


def numbers(octets: Octets, span: Span, longest: int) -> Places:
    """Decimal numbers of 1 to `longest` (at most 8) ASCII digits; -1 for anything else."""
    length = span.length
    fits = (length >= 1) & (length <= longest)
    shift = (
        np.uint64(WORD) - np.maximum(np.minimum(length, WORD), 1).astype(np.uint64)
    ) << np.uint64(3)
    # the digits at the end of the word, noughts before them
    digits = (octets.word(span.start) << shift) | (_ZEROS & ~(_ALL << shift))
    fits &= ((digits & _HIGH_NIBBLES) == _ZEROS) & (((digits + _SIXES) & _HIGH_NIBBLES) == _ZEROS)
    value = digits & _LOW_NIBBLES
    # eight digits, then four pairs, then two fours, then one number: Lemire's way
    value = (value * np.uint64(2561)) >> np.uint64(8)
    value = ((value & np.uint64(0x00FF00FF00FF00FF)) * np.uint64(6553601)) >> np.uint64(16)
    value = ((value & np.uint64(0x0000FFFF0000FFFF)) * np.uint64(42949672960001)) >> np.uint64(32)
    return np.where(fits, value.astype(np.int64), -1)


def are_hexadecimal(words: Words) -> Marks:
    """Whether all eight bytes are digits or letters from a to f, small or capital."""
    small = words | np.uint64(0x20 * int(_ONES))
    digit = _from(words, "0") & ~_from(words, ":")
    letter = _from(small, "a") & ~_from(small, "g")
    marks: Marks = ((words & _HIGH) == 0) & (((digit | letter) & _HIGH) == _HIGH)
    return marks


def _from(words: Words, letter: str) -> Words:
    """The high bit of every byte (below 128) that is at least a letter."""
    return (words & ~_HIGH) + np.uint64((0x80 - ord(letter)) * int(_ONES))
