"""An index of the ledger for looking things up. All of it follows from the lists: lose it and it is made again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from thuocdo.lake.ledger.book import Book
from thuocdo.lake.ledger.records import ErasedLeaf, FileLine, Head, RowsLeaf, file_of, leaf_of

_FILE: Final = "index.sqlite3"
_BUSY_MS: Final = 60_000
_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS told (
    leaves INTEGER, leaves_bytes INTEGER, list INTEGER, files_bytes INTEGER
);
CREATE TABLE IF NOT EXISTS leaf (
    number INTEGER PRIMARY KEY, place INTEGER, kind TEXT, tbl TEXT, segment TEXT,
    first INTEGER, last INTEGER, known INTEGER
);
CREATE INDEX IF NOT EXISTS leaf_by_segment ON leaf (tbl, segment, first);
CREATE TABLE IF NOT EXISTS file (path TEXT PRIMARY KEY, size INTEGER, sha256 TEXT) WITHOUT ROWID;
"""


class Part(NamedTuple):
    """A leaf of rows: its number, and the rows it is about; kind `rows` or `listed`."""

    number: int
    kind: str
    table: str
    segment: str
    first: int
    last: int


class Index:
    """Opened for reading and writing by whoever needs it; follows the head it is given."""

    def __init__(self, book: Book, place: Path) -> None:
        """place: the folder it lies in"""
        self._book = book
        place.mkdir(parents=True, exist_ok=True)
        self._path = place / _FILE
        self._db = self._opened()

    def close(self) -> None:
        self._db.close()

    def follow(self, head: Head) -> None:
        """Know all that a head tells and no more."""
        told = (head.size, head.leaves_bytes, head.inventory, head.files_bytes)
        there = self._db.execute("SELECT * FROM told").fetchone() or (0, 0, 0, 0)
        if there == told:
            return
        self._db.execute("BEGIN IMMEDIATE")
        leaves, leaves_bytes, number, files_bytes = there
        if leaves_bytes > head.leaves_bytes:
            self._db.execute("DELETE FROM leaf")
            leaves, leaves_bytes = 0, 0
        if number != head.inventory or files_bytes > head.files_bytes:
            self._db.execute("DELETE FROM file")
            files_bytes = 0
        lines = self._book.lines(self._book.leaves_path, leaves_bytes, head.leaves_bytes)
        self._db.executemany(
            "INSERT OR REPLACE INTO leaf VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            _rows(lines, leaves, leaves_bytes),
        )
        files = self._book.files_path(head.inventory)
        for line in self._book.lines(files, files_bytes, head.files_bytes):
            self._move(file_of(line))
        self._db.execute("DELETE FROM told")
        self._db.execute("INSERT INTO told VALUES (?, ?, ?, ?)", told)
        self._db.execute("COMMIT")

    def place_of(self, number: int) -> int | None:
        """Where a leaf's line begins."""
        found = self._db.execute("SELECT place FROM leaf WHERE number = ?", (number,)).fetchone()
        return None if found is None else int(found[0])

    def parts(self, table: str, segment: str | None = None) -> list[Part]:
        """The leaves of rows of a table, of one segment or all, in the order of the log."""
        only = "" if segment is None else " AND segment = ?"
        return [
            Part(*row)
            for row in self._db.execute(
                "SELECT number, kind, tbl, segment, first, last FROM leaf"  # noqa: S608
                f" WHERE kind IN ('rows', 'listed') AND tbl = ?{only} ORDER BY number",
                (table,) if segment is None else (table, segment),
            )
        ]

    def tombstones(self, table: str, segment: str) -> list[int]:
        """The numbers of the leaves that tell of erased rows of a segment."""
        found = self._db.execute(
            "SELECT number FROM leaf WHERE tbl = ? AND segment = ? AND kind = 'erased'",
            (table, segment),
        )
        return [int(number) for (number,) in found]

    def overlaps(self, table: str, segment: str, first: int, last: int) -> bool:
        """Whether a leaf already speaks of rows of a segment within a range of numbers."""
        found = self._db.execute(
            "SELECT 1 FROM leaf WHERE tbl = ? AND segment = ? AND kind = 'rows'"
            " AND first <= ? AND last >= ? LIMIT 1",
            (table, segment, last, first),
        ).fetchone()
        return found is not None

    def after(self, size: int) -> Iterator[Part]:
        """The leaves of rows from number `size` on."""
        for row in self._db.execute(
            "SELECT number, kind, tbl, segment, first, last FROM leaf"
            " WHERE number >= ? AND kind IN ('rows', 'listed') ORDER BY number",
            (size,),
        ):
            yield Part(*row)

    def youngest(self, tables: Sequence[str], size: int) -> int:
        """The greatest `known` of the first `size` leaves' rows of some tables, µs UTC; 0 for none."""
        names = ", ".join("?" * len(tables))
        found = self._db.execute(
            f"SELECT max(known) FROM leaf WHERE tbl IN ({names})"  # noqa: S608
            " AND kind IN ('rows', 'listed') AND number < ?",
            (*tables, size),
        ).fetchone()
        return int(found[0] or 0)

    def erased_after(self, size: int) -> int:
        """Tombstones among the leaves from number `size` on."""
        found = self._db.execute(
            "SELECT count(*) FROM leaf WHERE number >= ? AND kind = 'erased'", (size,)
        )
        return int(found.fetchone()[0])

    def digest(self, path: str) -> tuple[int, str] | None:
        """(size, sha256) of a file that is in the list."""
        found = self._db.execute("SELECT size, sha256 FROM file WHERE path = ?", (path,))
        size, digest = found.fetchone() or (0, "")
        return (size, digest) if digest else None

    def files(self, within: str = "") -> Iterator[FileLine]:
        """The files in the list, all or those whose path begins so; by path."""
        for row in self._db.execute(
            "SELECT path, size, sha256 FROM file WHERE path >= ? AND path < ? ORDER BY path",
            (within, within + "\U0010ffff"),
        ):
            yield FileLine(*row)

    def files_count(self) -> int:
        return int(self._db.execute("SELECT count(*) FROM file").fetchone()[0])

    def _move(self, file: FileLine) -> None:
        if file.sha256:
            row = (file.path, file.size, file.sha256)
            self._db.execute("INSERT OR REPLACE INTO file VALUES (?, ?, ?)", row)
        else:
            self._db.execute("DELETE FROM file WHERE path = ?", (file.path,))

    def _opened(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
        db.execute(f"PRAGMA busy_timeout = {_BUSY_MS}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = OFF")  # it can be made again
        db.executescript(_SCHEMA)
        return db


def _rows(
    lines: Iterable[bytes], number: int, place: int
) -> Iterator[tuple[int, int, str, str, str, int, int, int]]:
    for line in lines:
        leaf = leaf_of(line)
        if isinstance(leaf, RowsLeaf):
            kind = "listed" if leaf.listed else "rows"
            yield (
                *(number, place, kind, leaf.table, leaf.segment),
                *(leaf.first, leaf.last, leaf.known),
            )
        elif isinstance(leaf, ErasedLeaf):
            yield (
                *(number, place, "erased", leaf.table, leaf.segment),
                *(leaf.event_id, leaf.event_id, leaf.at),
            )
        number += 1
        place += len(line) + 1
