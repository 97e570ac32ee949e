"""Small files that appear whole: readers see the old content or the new, never half of it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_PUBLIC: Final = 0o644
PRIVATE: Final = 0o600


def replace(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file, or make it; one process at a time does this to a path.

    durable  on disk under its name when this returns; not worth its wait for what is only a sign of life
    Raises OSError; then the old content stays and nothing else is left.
    """
    fresh = path.with_name(f".{path.name}.fresh")
    try:
        with fresh.open("wb") as file:
            file.write(content)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        fresh.replace(path)
    except OSError:
        fresh.unlink(missing_ok=True)  # a full disk must not keep half a file
        raise
    if durable:
        sync(path.parent)


def add(path: Path, content: bytes, *, mode: int = _PUBLIC) -> bool:
    """A new file, on disk when this returns, and never over another: of several at once one wins.

    False: there is one of that name. Raises OSError; then nothing is left behind.
    """
    with _beside(path, content, mode) as fresh:
        try:
            os.link(fresh, path)
        except FileExistsError:
            return False
    sync(path.parent)
    return True


def renew(path: Path, content: bytes) -> None:
    """`replace`, durably, where several processes may do it at once: the last one's content stands."""
    with _beside(path, content, _PUBLIC) as fresh:
        fresh.replace(path)
    sync(path.parent)


@contextmanager
def _beside(path: Path, content: bytes, mode: int) -> Iterator[Path]:
    """A file of its own in the same folder, on disk; gone afterwards unless it took the other's place."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as part:
        fresh = Path(part.name)
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            fresh.chmod(mode)
            yield fresh
        finally:
            fresh.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make a file, or the names in a folder, survive a power cut. Raises FileNotFoundError."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
