"""TCVN3, the one-byte Vietnamese of offices before Unicode (TCVN 5712:1993, fonts named .Vn…).

Its bytes are letters of other alphabets to every other reader, so a file in it decodes without an error
and reads as nonsense. Capitals with a tone have no byte of their own: they were small letters in a
font of capitals (.VnTimeH), and come out small.
"""

from __future__ import annotations

import unicodedata
from typing import Final

NAME: Final = "tcvn3"
_LETTERS: Final = {
    0xA1: "ĂÂÊÔƠƯĐăâêôơưđ",
    0xB5: "àảãáạ",
    0xBB: "ằẳẵắ",
    0xC6: "ặầẩẫấậè",
    0xCE: "ẻẽéẹềểễếệìỉ",
    0xDC: "ĩíịò",
    0xE1: "ỏõóọồổỗốộờởỡớợù",
    0xF1: "ủũúụừửữứựỳỷỹýỵ",
}
"""First byte → the letters from there on, without a gap."""
_TABLE: Final = {
    first + place: letter
    for first, letters in _LETTERS.items()
    for place, letter in enumerate(letters)
}
_VIETNAMESE: Final = frozenset("".join(_TABLE.values()) + "".join(_TABLE.values()).upper())
_ENOUGH: Final = 4


def decode(data: bytes) -> str:
    """Text of TCVN3 bytes; a byte that is no letter of it is read as Latin-1."""
    return data.decode("latin-1").translate(_TABLE)


def looks_like(data: bytes) -> bool:
    """Whether bytes that are no UTF-8 read better so than as Windows-1258.

    Read as Windows-1258 they would be full of letters and signs that no Vietnamese word has (æ, ®, µ, ¸).
    """
    return _foreign(decode(data)) < (odd := _foreign(_windows(data))) and odd >= _ENOUGH


def _windows(data: bytes) -> str:
    return unicodedata.normalize("NFC", data.decode("cp1258", "replace"))


def _foreign(text: str) -> int:
    """How many letters and signs of Latin-1 there are that Vietnamese does not write."""
    return sum("\x80" <= letter <= "\xff" and letter not in _VIETNAMESE for letter in text)
