# ruff: noqa: S608 - every name put into SQL here is a constant or a quoted path
"""The rows of the lake against the leaves: each segment's rows are those that landed, and no others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core import merkle
from thuocdo.lake.ledger import rows as row_forms
from thuocdo.lake.ledger.book import Book
from thuocdo.lake.ledger.findings import Finding, Tick, Wrong
from thuocdo.lake.ledger.records import ErasedLeaf, Leaf, RowsLeaf
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES

_BATCH_ROWS: Final = 500_000
_MEMORY: Final = "1GiB"

Digests = npt.NDArray[np.uint8]
Numbers = npt.NDArray[np.int64]


@dataclass(slots=True)
class Counted:
    """How many rows were looked at, and how many tombstones stood for one."""

    rows: int = 0
    erased: int = 0


@dataclass(slots=True)
class _Told:
    """What the leaves tell of one segment of a table (of all of a dimension)."""

    parts: list[RowsLeaf] = field(default_factory=list)
    listed: list[tuple[int, RowsLeaf]] = field(default_factory=list)
    erased: list[ErasedLeaf] = field(default_factory=list)


def check(
    lake: Path,
    book: Book,
    leaves: Sequence[Leaf],
    files: Sequence[str],
    spill: Path,
    tick: Tick,
    findings: list[Finding],
) -> Counted:
    """Compare every table's rows with the leaves; adds to `findings`.

    files  the data files that may be read, relative to the lake; rows of others are missing
    """
    counted = Counted()
    spill.mkdir(parents=True, exist_ok=True)
    with closing(row_forms.opened(_MEMORY, str(spill))) as engine:
        for table in (*EVENT_TABLES, *DIMENSIONS):
            told = _told(table, leaves)
            own = [str(lake / name) for name in files if name.startswith(f"{table}/")]
            total = sum(
                leaf.rows for leaf in leaves if isinstance(leaf, RowsLeaf) and leaf.table == table
            )
            seen = set()
            for segment, numbers, digests in _segments(engine, table, own):
                seen.add(segment)
                counted.rows += len(numbers)
                _Segment(book, table, segment, told.get(segment, _Told()), findings, counted).check(
                    numbers, digests
                )
                tick(table, counted.rows, total)
            for segment in told.keys() - seen:
                nothing = np.zeros((0, merkle.WIDTH), np.uint8)
                _Segment(book, table, segment, told[segment], findings, counted).check(
                    np.zeros(0, np.int64), nothing
                )
    return counted


def _told(table: str, leaves: Sequence[Leaf]) -> Mapping[str, _Told]:
    told: dict[str, _Told] = defaultdict(_Told)
    for number, leaf in enumerate(leaves):
        if leaf.table != table:
            continue
        if isinstance(leaf, ErasedLeaf):
            told[leaf.segment].erased.append(leaf)
        elif leaf.listed:
            told[leaf.segment].listed.append((number, leaf))
        else:
            told[leaf.segment].parts.append(leaf)
    return told


def _segments(
    engine: duckdb.DuckDBPyConnection, table: str, paths: Sequence[str]
) -> Iterator[tuple[str, Numbers, Digests]]:
    """(segment, event ids, hashes) of every segment, rows in order; the engine sorts, and spills."""
    if not paths:
        return
    rows = engine.sql(
        f"SELECT segment, event_id, hash FROM (SELECT {row_forms.select(table)} "
        f"FROM {row_forms.source(table, paths)}) ORDER BY segment, event_id, hash"
    ).to_arrow_reader(_BATCH_ROWS)
    current: str | None = None
    numbers: list[Numbers] = []
    digests: list[Digests] = []
    for batch in rows:
        for segment, start, end in _runs(batch.column(0)):
            if current is not None and segment != current:
                yield current, np.concatenate(numbers), np.concatenate(digests)
                numbers, digests = [], []
            current = segment
            numbers.append(batch.column(1).slice(start, end - start).to_numpy())
            digests.append(row_forms.hash_array(batch.column(2).slice(start, end - start)))
    if current is not None:
        yield current, np.concatenate(numbers), np.concatenate(digests)


def _runs(segments: pa.Array[pa.StringScalar]) -> Iterator[tuple[str, int, int]]:
    """Runs of equal names: (name, start, end)."""
    encoded = segments.dictionary_encode()
    codes = encoded.indices.to_numpy()
    edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
    for start, end in pairwise(edges):
        if end > start:
            yield str(segments[start].as_py()), start, end


@dataclass(slots=True)
class _Segment:
    """The check of one segment."""

    book: Book
    table: str
    segment: str
    told: _Told
    findings: list[Finding]
    counted: Counted

    def check(self, numbers: Numbers, digests: Digests) -> None:
        numbers, digests = self._with_tombstones(numbers, digests)
        left = np.ones(len(numbers), np.bool_)
        if self.told.listed:
            self._listed(digests, left)
        for leaf in self.told.parts:
            inside = left & (numbers >= leaf.first) & (numbers <= leaf.last)
            left &= ~inside
            found = int(inside.sum())
            if found != leaf.rows:
                self._wrong(f"{leaf.rows} rows landed and {found} are there.", leaf)
            elif merkle.root_of(digests[inside].tobytes()).hex() != leaf.root:
                self._wrong("The rows are not those that landed.", leaf)
        if left.any():
            detail = f"{int(left.sum())} rows that no leaf speaks of."
            self.findings.append(Finding(Wrong.UNTOLD, self._name(), detail))

    def _with_tombstones(self, numbers: Numbers, digests: Digests) -> tuple[Numbers, Digests]:
        """The rows with the hashes of those that were erased in their places."""
        if not self.told.erased:
            return numbers, digests
        there = Counter(row.tobytes() for row in digests)
        more = []
        for leaf in self.told.erased:
            digest = bytes.fromhex(leaf.hash)
            if there[digest]:
                detail = f"Row {leaf.event_id} was erased and is there."
                self.findings.append(Finding(Wrong.UNTOLD, self._name(), detail))
                there[digest] -= 1
            else:
                more.append((leaf.event_id, digest))
        self.counted.erased += len(more)
        pairs = [(int(n), row.tobytes()) for n, row in zip(numbers, digests, strict=True)]
        pairs = sorted([*pairs, *more])
        data = b"".join(digest for _, digest in pairs)
        array = np.frombuffer(data, np.uint8).reshape(-1, merkle.WIDTH)
        return np.array([number for number, _ in pairs], np.int64), array

    def _listed(self, digests: Digests, left: npt.NDArray[np.bool_]) -> None:
        """Take the rows of leaves that list them out of what is left."""
        places: dict[bytes, list[int]] = defaultdict(list)
        for place, row in enumerate(digests):
            places[row.tobytes()].append(place)
        for number, leaf in self.told.listed:
            path = self.book.listed_path(number)
            data = path.read_bytes() if path.exists() else b""
            if merkle.root_of(data).hex() != leaf.root:
                where = f"ledger/{path.relative_to(self.book.folder).as_posix()}"
                detail = f"It does not hold the hashes of leaf {number}."
                self.findings.append(Finding(Wrong.CHANGED, where, detail))
            missing = 0
            for at in range(0, len(data), merkle.WIDTH):
                found = places.get(data[at : at + merkle.WIDTH])
                if found:
                    left[found.pop()] = False
                else:
                    missing += 1
            if missing:
                self._wrong(
                    f"{missing} of the {leaf.rows} rows of leaf {number} are not there.", leaf
                )

    def _wrong(self, detail: str, leaf: RowsLeaf) -> None:
        if leaf.segment and not leaf.listed:
            detail = f"{detail} (event_id {leaf.first} to {leaf.last})"
        self.findings.append(Finding(Wrong.ROWS_CHANGED, self._name(), detail))

    def _name(self) -> str:
        return f"{self.table} {self.segment}".rstrip()
