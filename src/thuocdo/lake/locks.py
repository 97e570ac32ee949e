"""One process at a time, by a lock file that dies with its holder."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import structlog

from thuocdo.core.errors import ThuocdoError

_PATIENCE_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.05

_log = structlog.get_logger("thuocdo.lake")


@contextmanager
def held(path: Path, what: str, patience: float = _PATIENCE_SECONDS) -> Iterator[None]:
    """Hold the lock inside the block; wait for another holder, and say so.

    Raises ThuocdoError `busy` when the other is still at it after `patience` seconds.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        _take(descriptor, path, what, patience)
        yield
    finally:
        os.close(descriptor)


def _take(descriptor: int, path: Path, what: str, patience: float) -> None:
    until = time.monotonic() + patience
    said = False
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if not said:
                _log.warning("waiting_for_another_process", what=what, lock=str(path))
                said = True
            if time.monotonic() > until:
                raise ThuocdoError(
                    "busy",
                    f"Another process is doing the {what}.",
                    "Wait until it is done, or stop it.",
                ) from None
            time.sleep(_POLL_SECONDS)
        else:
            return
