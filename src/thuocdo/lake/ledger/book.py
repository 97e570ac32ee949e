"""The ledger's files: two lists that only grow, and one head that says how far they are told.

    leaves.ndjson   one leaf a line; the hash of a leaf is over its line as it stands there
    hashes.bin      the leaves' hashes, 32 bytes each; can be made again
    files-<n>.ndjson  digests of the lake's files, in the order they came and went
    listed/         hashes of the rows of leaves that list them
    head.jws        the signed head; replaced in one step
    columns.json    numbers of the columns in the forms of rows
    heads/          heads that were kept, one a day at least

An entry goes to the lists first and counts from the moment the head tells it. What a death left
beyond the head is cut off by the next writer, who comes to the same entries again.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version as version_of
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core import chain, files, merkle
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.signing import PublicKey, Signer, opened
from thuocdo.lake.ledger.columns import COLUMNS
from thuocdo.lake.ledger.records import FileLine, Head, Leaf

NOTHING: Final = Head(
    size=0,
    root=merkle.EMPTY.hex(),
    at=0,
    versions={},
    files=chain.START,
    inventory=0,
    peaks=[],
    leaves_bytes=0,
    files_bytes=0,
    software="",
)
"""The head of a ledger that has not begun."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A leaf to be added; `listed`: the hashes of its rows, when it lists them."""

    leaf: Leaf
    listed: bytes = b""


@dataclass(frozen=True, slots=True)
class Book:
    """The files of one ledger. Writing is for who holds its lock."""

    folder: Path

    @property
    def head_path(self) -> Path:
        return self.folder / "head.jws"

    @property
    def leaves_path(self) -> Path:
        return self.folder / "leaves.ndjson"

    @property
    def hashes_path(self) -> Path:
        return self.folder / "hashes.bin"

    def files_path(self, number: int) -> Path:
        return self.folder / f"files-{number}.ndjson"

    @property
    def heads_dir(self) -> Path:
        return self.folder / "heads"

    def listed_path(self, number: int) -> Path:
        return self.folder / "listed" / f"{number:012d}"

    def token(self) -> str | None:
        """The signed head as it stands; None before the ledger began."""
        try:
            return self.head_path.read_text()
        except FileNotFoundError:
            return None

    def head(self, public: PublicKey) -> Head | None:
        """The current head. Raises ThuocdoError `bad_head` when it was not signed by this key."""
        token = self.token()
        return None if token is None else head_in(token, public, self.head_path)

    def append(
        self,
        base: Head,
        entries: Sequence[Entry],
        moved: Sequence[FileLine],
        versions: Mapping[str, int],
        at: int,
        signer: Signer,
        *,
        anew: bool = False,
    ) -> Head:
        """Add to what `base` tells, durably, and publish the head that tells it.

        anew  `moved` is every file there is: a new list begins
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        self._tell_columns()
        lines = [msgspec.json.encode(entry.leaf) for entry in entries]
        grown = merkle.Range(base.size, [bytes.fromhex(peak) for peak in base.peaks])
        for number, entry in enumerate(entries, base.size):
            if entry.listed:
                self._write_listed(number, entry.listed)
        hashes = [merkle.leaf_hash(line) for line in lines]
        for leaf in hashes:
            grown.append(leaf)
        of_files = [msgspec.json.encode(file) for file in moved]
        link = chain.START if anew else base.files
        number_of_list = base.inventory + anew
        for line in of_files:
            link = chain.link(link, line)
        leaves_bytes = _extend(self.leaves_path, base.leaves_bytes, _lines(lines))
        self._make_hashes(base)
        _extend(self.hashes_path, base.size * merkle.WIDTH, b"".join(hashes))
        told = 0 if anew else base.files_bytes
        files_bytes = _extend(self.files_path(number_of_list), told, _lines(of_files))
        head = Head(
            size=grown.size,
            root=grown.root().hex(),
            at=at,
            versions=dict(versions),
            files=link,
            inventory=number_of_list,
            peaks=[peak.hex() for peak in grown.peaks],
            leaves_bytes=leaves_bytes,
            files_bytes=files_bytes,
            software=f"thuocdo {version_of('thuocdo')}",
        )
        files.replace(self.head_path, signer.sign(msgspec.json.encode(head)).encode())
        for path in self.folder.glob("files-*.ndjson") if anew else ():
            if path != self.files_path(head.inventory):
                path.unlink()
        return head

    def keep(self, name: str) -> Path:
        """Keep the current head under a name that is not taken yet; where it lies."""
        self.heads_dir.mkdir(exist_ok=True)
        path = self.kept_path(name)
        if not path.exists():
            files.replace(path, self.head_path.read_bytes())
        return path

    def kept_path(self, name: str) -> Path:
        return self.heads_dir / f"{name}.jws"

    def kept(self) -> list[Path]:
        """The heads that were kept, by name."""
        return sorted(self.heads_dir.glob("*.jws"))

    def kept_heads(self, public: PublicKey) -> list[Head]:
        """The kept heads. Raises ThuocdoError `bad_head` when one was not signed by this key."""
        return [head_in(path.read_text(), public, path) for path in self.kept()]

    def lacks(self, day: date) -> bool:
        """Whether the head of a day is to be kept still; there is none before the ledger began."""
        return self.head_path.exists() and not self.kept_path(day.isoformat()).exists()

    def lines(self, path: Path, start: int, end: int) -> Iterator[bytes]:
        """The lines of one of the lists between two places, without their ends."""
        with path.open("rb") as file:
            file.seek(start)
            while start < end and (line := file.readline(end - start)):
                start += len(line)
                yield line.removesuffix(b"\n")

    def hashes(self, size: int) -> bytes:
        """The hashes of the first `size` leaves."""
        if size == 0:
            return b""
        with self.hashes_path.open("rb") as file:
            return file.read(size * merkle.WIDTH)

    def _make_hashes(self, base: Head) -> None:
        """Make the hashes of the leaves again when somebody took them away."""
        if base.size and not self.hashes_path.exists():
            lines = self.lines(self.leaves_path, 0, base.leaves_bytes)
            files.replace(self.hashes_path, b"".join(map(merkle.leaf_hash, lines)))

    def _tell_columns(self) -> None:
        """The columns' numbers lie beside the log: who reads it in twenty years needs them."""
        path, told = self.folder / "columns.json", msgspec.json.encode(COLUMNS)
        if not path.exists() or path.read_bytes() != told:
            files.replace(path, told)

    def _write_listed(self, number: int, hashes: bytes) -> None:
        path = self.listed_path(number)
        path.parent.mkdir(exist_ok=True)
        files.replace(path, hashes)


def head_in(token: str, public: PublicKey, place: Path) -> Head:
    """The head a token signs. Raises ThuocdoError `bad_head` when this key did not sign it."""
    head = opened(token, public, Head)
    if head is not None:
        return head
    raise ThuocdoError(
        "bad_head",
        f"{place} is no head signed by this instance's key.",
        "Run `thuocdo verify`, and bring the file back from a backup.",
    )


def _lines(lines: Sequence[bytes]) -> bytes:
    return b"".join(line + b"\n" for line in lines)


def _extend(path: Path, end: int, more: bytes) -> int:
    """Write from `end` on, where the told part of a list ends; its new end, on disk."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    with os.fdopen(descriptor, "r+b") as file:
        length = file.seek(0, os.SEEK_END)
        if length < end:
            raise ThuocdoError(
                "ledger_cut",
                f"{path} is shorter than the signed head says.",
                "Bring the folder of the ledger back from a backup.",
            )
        if length == end and not more:
            return end
        file.truncate(end)
        file.seek(end)
        file.write(more)
        file.flush()
        os.fsync(file.fileno())
    return end + len(more)
