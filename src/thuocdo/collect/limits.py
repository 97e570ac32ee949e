"""How much a sender may make the collector hold, and reading bodies within it.

Every limit is far above what the protocols need and far below what would hurt: a body is counted
while it arrives and a compressed one while it grows, so neither is ever held beyond its limit, nor
all of them together beyond theirs. A request whose body does not come, or not whole, is not taken:
nothing of it is judged, and its sender may try again.
"""

from __future__ import annotations

import asyncio
import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Final

import zstandard

from thuocdo.collect.replies import Exchange, Scope
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import RejectReason
from thuocdo.wire.events import Unreadable

MAX_QUERY: Final = 16 << 10
MAX_FORM: Final = 64 << 10  # what a browser sends in one beacon at most
MAX_HIT_BODY: Final = 1 << 20  # a bulk of a thousand hits
MAX_MESSAGE: Final = 64 << 10  # one MCDT message
MAX_BATCH: Final = 8 << 20  # as sent
MAX_INFLATED: Final = 64 << 20  # after decompression
MAX_RECORDS: Final = 20_000
MAX_DRAINED: Final = 128 << 20
"""How much of a body that is too large is read and thrown away so that its sender hears why."""
MAX_HELD: Final = 256 << 20
"""The bodies of all requests together, as sent and as inflated, until each has its answer."""
BODY_SECONDS: Final = 120.0
"""In which a body must be there: the largest one over a line of half a megabit."""
MAX_AGENT: Final = 512
MAX_REFERRER: Final = 2048
_SLICE: Final = 1 << 8  # of compressed input: bounds what one step of a bomb can grow to
_PIECE: Final = 1 << 20  # of inflated output
_GZIP: Final = 16 + zlib.MAX_WBITS
_MAX_WINDOW: Final = 8 << 20

_TOO_LARGE: Final = Unreadable(RejectReason.TOO_LARGE, "body: over the limit")


class IntakeError(ThuocdoError):
    """Nothing of the request was taken: `too_busy`, `slow_body`, `cut_short`."""


class Held:
    """Bytes that the bodies of many requests hold at once; counted on any thread."""

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._limit = limit
        self._lock = Lock()

    def take(self, count: int) -> None:
        """Raises IntakeError `too_busy` when they do not fit."""
        with self._lock:
            if self.size + count > self._limit:
                raise IntakeError(
                    "too_busy", "Too much is being read at once.", "Send again later."
                )
            self.size += count

    def give(self, count: int) -> None:
        with self._lock:
            self.size -= count


class _Taking:
    """The body of one request: how long it says it is, and what is held of it."""

    def __init__(self, held: Held, declared: int | None = None) -> None:
        self.declared = declared
        self._held = held
        self._size = 0

    def take(self, count: int) -> None:
        self._held.take(count)
        self._size += count

    def joined(self, pieces: list[bytes]) -> bytes:
        """What was taken in pieces as one; for a moment it is there twice."""
        size = sum(map(len, pieces))
        self._held.take(size)
        try:
            whole = b"".join(pieces)
            pieces.clear()
        finally:
            self._held.give(size)
        return whole

    def release(self) -> None:
        self._held.give(self._size)
        self._size = 0


HELD: Final = Held(MAX_HELD)
"""Of this process."""
_OF_NOBODY: Final = _Taking(Held(sys.maxsize))
"""What is read outside of any request is its reader's own affair."""
_taking: ContextVar[_Taking] = ContextVar("taking", default=_OF_NOBODY)


@contextmanager
def taking(scope: Scope) -> Iterator[None]:
    """Around the handling of a request: what it holds of `HELD` is given back at the end."""
    length = scope.headers.get("content-length") or ""
    mine = _Taking(HELD, int(length) if length.isdecimal() else None)
    token = _taking.set(mine)
    try:
        yield
    finally:
        mine.release()
        _taking.reset(token)


async def read_body(exchange: Exchange, limit: int) -> bytes | Unreadable:
    """The body, or `too_large`; what is beyond the limit is drained, not held.

    The server ends a body that was broken off as it ends a whole one: only its length tells.
    Raises IntakeError.
    """
    mine = _taking.get()
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(BODY_SECONDS):
            async for chunk in exchange:
                size += len(chunk)
                if size > MAX_DRAINED:
                    break
                if size <= limit:
                    mine.take(len(chunk))
                    chunks.append(chunk)
                elif chunks:
                    chunks.clear()
                    mine.release()
    except TimeoutError:
        raise IntakeError("slow_body", "The body did not come in time.", "Send it anew.") from None
    if mine.declared is not None and size < min(mine.declared, MAX_DRAINED):
        raise IntakeError("cut_short", "The body ended before its length.", "Send it anew.")
    return mine.joined(chunks) if size <= limit else _TOO_LARGE


def inflate(body: bytes, encoding: str) -> bytes | Unreadable:
    """Undo a Content-Encoding (gzip, zstd, identity); `bad_encoding` or `too_large` when it fails.

    Raises IntakeError `too_busy`.
    """
    match encoding.strip().lower():
        case "" | "identity":
            return body
        case "gzip" | "x-gzip":
            return _gunzip(body)
        case "zstd":
            return _unzstd(body)
        case _:
            return Unreadable(RejectReason.BAD_ENCODING, "content-encoding: not gzip or zstd")


def _gunzip(body: bytes) -> bytes | Unreadable:
    mine = _taking.get()
    out: list[bytes] = []
    room = MAX_INFLATED
    try:
        while body:  # members may follow one another (RFC 1952, 2.2)
            stream = zlib.decompressobj(_GZIP)
            while not stream.eof:
                out.append(stream.decompress(body, _PIECE))
                mine.take(len(out[-1]))
                room -= len(out[-1])
                if room < 0:
                    return _TOO_LARGE
                body = stream.unconsumed_tail
                if not (body or out[-1] or stream.eof):
                    return Unreadable(RejectReason.BAD_ENCODING, "gzip: truncated")
            body = stream.unused_data
    except zlib.error:
        return Unreadable(RejectReason.BAD_ENCODING, "gzip: damaged")
    return mine.joined(out)


def _unzstd(body: bytes) -> bytes | Unreadable:
    mine = _taking.get()
    out: list[bytes] = []
    size = 0
    stream = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
    try:
        for start in range(0, len(body), _SLICE):
            if stream.eof:
                return Unreadable(RejectReason.BAD_ENCODING, "zstd: bytes after the end")
            out.append(stream.decompress(body[start : start + _SLICE]))
            mine.take(len(out[-1]))
            size += len(out[-1])
            if size > MAX_INFLATED:
                return _TOO_LARGE
    except zstandard.ZstdError:
        return Unreadable(RejectReason.BAD_ENCODING, "zstd: damaged")
    if not stream.eof:
        return Unreadable(RejectReason.BAD_ENCODING, "zstd: truncated")
    return mine.joined(out)
