"""What the public reads: each published edition in a folder of its own, never written again.

`<home>/publication/<week>/<twelve letters of the digest>/` holds the frozen JSON as it was signed and the
formats printed from it. A folder without a line in the book is not public, whatever lies in it.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core.settings import Settings
from thuocdo.report.archive import file_name
from thuocdo.report.model import WeeklyReport, thaw
from thuocdo.report.render import Format

_LETTERS: Final = 12


class Head(msgspec.Struct, frozen=True):
    """What a list says of a report: part of its frozen JSON."""

    week: str
    report: str
    number: str
    date: dt.date
    period: tuple[dt.date, dt.date]
    remark: str = ""


def digest_of(frozen: bytes) -> str:
    return hashlib.sha256(frozen).hexdigest()


def short(digest: str) -> str:
    """How addresses and folders name an edition."""
    return digest[:_LETTERS]


def folder_of(settings: Settings, week: str, digest: str) -> Path:
    return settings.publication_dir / week / short(digest)


def put(settings: Settings, week: str, digest: str, files: Mapping[str, bytes]) -> None:
    """Lay down an edition's files, all or none; one that lies there stays as it is."""
    place = folder_of(settings, week, digest)
    if place.exists():
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=place.parent, prefix="."))
    try:
        for name, content in files.items():
            with (fresh / name).open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
        fresh.chmod(0o755)
        fresh.rename(place)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        if not place.exists():  # else somebody laid down the same a moment ago
            raise


def files_of(settings: Settings, week: str, digest: str) -> list[Path]:
    """What of an edition is printed, the frozen JSON first."""
    place = folder_of(settings, week, digest)
    paths = (place / file_name(week, form) for form in Format)
    return [path for path in paths if path.exists()]


def frozen_of(settings: Settings, week: str, digest: str) -> bytes | None:
    """The frozen JSON of a digest, published or drafted; None when no file has it any more."""
    drafts = settings.reports_dir / week
    name = file_name(week, Format.JSON)
    for path in (
        folder_of(settings, week, digest) / name,
        drafts / name,
        drafts / f"{week}.{short(digest)}.json",
    ):
        if path.exists() and digest_of(content := path.read_bytes()) == digest:
            return content
    return None


def head_of(settings: Settings, week: str, digest: str) -> Head | None:
    """What lists say of an edition or draft; None when its JSON is lost."""
    try:
        return _head(settings, week, digest)
    except FileNotFoundError:
        return None


def report_of(settings: Settings, week: str, digest: str) -> WeeklyReport | None:
    """The whole report of a digest; None when its JSON is lost."""
    frozen = frozen_of(settings, week, digest)
    return None if frozen is None else thaw(frozen)


@lru_cache(maxsize=1024)
def _head(settings: Settings, week: str, digest: str) -> Head:
    frozen = frozen_of(settings, week, digest)
    if frozen is None:  # raised, so that it is not remembered: a draft's line comes before its file
        raise FileNotFoundError(week)
    return msgspec.json.decode(frozen, type=Head)
