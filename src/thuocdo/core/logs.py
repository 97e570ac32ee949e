"""What a role says of itself must never end it: a disk that is full takes no line of a log either.

A log often lies on the disk it complains about. A line that cannot be written is dropped; the role
goes on, and says what is wrong again when there is room.
"""

from __future__ import annotations

import contextlib
from typing import Any

import structlog


class _Tolerant(structlog.PrintLogger):
    """Prints each line; one that the disk refuses is dropped."""

    def msg(self, message: str) -> None:
        with contextlib.suppress(OSError):
            super().msg(message)

    log = debug = info = warning = error = critical = exception = fatal = failure = err = msg


def tolerate_a_full_disk() -> None:
    """From now on no line of this process's log raises."""
    structlog.configure(logger_factory=_logger)


def _logger(*_names: Any) -> _Tolerant:
    return _Tolerant()
