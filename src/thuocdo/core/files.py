"""Small files that appear whole: readers see the old content or the new, never half of it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Final

_PUBLIC_MODE: Final = 0o644


def replace(path: Path, content: bytes, *, durable: bool = True) -> None:
    """Replace a file, or make it; one process at a time does this to a path.

    durable  on disk before it takes the old one's place; not worth its wait for what is only a sign of life
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


def add(path: Path, content: bytes) -> None:
    """A new file, on disk when this returns, and never over another: of several at once one wins.

    Raises FileExistsError for the others; OSError leaves nothing behind.
    """
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as part:
        fresh = Path(part.name)
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            fresh.chmod(_PUBLIC_MODE)
            os.link(fresh, path)
        finally:
            fresh.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
