"""The book of a week: signed lines, one file each, that are only ever added.

`<home>/publication/<week>/0001.jws`, `0002.jws`, …: compact JSON Web Signatures by the instance's key, each
naming the digest of the line before, so that none can be changed, taken out or put between. A line is
written beside and *linked* under its number: of two at once one wins, and the other is told. Nothing
but these files says what is public; a copy of the folder and the public key show it to strangers.
"""

from __future__ import annotations

import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import PublicKey, Signer, payload_of
from thuocdo.report.desk.model import Step

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
        line = msgspec.structs.replace(
            step,
            number=len(tokens) + 1,
            week=self.week,
            previous=_digest(tokens[-1]) if tokens else "",
        )
        self.folder.mkdir(parents=True, exist_ok=True)
        token = _signer(self._home).sign(msgspec.json.encode(line))
        try:
            files.add(self.folder / f"{line.number:04}.jws", token.encode())
        except FileExistsError:
            raise Taken from None
        os.utime(self.folder.parent)  # one look at one folder tells that something was written
        return line


def opened(week: str, tokens: tuple[str, ...], public: PublicKey) -> tuple[Step, ...]:
    """The steps of signed lines, for whoever has them and the key. Raises ThuocdoError `broken_book`."""
    steps = []
    for number, token in enumerate(tokens, start=1):
        step = step_of(token, public)
        before = _digest(tokens[number - 2]) if number > 1 else ""
        if step is None or (step.number, step.week, step.previous) != (number, week, before):
            raise ThuocdoError(
                "broken_book",
                f"Line {number} of the book of {week} is not the one that was signed there.",
                "Bring publication/ back from a backup; until then the report is not shown.",
            )
        steps.append(step)
    return tuple(steps)


@lru_cache(maxsize=4096)
def step_of(token: str, public: PublicKey) -> Step | None:
    """The step of one signed line; None when this key did not sign it."""
    payload = payload_of(token, public)
    try:
        return None if payload is None else msgspec.json.decode(payload, type=Step)
    except msgspec.DecodeError:
        return None


@lru_cache(maxsize=16)
def _signer(home: Path) -> Signer:
    return Signer.of(home)


@lru_cache(maxsize=4096)
def _text(path: Path, _changed: int) -> str:
    return path.read_text(encoding="ascii")


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
