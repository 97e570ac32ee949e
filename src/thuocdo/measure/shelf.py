"""Answers kept on disk beside the facts they were made of, so that a restart reads instead of counts.

An answer goes by its key, which names the files it came from, and by the code that made it: files never
change under their name, and another version of the code finds nothing here. It is a cache and nothing
else. It lies in the facts folder, which is removed whole or not at all; what cannot be read is counted
again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec
import pyarrow as pa
import structlog

import thuocdo
from thuocdo.core import files
from thuocdo.measure.counting.daily import Daily
from thuocdo.measure.model import Figure, Point

FOLDER: Final = "answers"

_MADE_BY: Final = ("core", "lake", "measure")
"""Rooms whose code and policy an answer follows from."""
_TABLE, _DAILY, _LIST, _ONE = "table", "daily", "list", "one"
_LOG = structlog.get_logger(__name__)


class Left(msgspec.Struct, frozen=True):
    """What somebody else remembers, in bytes of their own, and of which set of facts (FactStore.stamp)."""

    of: tuple[int, int] | None
    content: bytes


_STRUCTS: Final[Mapping[str, Any]] = {kind.__name__: kind for kind in (Figure, Point, Left)}


class _Stored(msgspec.Struct, frozen=True, array_like=True):
    """what: one of the kinds above; name: of the struct, where it is one."""

    what: str
    name: str
    parts: list[bytes]


class Shelf:
    """The answers of one folder of facts. Finding is safe among processes; one process fills it."""

    def __init__(self, facts: Path) -> None:
        self._root = facts / FOLDER

    def find(self, key: Hashable) -> Any | None:
        """The answer of a key as it was kept; None when there is none that this code made."""
        try:
            content = self._path(key).read_bytes()
        except FileNotFoundError:
            return None
        try:
            return _decoded(msgspec.msgpack.decode(content, type=_Stored))
        except (msgspec.DecodeError, pa.ArrowException, KeyError, ValueError) as wrong:
            _LOG.warning("answer_unreadable", error=str(wrong)[:200])
            return None

    def keep(self, answers: Mapping[Hashable, object]) -> int:
        """Have these on the shelf and no others; how many were written.

        Answers of a shape that is not kept, and keys that name no content, are left out. Raises OSError.
        """
        folder = self._root / edition()
        folder.mkdir(parents=True, exist_ok=True)
        wanted, written = set(), 0
        for key, answer in answers.items():
            path = self._path(key)
            if not path.exists() or isinstance(answer, Left):  # made of newer facts
                stored = None if " at 0x" in repr(key) else _encoded(answer)
                if stored is None:
                    continue
                files.replace(path, msgspec.msgpack.encode(stored), durable=False)
                written += 1
            wanted.add(path)
        for path in self._root.glob("*/*"):
            if path not in wanted:
                path.unlink(missing_ok=True)
        return written

    def _path(self, key: Hashable) -> Path:
        name = hashlib.blake2b(repr(key).encode(), digest_size=16).hexdigest()
        return self._root / edition() / name


@cache
def edition() -> str:
    """Which code makes the answers: a digest of all that they follow from."""
    found = hashlib.blake2b(pa.__version__.encode(), digest_size=12)
    root = Path(thuocdo.__file__).parent
    for room in _MADE_BY:
        for path in sorted((root / room).rglob("*")):
            if path.suffix in {".py", ".yaml", ".csv"}:
                found.update(str(path.relative_to(root)).encode())
                found.update(path.read_bytes())
    return found.hexdigest()


def _encoded(answer: object) -> _Stored | None:
    if isinstance(answer, pa.Table):
        return _Stored(_TABLE, "", [_written(answer)])
    if isinstance(answer, Daily):
        rows = pa.table({"day": answer.day, "code": answer.code, "landed": answer.landed})
        counts = pa.table(answer.counts)
        return _Stored(_DAILY, "", [_written(rows), _written(counts), _written(answer.words)])
    if isinstance(answer, list) and answer:
        name = type(answer[0]).__name__
        is_known = name in _STRUCTS and all(type(each) is type(answer[0]) for each in answer)
        return _Stored(_LIST, name, [msgspec.msgpack.encode(answer)]) if is_known else None
    if isinstance(answer, Left):
        return _Stored(_ONE, type(answer).__name__, [msgspec.msgpack.encode(answer)])
    return None


def _decoded(stored: _Stored) -> Any:
    match stored.what:
        case "table":
            return _read(stored.parts[0])
        case "daily":
            rows, counts, words = map(_read, stored.parts)
            return Daily(
                day=rows["day"].to_numpy(),
                code=rows["code"].to_numpy(),
                words=words,
                counts={name: counts[name].to_numpy() for name in counts.column_names},
                landed=rows["landed"].to_numpy(),
            )
        case "list":
            kind: Any = _STRUCTS[stored.name]
            return msgspec.msgpack.decode(stored.parts[0], type=list[kind])
    return msgspec.msgpack.decode(stored.parts[0], type=_STRUCTS[stored.name])


def _written(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    options = pa.ipc.IpcWriteOptions(compression="zstd")
    with pa.ipc.new_stream(sink, table.schema, options=options) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def _read(content: bytes) -> pa.Table:
    with pa.ipc.open_stream(content) as reader:
        return reader.read_all()
