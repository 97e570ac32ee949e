"""One process at a time, and the next is refused: by a lock file that dies with its holder."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from thuocdo.core.errors import ThuocdoError


@contextmanager
def alone(path: Path, refusal: ThuocdoError) -> Iterator[None]:
    """Hold the lock inside the block. Raises `refusal` when another process holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise refusal from None
        yield
