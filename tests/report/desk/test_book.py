"""The book of a week that an earlier version wrote is read, and goes on, byte for byte."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any, Final

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.core.dying import dies

from thuocdo.core import settings as instance
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.signing import KEY_FILE
from thuocdo.report.desk.book import Book, Taken
from thuocdo.report.desk.model import Kind, Step

KEY: Final = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
WEEK: Final = "2026-W40"

# Written by version 0.1.0 on 2026-11-28; never to be edited.
LINES: Final = (
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjFJRzJ0TUg3SjJ3Ykpabk9mOExKelFpdEtmN0xNdm9BRWxzdURNVk01NFkiLCJ0eXAiOiJKT1NFIn0.eyJudW1iZXIiOjEsIndlZWsiOiIyMDI2LVc0MCIsImtpbmQiOiJkcmFmdCIsImRpZ2VzdCI6ImFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWIiLCJ3aG8iOiJ3b3JrZXIiLCJhdCI6MTc5MDAwMDAwMDAwMDAwMCwidGhyb3VnaCI6IndlYiIsIm5vdGUiOiIiLCJyZXBsYWNlcyI6IiIsImZpbmRpbmdzIjpbXSwic2ltdWxhdGVkIjpmYWxzZSwicHJldmlvdXMiOiIifQ.AhFgKHA4tXWxcPV3ZQBxbkMeEmZA8nHkObJ7OKSUeoTKxaUx23mHR-z8o5BjBFj2H5OaqwUAH7_yy0PaAE4pCw",
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjFJRzJ0TUg3SjJ3Ykpabk9mOExKelFpdEtmN0xNdm9BRWxzdURNVk01NFkiLCJ0eXAiOiJKT1NFIn0.eyJudW1iZXIiOjIsIndlZWsiOiIyMDI2LVc0MCIsImtpbmQiOiJjaGVjayIsImRpZ2VzdCI6ImFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWIiLCJ3aG8iOiJjaGkiLCJhdCI6MTc5MDAwMDAwMDAwMDAwMSwidGhyb3VnaCI6IndlYiIsIm5vdGUiOiLEkMOjIGjhu49pIGPGoSBxdWFuLiIsInJlcGxhY2VzIjoiIiwiZmluZGluZ3MiOltdLCJzaW11bGF0ZWQiOmZhbHNlLCJwcmV2aW91cyI6IjRjMWZhZjRjYjdlMTU5MmNkOWQ2YmQ0Yzg2MzRmYWUwOWY3N2VlMWEzNTk0YTdkZmEzMWViYjBiOTkyOWJkNmMifQ.459cnHmrHoL_yXv7cm6i357CdeO05wOEDtuEKyD04wEfCkRzdLzUjbrT0l698aPgy9iRVbZtUMwCBE1wBWdIAw",
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjFJRzJ0TUg3SjJ3Ykpabk9mOExKelFpdEtmN0xNdm9BRWxzdURNVk01NFkiLCJ0eXAiOiJKT1NFIn0.eyJudW1iZXIiOjMsIndlZWsiOiIyMDI2LVc0MCIsImtpbmQiOiJzaWduIiwiZGlnZXN0IjoiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYmFiYWJhYiIsIndobyI6ImFuIiwiYXQiOjE3OTAwMDAwMDAwMDAwMDIsInRocm91Z2giOiJ3ZWIiLCJub3RlIjoiIiwicmVwbGFjZXMiOiIiLCJmaW5kaW5ncyI6W10sInNpbXVsYXRlZCI6ZmFsc2UsInByZXZpb3VzIjoiOWYxYjE5MWM5MDBmNmM2MDIwODFiZGE2M2UxOGI2NTE2MGRjY2JkZDMwZTg0ZDVhOTQwOGZkMzhlYWRiMTEwNCJ9.8KvpCc6aMprz8nilSL9XtoBwxhAsZdnLJzjDZVccjmjce1oq38erSkiIxEzpOluhWGQ-zr_vzSzK1vrt8whSCg",
)
SIGN: Final = Step(0, WEEK, Kind.SIGN, "ab" * 32, "an", 1_790_000_000_000_002, "web")


@pytest.fixture
def old(tmp_path: Path) -> Book:
    """A draft that was checked."""
    pem = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / KEY_FILE).write_bytes(pem)
    book = Book(instance.load({"THUOCDO_HOME": str(tmp_path)}), WEEK)
    book.folder.mkdir(parents=True)
    for number, line in enumerate(LINES[:2], 1):
        (book.folder / f"{number:04}.jws").write_text(line)
    return book


def test_it_is_read_as_it_was_written(old: Book) -> None:
    steps = old.steps()
    assert [(step.number, step.kind, step.who) for step in steps] == [
        (1, Kind.DRAFT, "worker"),
        (2, Kind.CHECK, "chi"),
    ]
    assert steps[1].note == "Đã hỏi cơ quan."


def test_it_goes_on_with_the_very_line_it_always_had(old: Book) -> None:
    old.append(SIGN, old.steps())
    assert old.tokens() == LINES
    assert len(old.steps()) == 3


@pytest.mark.parametrize("bit", [1, 0x80])
@pytest.mark.parametrize("number", [1, 2, 3])
def test_the_line_that_was_changed_is_named(old: Book, number: int, bit: int) -> None:
    old.append(SIGN, old.steps())
    path = old.folder / f"{number:04}.jws"
    token = bytearray(path.read_bytes())
    token[150] ^= bit
    path.write_bytes(token)
    with pytest.raises(ThuocdoError, match=f"Line {number} of the book.*: not signed by"):
        old.steps()


def test_the_line_behind_one_that_was_taken_out_is_named(old: Book) -> None:
    old.append(SIGN, old.steps())
    (old.folder / "0002.jws").unlink()
    with pytest.raises(ThuocdoError, match=r"Line 2 of the book.*: a line before it is missing"):
        old.steps()


def test_a_line_of_another_weeks_book_is_named(old: Book) -> None:
    other = Book(instance.load({"THUOCDO_HOME": str(old.folder.parents[1])}), "2026-W41")
    other.folder.mkdir()
    (old.folder / "0001.jws").rename(other.folder / "0001.jws")
    with pytest.raises(ThuocdoError, match=r"Line 1 of the book of 2026-W41.*: it is of another"):
        other.steps()


def test_what_came_meanwhile_is_not_written_over(old: Book) -> None:
    steps = old.steps()
    old.append(SIGN, steps)
    with pytest.raises(Taken):
        old.append(SIGN, steps)
    assert old.tokens() == LINES


@pytest.mark.parametrize("step", ["fsync", "link"])
def test_a_full_disk_leaves_no_line_and_nothing_of_the_attempt(
    old: Book, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, step, full)
        with pytest.raises(OSError, match="No space"):
            old.append(SIGN, old.steps())
    assert sorted(path.name for path in old.folder.iterdir()) == ["0001.jws", "0002.jws"]
    old.append(SIGN, old.steps())
    assert old.tokens() == LINES


def test_dying_before_any_step_costs_no_line_and_hinders_nobody(old: Book) -> None:
    deaths = 0
    while dies(lambda: old.append(SIGN, old.steps()), before=deaths + 1):
        deaths += 1
        assert old.tokens() in (LINES[:2], LINES)
        (old.folder / "0003.jws").unlink(missing_ok=True)
    assert deaths >= 4
    assert old.tokens() == LINES
    assert len(old.steps()) == 3
