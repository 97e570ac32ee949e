"""Kinds that are files: named by what depends on them, or by nothing, and then they go in their time.

A file is moved aside before it is judged for the last time. Whoever writes the same name meanwhile either
touched it before (then it is young, and is put back) or finds none and writes it anew.
"""

from __future__ import annotations

import datetime as dt
import shutil
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

from thuocdo.core.settings import Settings
from thuocdo.keeping.model import Looked
from thuocdo.keeping.policy import Code

_ASIDE: Final = ".{name}.going"


class Lying(NamedTuple):
    """One file or folder that lies there. at: when it was written, UTC."""

    path: Path
    at: dt.datetime
    bytes: int


@dataclass(frozen=True, slots=True)
class OfFiles:
    """Files (or whole folders) of one folder.

    folder  where they lie
    glob    which of its entries they are; hidden ones never
    named   the names that something depends on
    """

    code: Code
    folder: Callable[[Settings], Path]
    glob: str
    named: Callable[[Settings], Collection[str]]

    def look(self, settings: Settings, before: dt.datetime) -> Looked:
        named, lying = self.named(settings), list(self.lying(settings))
        free = [one for one in lying if one.path.name not in named]
        due = [one for one in free if one.at < before]
        return Looked(
            len(lying),
            sum(one.bytes for one in lying),
            min((one.at for one in lying), default=None),
            len(due),
            sum(one.bytes for one in due),
            sum(one.at < before for one in lying) - len(due),
            min((one.at for one in free if one.at >= before), default=None),
        )

    def due(self, settings: Settings, before: dt.datetime, most: int) -> list[Lying]:
        """Up to so many that may go, the oldest first."""
        named = self.named(settings)
        free = (one for one in self.lying(settings) if one.path.name not in named)
        return sorted((one for one in free if one.at < before), key=lambda one: one.at)[:most]

    def lying(self, settings: Settings) -> Iterator[Lying]:
        for path in self.folder(settings).glob(self.glob):
            if path.name.startswith("."):
                continue
            try:
                yield Lying(path, _written(path), _bytes(path))
            except FileNotFoundError:
                continue  # it went meanwhile

    def remove(self, settings: Settings, paths: Collection[Path], before: dt.datetime) -> None:
        """Remove what was to go and still may; again after a death it goes on. Raises OSError."""
        named = self.named(settings)
        for path in paths:
            aside = path.with_name(_ASIDE.format(name=path.name))
            if path.exists() and not aside.exists():
                path.rename(aside)
            if not aside.exists():
                continue
            if (path.name in named or _written(aside) >= before) and not path.exists():
                aside.rename(path)
            elif aside.is_dir():
                shutil.rmtree(aside)
            else:
                aside.unlink()


def _written(path: Path) -> dt.datetime:
    return dt.datetime.fromtimestamp(path.stat().st_mtime, dt.UTC)


def _bytes(path: Path) -> int:
    if path.is_dir():
        return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
    return path.stat().st_size
