"""Heads that were kept: one a day, and one whenever it was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from thuocdo.lake.ledger.book import head_in
from thuocdo.lake.ledger.records import Head

if TYPE_CHECKING:
    from thuocdo.lake.ledger.ledger import Ledger


def kept_heads(ledger: Ledger) -> list[tuple[str, Head]]:
    """(name, head) of every kept head. Raises ThuocdoError `bad_head`."""
    return [
        (path.stem, head_in(path.read_text(), ledger.signer.public, path))
        for path in ledger.book.kept()
    ]
