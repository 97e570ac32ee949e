"""TCVN3 is told from Windows-1258, and reads as glibc's iconv reads it."""

from __future__ import annotations

import shutil
import subprocess
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from thuocdo.lake.importing import tcvn3
from thuocdo.lake.importing.tables import decoded

SMALL = "àảãáạăằẳẵắặâầẩẫấậèẻẽéẹêềểễếệìỉĩíịòỏõóọôồổỗốộơờởỡớợùủũúụưừửữứựỳỷỹýỵđ"
TONES = "\u0300\u0309\u0303\u0301\u0323"
NAMES = (
    "Đăng ký tạm trú; Cấp giấy phép xây dựng; Thủ tục đăng ký khai sinh",
    "Cấp đổi giấy chứng nhận quyền sử dụng đất; Hỗ trợ chi phí mai táng",
)


def old(text: str) -> bytes:
    """A text as TCVN3 bytes."""
    letters = {tcvn3.decode(bytes([byte])): byte for byte in reversed(range(256))}
    return bytes(letters[letter] for letter in text)


@given(st.text(alphabet=SMALL + "abc 123;,ĂÂÊÔƠƯĐ", max_size=80))
def test_every_letter_has_its_byte(text) -> None:
    assert tcvn3.decode(old(text)) == text


@pytest.mark.skipif(not shutil.which("iconv"), reason="no iconv here")
def test_the_letters_are_those_of_iconv() -> None:
    asked = subprocess.run(
        ["iconv", "-c", "-f", "TCVN5712-1", "-t", "UTF-8"], input=old(SMALL), stdout=-1, check=True
    )
    assert asked.stdout.decode() == SMALL


@pytest.mark.parametrize("text", NAMES)
def test_the_bytes_tell_which_of_the_old_encodings_it_is(text) -> None:
    assert decoded(old(text)) == (text, "tcvn3")


@pytest.mark.parametrize("text", NAMES)
def test_windows_1258_is_still_read_as_such(text) -> None:
    data = "".join(windows(letter) for letter in text).encode("cp1258")
    assert decoded(data) == (text, "cp1258")


def windows(letter: str) -> str:
    """A letter as Windows-1258 writes it: its tone apart, its other mark not."""
    try:
        letter.encode("cp1258")
    except UnicodeEncodeError:
        base, *marks = unicodedata.normalize("NFD", letter)
        tones = [mark for mark in marks if mark in TONES]
        rest = [mark for mark in marks if mark not in TONES]
        return unicodedata.normalize("NFC", base + "".join(rest)) + "".join(tones)
    return letter


def test_what_somebody_says_it_is_in_counts() -> None:
    assert decoded(old("Sổ"), "tcvn3")[0] == "Sổ"
    assert decoded("Sổ".encode("utf-16"), "utf-16")[0] == "Sổ"
