"""How much a sender may make the collector hold, and reading bodies within it.

Every limit is far above what the protocols need and far below what would hurt: a body is counted
while it arrives and a compressed one while it grows, so neither is ever held beyond its limit.
"""

from __future__ import annotations

import zlib
from typing import Final

import zstandard

from thuocdo.collect.replies import Exchange
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
MAX_AGENT: Final = 512
MAX_REFERRER: Final = 2048
_SLICE: Final = 1 << 10  # of compressed input: bounds what one step of a bomb can grow to
_GZIP: Final = 16 + zlib.MAX_WBITS
_MAX_WINDOW: Final = 8 << 20

_TOO_LARGE: Final = Unreadable(RejectReason.TOO_LARGE, "body: over the limit")


async def read_body(exchange: Exchange, limit: int) -> bytes | Unreadable:
    """The body, or `too_large`; what is beyond the limit is drained, not held."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in exchange:
        size += len(chunk)
        if size > MAX_DRAINED:
            break
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
    return b"".join(chunks) if size <= limit else _TOO_LARGE


def inflate(body: bytes, encoding: str) -> bytes | Unreadable:
    """Undo a Content-Encoding (gzip, zstd, identity); `bad_encoding` or `too_large` when it fails."""
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
    out: list[bytes] = []
    room = MAX_INFLATED
    try:
        while body:  # members may follow one another (RFC 1952, 2.2)
            stream = zlib.decompressobj(_GZIP)
            out.append(stream.decompress(body, room + 1))
            room -= len(out[-1])
            if room < 0:
                return _TOO_LARGE
            if not stream.eof:
                return Unreadable(RejectReason.BAD_ENCODING, "gzip: truncated")
            body = stream.unused_data
    except zlib.error:
        return Unreadable(RejectReason.BAD_ENCODING, "gzip: damaged")
    return b"".join(out)


def _unzstd(body: bytes) -> bytes | Unreadable:
    out: list[bytes] = []
    size = 0
    stream = zstandard.ZstdDecompressor(max_window_size=_MAX_WINDOW).decompressobj()
    try:
        for start in range(0, len(body), _SLICE):
            if stream.eof:
                return Unreadable(RejectReason.BAD_ENCODING, "zstd: bytes after the end")
            out.append(stream.decompress(body[start : start + _SLICE]))
            size += len(out[-1])
            if size > MAX_INFLATED:
                return _TOO_LARGE
    except zstandard.ZstdError:
        return Unreadable(RejectReason.BAD_ENCODING, "zstd: damaged")
    if not stream.eof:
        return Unreadable(RejectReason.BAD_ENCODING, "zstd: truncated")
    return b"".join(out)
