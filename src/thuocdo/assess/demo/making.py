"""Pictures, scripts and style sheets of a wanted size, the same each time: what makes a portal's page heavy."""

from __future__ import annotations

import random
import struct
import zlib
from pathlib import Path
from typing import Final

_WIDTH: Final = 320
_CHANNELS: Final = 3
_RULE: Final = ".muc-{0} {{ padding: {1}px; border-left: {1}px solid #00535c; }}\n"
_FUNCTION: Final = (
    "function tien_ich_{0}(x) {{ var y = x * {1}; return y > 7 ? y - {0} : y + {0}; }}\n"
)
_BEGIN: Final = "(function () {\n"
_END: Final = (
    "var s = 0; for (var i = 0; i < 200000; i += 1) { s += tien_ich_0(i); } window.so = s;\n})();\n"
)


def made(path: str, octets: int) -> bytes:
    """At least so many octets for a path ending in .png, .js or .css."""
    match Path(path).suffix:
        case ".png":
            return _picture(path, octets)
        case ".js":
            return (_BEGIN + _lines(_FUNCTION, octets) + _END).encode()
        case _:
            return _lines(_RULE, octets).encode()


def _lines(pattern: str, octets: int) -> str:
    each = [pattern.format(0, 1)]
    return "".join(each + [pattern.format(n, n % 9) for n in range(1, octets // len(each[0]) + 1)])


def _picture(path: str, octets: int) -> bytes:
    """Noise, so that it does not shrink."""
    noise = random.Random(path)  # noqa: S311 - a picture
    height = octets // (_WIDTH * _CHANNELS) + 1
    rows = b"".join(b"\0" + noise.randbytes(_WIDTH * _CHANNELS) for _ in range(height))
    shape = struct.pack(">IIBBBBB", _WIDTH, height, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", shape), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
