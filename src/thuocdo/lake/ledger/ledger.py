# ruff: noqa: S608 - every name put into SQL here is a constant or a quoted path
"""The ledger of one instance: what landed since the last head becomes leaves, and a new head is signed.

`extend` asks the Delta logs which files came since the versions the head names, hashes their rows,
and adds a leaf for each segment of each table. It may be killed anywhere: until the new head stands
the old one tells, and the next run comes to the same leaves. Where the log was cleaned meanwhile, or
a file was merged away, the rows that no leaf speaks of yet are looked for in the whole table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Final, NamedTuple

import duckdb
import numpy as np
import pyarrow as pa

from thuocdo.core import merkle
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import Signer
from thuocdo.lake.ledger import rows as row_forms
from thuocdo.lake.ledger.book import NOTHING, Book, Entry
from thuocdo.lake.ledger.moves import Moves, checkpoint, described, moves, relative
from thuocdo.lake.ledger.reading import LedgerReader
from thuocdo.lake.ledger.records import FileLine, Head, RowsLeaf
from thuocdo.lake.ledger.rows import Hashed
from thuocdo.lake.locks import held
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake

TABLES: Final = (*EVENT_TABLES, *DIMENSIONS)
"""Every table: a figure depends on all. New leaves come in this order."""
ROWS_A_LEAF: Final = 1 << 20
"""An import may bring a whole year: its rows are cut into leaves of this many."""
ROWS_AT_ONCE: Final = 2_000_000
"""Rows hashed together: some hundred megabytes."""
LINES_A_FILE: Final = 8
"""The list of files is begun anew when it has this many lines for each file there is."""
_FEWEST_LINES: Final = 2_000
_LINE_BYTES: Final = 160
_PATIENCE_SECONDS: Final = 3600.0

Progress = Callable[[int, int | None], None]
"""Told how many rows are hashed, of how many."""


class Ledger(LedgerReader):
    """The ledger in `<home>/ledger`. Safe to use from several processes: one extends, others wait."""

    def __init__(self, settings: Settings, lake: Lake) -> None:
        self.lake = lake
        self.signer = Signer.of(settings.home)
        super().__init__(Book(settings.ledger_dir), self.signer.public)
        self._spill = settings.state_dir / "spill"
        self._engine: duckdb.DuckDBPyConnection | None = None

    @property
    def engine(self) -> duckdb.DuckDBPyConnection:
        if self._engine is None:
            self._spill.mkdir(parents=True, exist_ok=True)
            self._engine = row_forms.opened(spill=str(self._spill))
        return self._engine

    def close(self) -> None:
        super().close()
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def extend(self, progress: Progress = lambda _done, _total: None) -> Head:
        """Bring the ledger up to the lake; the head that now stands.

        Raises ThuocdoError `bad_head`, `ledger_cut`, `busy`, or `lake_behind` when the lake has
        less than the ledger vouches for.
        """
        with held(self.book.folder / ".lock", "ledger", _PATIENCE_SECONDS):
            return self.extend_locked(progress)

    def extend_locked(self, progress: Progress = lambda _done, _total: None) -> Head:
        """`extend`, for who holds the lock."""
        base = self.head() or NOTHING
        versions = {table: self.lake.version(table) for table in TABLES}
        if versions == base.versions:
            return base
        self.index.follow(base)
        entries: list[Entry] = []
        files: list[FileLine] = []
        for table, until in versions.items():
            since = base.versions.get(table, -1)
            if since == until:
                continue
            if since > until:
                raise _behind(table, since, until)
            moved = moves(self.lake, table, since, until)
            files += self._files(table, until, moved)
            entries += _Growth(self, table, until, moved, progress).entries()
        return self.publish(base, entries, files, versions)

    def publish(
        self,
        base: Head,
        entries: Sequence[Entry],
        moved: Sequence[FileLine],
        versions: Mapping[str, int],
    ) -> Head:
        """A new head that tells some entries more; for who holds the lock."""
        most = LINES_A_FILE * (self.index.files_count() + _FEWEST_LINES) * _LINE_BYTES
        anew = base.files_bytes > most
        files = self._inventory(moved) if anew else moved
        head = self.book.append(base, entries, files, versions, now_us(), self.signer, anew=anew)
        self.index.follow(head)
        return head

    def keep(self, now: int) -> Path:
        """Keep the current head as that of the day of `now` (µs UTC; Vietnam's), when it has none."""
        return self.book.keep(local_day(now).isoformat())

    def _files(self, table: str, until: int, moved: Moves) -> Iterator[FileLine]:
        """What is new about the files of a table."""
        gone = {relative(self.lake, path) for path in moved.gone}
        if moved.unclear:
            live = {relative(self.lake, Path(p)) for p in self.lake.files(table, version=until)}
            known = {file.path for file in self.index.files(f"{table}/")}
            gone |= {path for path in known - live if not path.startswith(f"{table}/_")}
        version, files = checkpoint(self.lake, table)
        for path in (*dict.fromkeys(moved.came), *files):
            name = relative(self.lake, path)
            found = None if name in gone else described(self.lake, path)
            if found and self.index.digest(name) != (found.size, found.sha256):
                yield found
        for name in sorted(gone):
            if self.index.digest(name) is not None:
                yield FileLine(name)
        if files and self.index.digest(relative(self.lake, files[-1])) is None:
            yield from self._cleaned(table, version)

    def _cleaned(self, table: str, version: int) -> Iterator[FileLine]:
        """Log files that a checkpoint made needless and a clean-up took, the oldest first."""
        for file in self.index.files(f"{table}/_delta_log/0"):
            if file.path >= f"{table}/_delta_log/{version:020d}":
                return
            if not (self.lake.root / file.path).exists():
                yield FileLine(file.path)

    def _inventory(self, moved: Sequence[FileLine]) -> list[FileLine]:
        """Every file that is in the list once some have moved."""
        there = {file.path: file for file in self.index.files()}
        there.update((file.path, file) for file in moved)
        return [file for _, file in sorted(there.items()) if file.sha256]


class _Unit(NamedTuple):
    """Rows to be hashed together: an SQL source and how many they are."""

    source: str
    rows: int


class _Growth:
    """The new leaves of one table."""

    def __init__(
        self, ledger: Ledger, table: str, until: int, moved: Moves, progress: Progress
    ) -> None:
        self._ledger, self._table, self._until = ledger, table, until
        self._moved, self._progress = moved, progress

    def entries(self) -> Iterator[Entry]:
        """In the order of segments."""
        for made in self._hashed():
            yield from self._leaves(made)

    def _hashed(self) -> Iterator[Hashed]:
        engine, table = self._ledger.engine, self._table
        done = 0
        for unit in self._units():
            made = row_forms.hashed(engine, table, unit.source)
            if self._moved.unclear:
                made = self._unlisted(made)
            yield made
            done += unit.rows
            self._progress(done, None)

    def _units(self) -> Iterator[_Unit]:
        """What has to be hashed, in pieces that fit in memory."""
        moved = self._moved
        if not moved.unclear:
            if not moved.added:
                return
            source = row_forms.source(self._table, moved.added)
            if moved.rows <= ROWS_AT_ONCE or self._table in DIMENSIONS:
                yield _Unit(source, moved.rows)
            else:
                yield from self._pieces(source)
            return
        paths = self._ledger.lake.files(self._table, version=self._until)
        if not paths:
            return
        source = row_forms.source(self._table, paths)
        if self._table in DIMENSIONS:
            yield _Unit(source, 0)
            return
        engine = self._ledger.engine
        parts = [part for part in self._ledger.index.parts(self._table) if part.kind == "rows"]
        known = pa.table(
            {
                "segment": pa.array([part.segment for part in parts], pa.string()),
                "first": pa.array([part.first for part in parts], pa.int64()),
                "last": pa.array([part.last for part in parts], pa.int64()),
            }
        )
        engine.register("known_parts", known)
        yield from self._pieces(
            f"(FROM {source} r WHERE NOT EXISTS (FROM known_parts k WHERE k.segment = r.segment "
            "AND r.event_id BETWEEN k.first AND k.last))"
        )
        engine.unregister("known_parts")

    def _pieces(self, source: str) -> Iterator[_Unit]:
        """A source cut between segments, and inside of large ones between ranges of numbers."""
        counted = self._ledger.engine.sql(
            f"SELECT segment, count(*), min(event_id), max(event_id) FROM {source} "
            "GROUP BY segment ORDER BY segment"
        ).fetchall()
        together: list[str] = []
        size = 0
        for segment, count, first, last in counted:
            if count > ROWS_AT_ONCE:
                for start in range(first, last + 1, ROWS_A_LEAF):
                    end = min(start + ROWS_A_LEAF - 1, last)
                    within = f"event_id BETWEEN {start} AND {end}"
                    yield _Unit(_only(source, [segment], within), end - start + 1)
                continue
            if together and size + count > ROWS_AT_ONCE:
                yield _Unit(_only(source, together), size)
                together, size = [], 0
            together.append(segment)
            size += count
        if together:
            yield _Unit(_only(source, together), size)

    def _leaves(self, made: Hashed) -> Iterator[Entry]:
        """A leaf for each segment; several when it has very many rows."""
        edges = np.flatnonzero(np.diff(made.segment)) + 1
        starts = [0, *edges.tolist()]
        ends = [*edges.tolist(), len(made.segment)]
        for begin, end in zip(starts, ends, strict=True):
            start = begin
            while end - start > ROWS_A_LEAF and self._table in EVENT_TABLES:
                cut = start + ROWS_A_LEAF
                if made.event_id[cut] == made.event_id[cut - 1]:
                    break
                yield self._leaf(made, start, cut)
                start = cut
            if end > start:
                yield self._leaf(made, start, end)

    def _leaf(self, made: Hashed, start: int, end: int) -> Entry:
        hashes = made.hashes[start:end]
        segment = made.segments[made.segment[start]]
        first, last = int(made.event_id[start]), int(made.event_id[end - 1])
        listed = self._table in DIMENSIONS or self._ledger.index.overlaps(
            self._table, segment, first, last
        )
        data = hashes.tobytes()
        leaf = RowsLeaf(
            table=self._table,
            rows=end - start,
            root=merkle.root_of(data).hex(),
            known=int(made.known[start:end].max()),
            segment=segment,
            first=first,
            last=last,
            listed=listed,
        )
        return Entry(leaf, data if listed else b"")

    def _unlisted(self, made: Hashed) -> Hashed:
        """The rows that no leaf lists yet."""
        book = self._ledger.book
        known: Counter[bytes] = Counter()
        for part in self._ledger.index.parts(self._table):
            if part.kind != "listed":
                continue
            listed = book.listed_path(part.number).read_bytes()
            known.update(
                listed[at : at + merkle.WIDTH] for at in range(0, len(listed), merkle.WIDTH)
            )
        new = np.zeros(len(made.hashes), np.bool_)
        for place, digest in enumerate(made.hashes):
            name = digest.tobytes()
            new[place] = known[name] == 0
            known[name] -= not new[place]
        return Hashed(
            made.segments, made.segment[new], made.event_id[new], made.known[new], made.hashes[new]
        )


def _only(source: str, segments: list[str], within: str = "true") -> str:
    names = ", ".join("'" + name.replace("'", "''") + "'" for name in segments)
    return f"(FROM {source} WHERE segment IN ({names}) AND {within})"


def _behind(table: str, since: int, until: int) -> ThuocdoError:
    return ThuocdoError(
        "lake_behind",
        f"The ledger vouches for version {since} of {table}, and the lake has only {until}.",
        "Bring back the lake that belongs to the ledger; of a lake made anew, move the folder "
        "`ledger` of the old one away.",
    )


def extended(settings: Settings, lake: Lake) -> Head:
    """`Ledger.extend` for whoever needs it once."""
    with closing(Ledger(settings, lake)) as ledger:
        return ledger.extend()
