"""Looks at rest: today's in a journal, every day that is over in one Parquet file, chained and signed.

    <home>/watching/2026-11-28.ndjson     a look a line, appended and never changed; readable as it is
    <home>/watching/2026-11-28.parquet    the same, ordered by system and time, once the day (Vietnam's) is over
    <home>/watching/days.ndjson           a signed line a file (`Day`), each naming the digest of the line before

A journal may end in half a line after a death or a full disk: whoever appends next begins a new line, and
the half is passed over. A day may have several files, `….2.parquet` and so on, when a clock was set back.
`verify` recomputes every digest; what was dropped when its time was over (policy: keep_days) is still told
by its line. Nothing here is of a person.
"""

from __future__ import annotations

import hashlib
import io
import os
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final, NamedTuple

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import structlog

from thuocdo.assess.watching.model import Look
from thuocdo.core import clock, files
from thuocdo.core.chain import Chain, bytes_of, text_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.signing import PublicKey, Signer

_FIELDS: Final[list[pa.Field[Any]]] = [
    pa.field("system", pa.string(), nullable=False),
    pa.field("at", pa.int64(), nullable=False),  # µs UTC
    pa.field("fault", pa.string()),
    pa.field("status", pa.int16()),
    pa.field("ttfb_ms", pa.int32()),
    pa.field("family", pa.int8()),
    pa.field("again", pa.bool_(), nullable=False),
]
SCHEMA: Final = pa.schema(_FIELDS)
_CODED: Final = ("system", "fault")
_LEVEL: Final = 9
_NEWLINE: Final = b"\n"

log = structlog.get_logger("thuocdo.watching")


class Day(msgspec.Struct, frozen=True):
    """What is signed about one file.

    rows      looks in it
    previous  SHA-256 of the line before, zeros for the first
    """

    file: str
    sha256: str
    size: int
    rows: int
    previous: str = msgspec.field(default="", name="before")


_DAYS: Final = Chain(Day)


@dataclass
class Journal:
    """Appends looks; one process at a time. `add` is written when it returns, `sync` puts it on disk."""

    folder: Path
    _open: dict[date, BinaryIO] = field(default_factory=dict)
    _torn: set[date] = field(default_factory=set)

    def add(self, look: Look) -> None:
        """Raises OSError when it cannot be written; the next look is then written on a line of its own."""
        day = clock.local_day(look.at)
        file = self._open.get(day) or self._opened(day)
        line = (_NEWLINE if day in self._torn else b"") + msgspec.json.encode(look) + _NEWLINE
        self._torn.add(day)
        if file.write(line) != len(line):
            raise OSError("half a line was written")
        self._torn.discard(day)

    def sync(self) -> None:
        for file in list(self._open.values()):
            os.fsync(file.fileno())

    def close(self) -> None:
        for file in self._open.values():
            file.close()
        self._open.clear()

    def _opened(self, day: date) -> BinaryIO:
        for other in [each for each in self._open if each != day]:
            self._open.pop(other).close()
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{day}.ndjson"
        file = path.open("ab", buffering=0)
        self._open[day] = file
        if path.stat().st_size and path.read_bytes()[-1:] != _NEWLINE:
            self._torn.add(day)
        return file


def journals(folder: Path) -> list[Path]:
    """Journals of days that are not sealed, the oldest first."""
    return sorted(folder.glob("????-??-??.ndjson"))


def read_journal(path: Path) -> list[Look]:
    """The looks of a journal; a line that a death cut short is passed over."""
    return _decoded(path.read_bytes())


def _decoded(journal: bytes) -> list[Look]:
    found = []
    decode = msgspec.json.Decoder(Look).decode
    for line in journal.split(_NEWLINE):
        try:
            if line:
                found.append(decode(line))
        except msgspec.DecodeError:
            log.debug("half a line was passed over", bytes=len(line))
    return found


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""


def table_of(looks: Sequence[Look]) -> pa.Table:
    rows = [
        (each.system, each.at, each.fault, each.status, each.ttfb_ms, each.family, each.again)
        for each in looks
    ]
    columns: list[Any] = [list(column) for column in zip(*rows, strict=True)] or [[]] * len(SCHEMA)
    return pa.table(
        [pa.array(column, kind.type) for column, kind in zip(columns, SCHEMA, strict=True)],
        schema=SCHEMA,
    )


def read(folder: Path, since: int, until: int) -> pa.Table:
    """Every look in [since, until), µs UTC, as `SCHEMA` with its words as dictionaries; in no order.

    Raises ThuocdoError `bad_looks` when a file is none of ours.
    """
    found = [_coded(SCHEMA.empty_table())]
    day, last = clock.local_day(since), clock.local_day(max(since, until - 1))
    while day <= last:
        path = folder / f"{day}.ndjson"
        journal = _TAILS.of(path)  # before the files: it may be sealed meanwhile
        sealed = _sealed(folder, day)
        found += [_opened(each) for each in sealed]
        if journal is not None and not (sealed and _is_gone_or_sealed(path, sealed)):
            found.append(journal)
        day += timedelta(days=1)
    every = pa.concat_tables(found).unify_dictionaries()
    return every.filter((pc.field("at") >= since) & (pc.field("at") < until))


def _opened(path: Path) -> pa.Table:
    try:
        return _coded(pq.ParquetFile(path, read_dictionary=list(_CODED)).read())
    except (pa.ArrowException, FileNotFoundError, KeyError) as problem:
        raise _bad(path, str(problem)) from problem


def _coded(looks: pa.Table) -> pa.Table:
    """The few words there are as dictionaries."""
    columns = []
    for name in SCHEMA.names:
        column = looks[name]
        is_plain = name in _CODED and not pa.types.is_dictionary(column.type)
        columns.append(column.dictionary_encode() if is_plain else column)
    return pa.Table.from_arrays(columns, names=SCHEMA.names)


def _is_gone_or_sealed(path: Path, sealed: Sequence[Path]) -> bool:
    journal = _content(path)
    return not journal or _is_sealed_already(journal, sealed)


class _Tail(NamedTuple):
    """A journal as far as it was read: which file, how many bytes, its looks."""

    inode: int
    offset: int
    looks: pa.Table


class _Tails:
    """The journals of this process's instances: only what was appended since is read again."""

    _MOST: Final = 3  # days that may be open at once
    _CHUNKS: Final = 64

    def __init__(self) -> None:
        self._known: dict[Path, _Tail] = {}
        self._turn = threading.Lock()

    def of(self, path: Path) -> pa.Table | None:
        """The whole lines of a journal; None when there is none."""
        with self._turn:
            known = self._known.pop(path, None)
            try:
                file = path.open("rb")
            except FileNotFoundError:
                return None
            with file:
                known = self._read_on(file, known)
            self._known[path] = known  # the last one asked for stands last
            while len(self._known) > self._MOST:
                self._known.pop(next(iter(self._known)))
            return known.looks

    def _read_on(self, file: BinaryIO, known: _Tail | None) -> _Tail:
        there = os.fstat(file.fileno())
        if known is None or known.inode != there.st_ino or known.offset > there.st_size:
            known = _Tail(there.st_ino, 0, _coded(SCHEMA.empty_table()))
        file.seek(known.offset)
        more = file.read()
        whole = more.rfind(_NEWLINE) + 1
        if not whole:
            return known
        looks = pa.concat_tables([known.looks, _coded(table_of(_decoded(more[:whole])))])
        if looks["at"].num_chunks > self._CHUNKS:
            looks = looks.unify_dictionaries().combine_chunks()
        return _Tail(there.st_ino, known.offset + whole, looks)


_TAILS: Final = _Tails()


def seal(folder: Path, today: date, signer: Signer) -> list[Path]:
    """Seal the journals of days before today (Vietnam's), each in one file; the files made.

    May die anywhere: a journal goes when its file's line is signed, and is sealed again till then.
    """
    made = []
    for journal in journals(folder):
        day = date.fromisoformat(journal.stem)
        if day >= today:
            continue
        sealed, content = _sealed(folder, day), journal.read_bytes()
        if not _is_sealed_already(content, sealed):
            path = folder / (f"{day}.{len(sealed) + 1}.parquet" if sealed else f"{day}.parquet")
            _write(path, table_of(_decoded(content)), _digest(content))
            made.append(path)
        _sign(folder, signer)
        journal.unlink()
    return made


def drop(folder: Path, before: date) -> list[Path]:
    """Remove files of days before one; their signed lines stay."""
    gone = [
        path for path in sorted(folder.glob("*.parquet")) if path.name[:10] < before.isoformat()
    ]
    for path in gone:
        path.unlink()
    return gone


def verify(folder: Path, public: PublicKey, oldest: date) -> tuple[int, int, list[str]]:
    """(files, looks, what is wrong) of everything sealed.

    oldest  a file of an earlier day may be gone
    """
    wrong, files_seen, rows = [], 0, 0
    told: dict[str, Day] = {}
    for number, (said, fault) in enumerate(_DAYS.read(_lines(folder), public), 1):
        if fault:
            wrong.append(f"days.ndjson, line {number}: {fault}")
        if said:
            told[said.file] = said
    for name, day in told.items():
        path = folder / name
        if not path.exists():
            if name[:10] >= oldest.isoformat():
                wrong.append(f"{name}: missing")
            continue
        files_seen, rows = files_seen + 1, rows + day.rows
        if _digest(path.read_bytes()) != day.sha256:
            wrong.append(f"{name}: changed since it was sealed")
    wrong += [
        f"{path.name}: nothing is signed about it"
        for path in sorted(folder.glob("*.parquet"))
        if path.name not in told
    ]
    return files_seen, rows, wrong


def _write(path: Path, looks: pa.Table, journal: str) -> None:
    """Ordered by system and time; an instant is written as its distance from the one before."""
    ordered = looks.sort_by([("system", "ascending"), ("at", "ascending")])
    written = io.BytesIO()
    pq.write_table(
        ordered.replace_schema_metadata({"journal": journal}),
        written,
        compression="zstd",
        compression_level=_LEVEL,
        use_dictionary=["system", "fault", "status", "family"],  # type: ignore[arg-type]
        column_encoding={"at": "DELTA_BINARY_PACKED", "ttfb_ms": "BYTE_STREAM_SPLIT"},
        write_statistics=False,
        store_schema=True,
    )
    files.replace(path, written.getvalue())


def _sign(folder: Path, signer: Signer) -> None:
    """A line for every file that has none."""
    lines = _lines(folder)
    told = {said.file for said, _ in _DAYS.read(lines, signer.public) if said}
    new = [path for path in sorted(folder.glob("*.parquet")) if path.name not in told]
    for path in new:
        content = path.read_bytes()
        rows = pq.ParquetFile(path).metadata.num_rows
        day = Day(path.name, _digest(content), len(content), rows)
        lines.append(_DAYS.signed(day, lines[-1] if lines else None, signer))
    if new:
        whole = "".join(f"{line}\n" for line in lines)
        files.replace(folder / "days.ndjson", bytes_of(whole))


def _lines(folder: Path) -> list[str]:
    return [line for line in text_of(_content(folder / "days.ndjson")).split("\n") if line]


def _sealed(folder: Path, day: date) -> list[Path]:
    first = folder / f"{day}.parquet"
    more = sorted(folder.glob(f"{day}.*.parquet"), key=lambda path: int(path.name.split(".")[1]))
    return ([first] if first.exists() else []) + more


def _is_sealed_already(journal: bytes, sealed: Sequence[Path]) -> bool:
    """Whether a file was made of this very journal, which a death left behind."""
    if not sealed:
        return False
    digest = _digest(journal).encode()
    return any(
        (pq.ParquetFile(path).schema_arrow.metadata or {}).get(b"journal") == digest
        for path in sealed
    )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _bad(path: Path, reason: str) -> ThuocdoError:
    return ThuocdoError("bad_looks", f"{path} cannot be read: {reason}.", "Bring back a backup.")
