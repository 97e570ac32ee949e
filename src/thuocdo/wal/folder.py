"""A writer's folder: who owns it, which number comes next, and how its segments change state.

    <wal>/<random hex>/lock               flock: held for the life of the writer that owns the folder
                       counter            first number not yet reserved; fsynced before any is used
                       <number>.open      being written, or left by a writer that died
                       <number>.sealed    complete; the lander's to read and delete
                       <number>.damaged   a copy kept a while for the operator when bytes had gone bad

Numbers are reserved in blocks, so one fsync of the counter serves a thousand segments; a restart
skips what is left of a block. Numbers may have gaps; they never come twice.
"""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError
from thuocdo.wal import frame

OPEN: Final = ".open"
SEALED: Final = ".sealed"
DAMAGED: Final = ".damaged"
_LOCK: Final = "lock"
_COUNTER: Final = "counter"
_DIGITS: Final = 12
_RESERVED_AT_ONCE: Final = 1000
_NAME_BYTES: Final = 8

_log = structlog.get_logger("thuocdo.wal")


def write_all(descriptor: int, data: bytes) -> None:
    """Write every byte; a short write on a full disk ends in OSError, not in half a frame."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def try_lock(folder: Path) -> int | None:
    """Take the folder's lock without waiting; the descriptor that holds it, or None."""
    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o640)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def locked(folder: Path) -> Iterator[bool]:
    """Whether the lock was free; held inside the block when it was."""
    descriptor = try_lock(folder)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def folders(wal_dir: Path) -> list[Path]:
    """Every writer's folder, in a fixed order."""
    return sorted(path for path in wal_dir.iterdir() if path.is_dir()) if wal_dir.exists() else []


class OwnedFolder:
    """A folder this process holds, and the numbers it hands out."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock
        self._next = self._limit = _read_counter(path)

    @classmethod
    def take(cls, wal_dir: Path) -> OwnedFolder:
        """Reuse a folder nobody holds (sealing what its last owner left open), or make one."""
        wal_dir.mkdir(parents=True, exist_ok=True)
        for path in folders(wal_dir):
            if not (path / _COUNTER).exists():
                continue  # made by a process that died at once, or just being made by another
            lock = try_lock(path)
            if lock is not None:
                recover(path)
                return cls(path, lock)
        return cls._make(wal_dir)

    @classmethod
    def _make(cls, wal_dir: Path) -> OwnedFolder:
        path = wal_dir / secrets.token_hex(_NAME_BYTES)
        path.mkdir()
        files.sync(wal_dir)
        lock = try_lock(path)
        if lock is None:  # another process looked in before we could; leave it to that one
            return cls.take(wal_dir)
        _write_counter(path, 0)
        return cls(path, lock)

    def next_number(self) -> int:
        """A number no segment of this folder ever had. Raises OSError when it cannot be reserved."""
        if self._next >= self._limit:
            _write_counter(self.path, self._limit + _RESERVED_AT_ONCE)
            self._limit += _RESERVED_AT_ONCE
        number = self._next
        self._next += 1
        return number

    def release(self) -> None:
        os.close(self._lock)


def segment_path(folder: Path, number: int) -> Path:
    """Where a segment is written before it is sealed."""
    return folder / f"{number:0{_DIGITS}d}{OPEN}"


def seal(path: Path) -> Path | None:
    """Turn `.open` into `.sealed`, durably; an empty one is removed and None returned."""
    if path.stat().st_size == 0:
        path.unlink()
        return None
    sealed = path.with_suffix(SEALED)
    path.rename(sealed)
    files.sync(path.parent)
    return sealed


def recover(folder: Path) -> list[Path]:
    """Seal what a dead writer left open. The caller holds the lock.

    A torn tail is cut off. Where bytes went bad, a copy stays as `.damaged` and every frame that
    is still whole is kept.
    """
    recovered = (recover_segment(path) for path in sorted(folder.glob(f"*{OPEN}")))
    return [path for path in recovered if path is not None]


def recover_segment(path: Path) -> Path | None:
    """Bring one `.open` file to its last whole frame and seal it; None when it held none."""
    data = path.read_bytes()
    found = frame.scan(data)
    if found.damaged:
        set_aside(path, data)
    whole = b"".join(data[start:end] for start, end in found.spans)
    if len(whole) != len(data):
        _replace(path, whole)
    _log.info("segment recovered", segment=path.name, frames=len(found.spans), torn=found.torn)
    return seal(path)


def set_aside(path: Path, data: bytes) -> None:
    """Keep a copy of a segment in which bytes went bad, once, and say so."""
    copy = path.with_suffix(DAMAGED)
    if copy.exists():
        return
    _replace(copy, data)
    _log.error(
        "segment damaged: whole frames are kept, a copy is set aside",
        writer=path.parent.name,
        segment=path.name,
        copy=str(copy),
    )


def _replace(path: Path, data: bytes) -> None:
    """Write a file's whole content in one durable step."""
    fresh = path.with_name(f".{path.name}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o640)
    try:
        write_all(descriptor, data)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    fresh.replace(path)
    files.sync(path.parent)


def _write_counter(folder: Path, limit: int) -> None:
    _replace(folder / _COUNTER, f"{limit}\n".encode())


def _read_counter(folder: Path) -> int:
    path = folder / _COUNTER
    try:
        return int(path.read_text())
    except ValueError:
        raise ThuocdoError(
            "wal_counter",
            f"{path} does not hold a number.",
            "Move this folder out of the WAL directory once its segments have landed.",
        ) from None
