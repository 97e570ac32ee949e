"""Asking the ledger: what its head tells, which rows its first leaves have. It needs no more than the public key."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from thuocdo.core import merkle
from thuocdo.core.signing import PublicKey
from thuocdo.lake.ledger.book import NOTHING, Book
from thuocdo.lake.ledger.index import Index
from thuocdo.lake.ledger.records import Head, Leaf, Span, leaf_of
from thuocdo.lake.schemas import EVENT_TABLES


class LedgerReader:
    """A ledger to be read, this instance's or a copy of another's.

    public       the key that must have signed its head
    index_place  folder for the index that looking up needs; None: the ledger's own
    """

    def __init__(self, book: Book, public: PublicKey, index_place: Path | None = None) -> None:
        self.book, self.public = book, public
        self._place = index_place or book.folder
        self._index: Index | None = None

    @property
    def index(self) -> Index:
        """The index, as it followed the head last asked for."""
        if self._index is None:
            self._index = Index(self.book, self._place)
        return self._index

    def close(self) -> None:
        if self._index is not None:
            self._index.close()
            self._index = None

    def head(self) -> Head | None:
        """The current head; None before the ledger began. Raises ThuocdoError `bad_head`."""
        return self.book.head(self.public)

    def at(self, instant: int) -> Head | None:
        """The last kept or current head made at or before an instant (µs UTC); None when none was."""
        heads = self.book.kept_heads(self.public)
        current = self.head()
        heads += [current] if current is not None else []
        return max((h for h in heads if h.at <= instant), key=lambda h: h.size, default=None)

    def leaves(self, first: int, last: int) -> Iterator[Leaf]:
        """The leaves number `first` to `last`, both included, counted from 0."""
        return map(leaf_of, self.lines(first, last))

    def lines(self, first: int, last: int) -> Iterator[bytes]:
        """Those leaves as they are written: what the log hashes."""
        head = self.head() or NOTHING
        self.index.follow(head)
        start = self.index.place_of(first)
        if start is None:
            return
        end = self.index.place_of(last + 1)
        end = head.leaves_bytes if end is None else end
        yield from self.book.lines(self.book.leaves_path, start, end)

    def segments_after(self, size: int) -> set[Span]:
        """The rows of event tables that the log of the first `size` leaves does not have.

        Exact for every event table: whoever leaves them out reads the lake as it was known at that
        size. Dimensions have no segments: their rows are known by `recorded_at`, see `RowsLeaf.known`.
        """
        self.index.follow(self.head() or NOTHING)
        return {
            Span(part.table, part.segment, part.first, part.last)
            for part in self.index.after(size)
            if part.table in EVENT_TABLES
        }

    def youngest(self, tables: Sequence[str], size: int) -> int:
        """The last moment at which a row that the first `size` leaves tell of some tables was known.

        `recorded_at` of a dimension, `landed_at` of an event table; µs UTC, 0 when they tell none.
        """
        self.index.follow(self.head() or NOTHING)
        return self.index.youngest(tables, size)

    def root_at(self, size: int) -> str:
        """The root of the log of the first `size` leaves, hex; "" when it has fewer."""
        hashes = self.book.hashes(size)
        return merkle.root_of(hashes).hex() if len(hashes) == size * merkle.WIDTH else ""

    def erased_after(self, size: int) -> int:
        """How many rows were erased by law since the log had `size` leaves."""
        self.index.follow(self.head() or NOTHING)
        return self.index.erased_after(size)
