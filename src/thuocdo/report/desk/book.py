"""The book of a week: signed lines, one file each, that are only ever added.

`<home>/publication/<week>/0001.jws`, `0002.jws`, …: compact JSON Web Signatures by the instance's key, each
naming the digest of the line before, so that none can be changed, taken out or put between. A line is
written beside and *linked* under its number: of two at once one wins, and the other is told. Nothing
but these files says what is public; a copy of the folder and the public key show it to strangers.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core import files
from thuocdo.core.chain import Chain, text_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import PublicKey, Signer
from thuocdo.report.desk.model import Step

_STEPS: Final = Chain(Step, start="")
_LINE: Final = re.compile(r"\d{4}\.jws")


class Taken(Exception):  # noqa: N818 - a line lost to somebody else is no error
    """Somebody else wrote the line first."""


class Book:
    """The steps of one week."""

    def __init__(self, settings: Settings, week: str) -> None:
        self.week = week
        self.folder = settings.publication_dir / week
        self._home = settings.home

    def steps(self) -> tuple[Step, ...]:
        """Every step, verified. Raises ThuocdoError `broken_book`."""
        tokens = self.tokens()
        if not tokens:
            return ()
        return opened(self.week, tokens, _signer(self._home).public)

    def tokens(self) -> tuple[str, ...]:
        """The signed lines as they lie there."""
        lines = sorted(path for path in self.folder.glob("*.jws") if _LINE.fullmatch(path.name))
        return tuple(_text(path, path.stat().st_mtime_ns) for path in lines)

    def append(self, step: Step, after: tuple[Step, ...]) -> Step:
        """Sign a step and add it behind those that were read. Raises `Taken` when it is too late."""
        tokens = self.tokens()
        if len(tokens) != len(after):
            raise Taken
        line = msgspec.structs.replace(step, number=len(tokens) + 1, week=self.week)
        token = _STEPS.signed(line, tokens[-1] if tokens else None, _signer(self._home))
        self.folder.mkdir(parents=True, exist_ok=True)
        if not files.add(self.folder / f"{line.number:04}.jws", token.encode()):
            raise Taken
        os.utime(self.folder.parent)  # one look at one folder tells that something was written
        return line


def opened(week: str, tokens: tuple[str, ...], public: PublicKey) -> tuple[Step, ...]:
    """The steps of signed lines, for whoever has them and the key. Raises ThuocdoError `broken_book`."""
    steps = []
    for number, (step, fault) in enumerate(_STEPS.read(tokens, public), start=1):
        if step is None or fault or (step.number, step.week) != (number, week):
            raise ThuocdoError(
                "broken_book",
                f"Line {number} of the book of {week} is not the one that was signed there: "
                f"{fault or 'it is of another place'}.",
                "Bring publication/ back from a backup; until then the report is not shown.",
            )
        steps.append(step)
    return tuple(steps)


@lru_cache(maxsize=16)
def _signer(home: Path) -> Signer:
    return Signer.of(home)


@lru_cache(maxsize=4096)
def _text(path: Path, _changed: int) -> str:
    return text_of(path.read_bytes())
