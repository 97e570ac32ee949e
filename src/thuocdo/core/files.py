"""Small files that are replaced whole: readers see the old content or the new, never half of it."""

from __future__ import annotations

import os
from pathlib import Path


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
