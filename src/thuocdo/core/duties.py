"""What the worker's regular jobs last did: written by the worker alone, read by pages and the command line.

A job that fails must not take the others with it, and must not be forgotten: the state of each lies in one small
file. Why one failed is a word of a closed list with a technical detail, and nothing of a person: an exception may
carry a row of a table, so its own words go to the log alone.
"""

from __future__ import annotations

import errno
import time
import traceback
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

SECOND_US: Final = 1_000_000
PAUSES_SECONDS: Final = (10, 60, 5 * 60, 15 * 60, 60 * 60)
"""Before a job that failed so many times in a row is tried again; the last one from then on."""
SILENT_SECONDS: Final = 60.0
"""A worker that did not beat for so long is not there, or hangs beyond what its own watch can end."""

_FULL: Final = (errno.ENOSPC, errno.EDQUOT)
_OF_DATABASES: Final = frozenset({"OperationalError", "InterfaceError"})
"""Classes of every database driver; their words are about the server, never about a row."""
_OF_MEMORY: Final = frozenset({"MemoryError", "OutOfMemoryException"})
_OF_FILES: Final = frozenset({"IOException"})  # DuckDB's
_LONGEST: Final = 200


class Why(StrEnum):
    """Why a job failed: the closed list; steer/words.yaml has the words."""

    DISK_FULL = "disk_full"
    FILES = "files"
    DATABASE = "database"
    MEMORY = "memory"
    DIED = "died"
    HUNG = "hung"
    REFUSED = "refused"
    INTERNAL = "internal"


class Failure(msgspec.Struct, frozen=True):
    """why, and what a technician wants to know first; no words of a row, no absolute path."""

    why: Why
    detail: str = ""


class Duty(msgspec.Struct):
    """One job. Instants µs UTC, 0: never.

    began_at  since when it is at work; 0: it is not
    of        the day or week that is, or was last, at work; "": of none
    failures  in a row, since `failing_since`; 0: the last try did what was to be done
    again_at  not before
    failure   the last one, which is kept when the job works again
    """

    done_at: int = 0
    began_at: int = 0
    of: str = ""
    failures: int = 0
    failing_since: int = 0
    failed_at: int = 0
    again_at: int = 0
    failure: Failure | None = None

    def begin(self, of: str, now: int) -> None:
        self.began_at, self.of = now, of

    def succeed(self, now: int) -> None:
        self.done_at = now
        self.settle()

    def settle(self) -> None:
        """It is not at work, and nothing is left to be done."""
        self.began_at = self.failures = self.failing_since = self.again_at = 0

    def fail(self, failure: Failure, now: int, longest_pause: int) -> None:
        """longest_pause: s"""
        pause = PAUSES_SECONDS[min(self.failures, len(PAUSES_SECONDS) - 1)]
        self.failing_since = self.failing_since if self.failures else now
        self.failures += 1
        self.began_at, self.failed_at, self.failure = 0, now, failure
        self.again_at = now + min(pause, longest_pause) * SECOND_US

    def rests(self, now: int) -> bool:
        """Whether it is too early to try again; a clock that was set back makes nobody wait."""
        return 0 < self.again_at - now <= PAUSES_SECONDS[-1] * SECOND_US


class Duties(msgspec.Struct):
    """Every job by its name."""

    jobs: dict[str, Duty] = {}

    def of(self, name: str) -> Duty:
        return self.jobs.setdefault(name, Duty())


def read(settings: Settings) -> Duties:
    """As the worker last wrote them; none where it never did, or where what it wrote is no such file."""
    try:
        return msgspec.json.decode(settings.duties_path.read_bytes(), type=Duties)
    except (FileNotFoundError, msgspec.DecodeError):
        return Duties()


def write(settings: Settings, duties: Duties) -> None:
    """Raises OSError."""
    files.replace(settings.duties_path, msgspec.json.encode(duties), durable=False)


def is_there(settings: Settings) -> bool:
    """Whether the worker was heard of late."""
    try:
        beaten = settings.worker_beat_path.stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - beaten < SILENT_SECONDS


def failure_of(error: BaseException, home: Path) -> Failure:
    """What may be kept and shown of an exception."""
    names = {base.__name__ for base in type(error).__mro__}
    if isinstance(error, ThuocdoError):
        return Failure(Why.REFUSED, error.code)
    if names & _OF_DATABASES:
        return Failure(Why.DATABASE, _first_line(error))
    if names & _OF_MEMORY:
        return Failure(Why.MEMORY, _place(error))
    if isinstance(error, OSError):
        why = Why.DISK_FULL if error.errno in _FULL else Why.FILES
        return Failure(why, f"{type(error).__name__}: {_file(error, home)}".removesuffix(": "))
    if names & _OF_FILES:
        return Failure(Why.FILES, _place(error))
    return Failure(Why.INTERNAL, _place(error))


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:_LONGEST] if lines else type(error).__name__


def _file(error: OSError, home: Path) -> str:
    """The file that was meant, as it is called below the instance's home; elsewhere its name alone."""
    if not isinstance(error.filename, str):
        return ""
    path = Path(error.filename)
    return str(path.relative_to(home) if path.is_relative_to(home) else path.name)[:_LONGEST]


def _place(error: BaseException) -> str:
    """The class, and the line of ours at which it was raised."""
    ours = [
        f"{Path(frame.filename).name}:{frame.lineno}"
        for frame in traceback.extract_tb(error.__traceback__)
        if "/thuocdo/" in frame.filename
    ]
    return " ".join((type(error).__name__, *ours[-1:]))
