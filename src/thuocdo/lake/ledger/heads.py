"""Heads that were kept: one a day, and one whenever it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thuocdo.core.clock import local_day
from thuocdo.core.settings import Settings
from thuocdo.lake.ledger.book import Book, head_in
from thuocdo.lake.ledger.records import Head

if TYPE_CHECKING:
    from thuocdo.lake.ledger.ledger import Ledger


def kept_heads(ledger: Ledger) -> list[tuple[str, Head]]:
    """(name, head) of every kept head. Raises ThuocdoError `bad_head`."""
    return [
        (path.stem, head_in(path.read_text(), ledger.signer.public, path))
        for path in ledger.book.kept()
    ]


def head_is_due(settings: Settings, now: int) -> bool:
    """Whether the head of a day (that of `now`, µs UTC; Vietnam's) is to be kept still."""
    book = Book(settings.ledger_dir)
    return book.head_path.exists() and not book.kept_path(local_day(now).isoformat()).exists()
