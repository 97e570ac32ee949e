"""When each system is asked: once an interval, at a moment of its own, so that thousands never go out together. Pure."""

from __future__ import annotations

import hashlib
from typing import Final

_PARTS: Final = 1 << 32
_STEADY: Final = 80
"""Of a hundred parts of an interval the system's own place decides 80, chance the rest."""


def due(code: str, slot: int, interval_us: int) -> int:
    """The moment (µs UTC) at which a system is asked in an interval: always the same one, always within it."""
    steady, chance = _part(code), _part(f"{code}|{slot}")
    offset = (_STEADY * steady + (100 - _STEADY) * chance) * interval_us // (100 * _PARTS)
    return slot * interval_us + offset


def _part(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
