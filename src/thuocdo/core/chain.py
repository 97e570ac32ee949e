"""Chains of lines: each stands on the one before, so that none can be changed, taken out or put between unnoticed.

Of a `Chain` every line is signed (a compact JSON Web Signature, core/signing.py) and names the digest of
the line before, as it was written. Where the lines lie, in one file or in one each, is for its owner, and
so is how they are put on disk (core/files.py: a line appears whole or not at all). A list whose lines say
nothing of one another is chained by `link` alone, and its last link is signed instead.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, Final, Generic, NamedTuple, Protocol, TypeVar

import msgspec

from thuocdo.core.signing import PublicKey, Signer, opened

START: Final = "00" * 32
"""What comes before the first line."""
_REMEMBERED: Final = 4096


def link(before: str, line: bytes) -> str:
    """The next link: SHA-256(last link ‖ line), hex. A line that names the one before stands on "" here."""
    return hashlib.sha256(bytes.fromhex(before) + line).hexdigest()


class Fault(StrEnum):
    """What may be wrong with a line."""

    UNSIGNED = "not signed by this instance"
    UNLINKED = "a line before it is missing or was changed"


class Statement(Protocol):
    """What a line says; `previous` is the digest (hex) of the line before it."""

    @property
    def previous(self) -> str: ...


T = TypeVar("T", bound=Statement)


class Line(NamedTuple, Generic[T]):
    """One line as it was read: what it says, unless this key did not sign it, and what is wrong."""

    said: T | None
    fault: Fault | None


@dataclass(frozen=True, slots=True)
class Chain(Generic[T]):
    """Signed lines of one kind; `start`: what the first one names as the line before it."""

    kind: type[T]
    start: str = START

    def signed(self, statement: T, before: str | None, signer: Signer) -> str:
        """The line that says this behind another one; None: it is the first."""
        said: Any = statement
        previous = self.start if before is None else _digest(before)
        return signer.sign(msgspec.json.encode(msgspec.structs.replace(said, previous=previous)))

    def read(self, lines: Iterable[str], public: PublicKey) -> Iterator[Line[T]]:
        """Every line, whatever is wrong with those before it."""
        before = self.start
        for line in lines:
            said: T | None = _said(line, public, self.kind)
            if said is None:
                yield Line(None, Fault.UNSIGNED)
            else:
                yield Line(said, None if said.previous == before else Fault.UNLINKED)
            before = _digest(line)


@lru_cache(maxsize=_REMEMBERED)
def _said(line: str, public: PublicKey, kind: type[Any]) -> Any:
    return opened(line, public, kind)


def text_of(content: bytes) -> str:
    """Lines as text, in which a byte that was put there by whoever damaged them keeps its place."""
    return content.decode("ascii", "surrogateescape")


def bytes_of(text: str) -> bytes:
    return text.encode("ascii", "surrogateescape")


def _digest(line: str) -> str:
    return link("", bytes_of(line))
