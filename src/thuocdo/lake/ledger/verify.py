"""Verification: is the raw lake what the signed heads say? Every bit of it is looked at.

Nothing is believed but the public key: the head by its signature, the leaves and the list of files by
the head, the lake's files by the list, and the rows by the leaves. It writes nothing and needs
no instance: a copy of the two folders and the key will do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import msgspec
from deltalake import DeltaTable

from thuocdo.core import chain, merkle
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.signing import PublicKey
from thuocdo.lake.ledger import verify_rows
from thuocdo.lake.ledger.book import Book, head_in
from thuocdo.lake.ledger.findings import Finding, Tick, Verified, Wrong
from thuocdo.lake.ledger.moves import digest_of
from thuocdo.lake.ledger.records import (
    FileLine,
    Head,
    Leaf,
    file_of,
    leaf_of,
)
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES

_TABLES: Final = (*EVENT_TABLES, *DIMENSIONS)
_LOG_FILE: Final = re.compile(r"(\d{20})\.(?:json|checkpoint\.parquet)")


def verify(lake: Path, ledger: Path, public: PublicKey, spill: Path, tick: Tick) -> Verified:
    """Verify a lake by its ledger.

    lake, ledger  their folders
    public        the instance's key, from a place that is trusted
    spill         a folder for what does not fit in memory
    Raises ThuocdoError `no_ledger` when there is none.
    """
    return _Verification(lake.resolve(), Book(ledger.resolve()), public, spill, tick).run()


class _Verification:
    def __init__(self, lake: Path, book: Book, public: PublicKey, spill: Path, tick: Tick) -> None:
        self._lake, self._book, self._public, self._spill = lake, book, public, spill
        self._tick = tick
        self._findings: list[Finding] = []
        self._kept_paths = book.kept()  # asked for before the head: none is ahead of it
        self._hashes = b""

    def run(self) -> Verified:
        head = self._head()
        if head is None:
            return Verified(self._findings)
        files = self._list(head)  # first: a list may be begun anew while we look
        leaves = self._leaves(head)
        heads = self._kept(head)
        sound = self._files(head, files)
        self._delta(head, files)
        counted = verify_rows.check(
            self._lake, self._book, leaves, sound, self._spill, self._tick, self._findings
        )
        return Verified(
            self._findings,
            size=head.size,
            root=head.root,
            at=head.at,
            files=len(files),
            rows=counted.rows,
            erased=counted.erased,
            heads=heads,
        )

    def _wrong(self, wrong: Wrong, where: str, detail: str) -> None:
        self._findings.append(Finding(wrong, where, detail))

    def _head(self) -> Head | None:
        """The current head; where it is damaged, the last kept one that is not."""
        if self._book.token() is None and not self._kept_paths:
            raise ThuocdoError(
                "no_ledger",
                f"There is no ledger in {self._book.folder}.",
                "Run `thuocdo refresh`: it begins one.",
            )
        found = self._signed(self._book.head_path)
        if found is not None:
            return found
        for path in reversed(self._kept_paths):
            head = self._signed(path, tell=False)
            if head is not None:
                return head
        return None

    def _signed(self, path: Path, *, tell: bool = True) -> Head | None:
        try:
            return head_in(path.read_text(), self._public, path)
        except FileNotFoundError:
            detail, wrong = "The signed head is not there.", Wrong.MISSING
        except (ThuocdoError, UnicodeDecodeError):
            detail, wrong = "It was changed, or signed by another key.", Wrong.UNSIGNED
        if tell:
            self._wrong(wrong, self._name(path), detail)
        return None

    def _leaves(self, head: Head) -> list[Leaf]:
        """The leaves, by number; their hashes are told to be wrong where they are."""
        path = self._book.leaves_path
        lines = list(_lines(self._book, path, head.leaves_bytes))
        hashes = [merkle.leaf_hash(line) for line in lines]
        self._hashes = b"".join(hashes)
        kept = _read(self._book.hashes_path)[: head.size * merkle.WIDTH]
        if merkle.root_of(self._hashes).hex() == head.root:
            if kept != self._hashes:
                self._wrong(
                    Wrong.CHANGED,
                    self._name(self._book.hashes_path),
                    "It does not hold the hashes of the leaves; it can be made again from them.",
                )
        else:
            self._wrong(Wrong.CHANGED, self._name(path), self._changed_lines(head, kept))
        if (
            merkle.Range(head.size, [bytes.fromhex(p) for p in head.peaks]).root().hex()
            != head.root
        ):
            self._wrong(Wrong.FORKED, "ledger/head.jws", "Its peaks do not lead to its root.")
        found = []
        for line in lines:
            try:
                found.append(leaf_of(line))
            except msgspec.DecodeError:
                continue  # the line is told above: its hash is another
        return found

    def _changed_lines(self, head: Head, kept: bytes) -> str:
        if merkle.root_of(kept).hex() != head.root:
            return "Its lines do not lead to the root that was signed."
        here = self._hashes
        width = merkle.WIDTH
        changed = [
            str(number)
            for number in range(head.size)
            if here[number * width :][:width] != kept[number * width :][:width]
        ]
        more = f" and {len(changed) - 10} more" if len(changed) > 10 else ""
        return f"Changed leaves, counted from 0: {', '.join(changed[:10])}{more}."

    def _kept(self, head: Head) -> int:
        """Every kept head was signed, and its log is the beginning of this one; how many."""
        for path in self._kept_paths:
            kept = self._signed(path)
            if kept is None:
                continue
            beginning = self._hashes[: kept.size * merkle.WIDTH]
            if kept.size > head.size or merkle.root_of(beginning).hex() != kept.root:
                detail = f"The log does not begin with the {kept.size} leaves it was signed for."
                self._wrong(Wrong.FORKED, self._name(path), detail)
        return len(self._kept_paths)

    def _list(self, head: Head) -> dict[str, FileLine]:
        """The lake's files by path, as the list tells them."""
        path = self._book.files_path(head.inventory)
        there: dict[str, FileLine] = {}
        last = chain.START
        for line in _lines(self._book, path, head.files_bytes):
            last = chain.link(last, line)
            try:
                file = file_of(line)
            except msgspec.DecodeError:
                continue  # told below: the chain is another
            there[file.path] = file
        if last != head.files:
            self._wrong(Wrong.CHANGED, self._name(path), "It is not the list that was signed.")
        return {path: file for path, file in there.items() if file.sha256}

    def _files(self, head: Head, files: dict[str, FileLine]) -> list[str]:
        """The data files that are what the list says; what is wrong with the others is told."""
        total = sum(file.size for file in files.values())
        done = 0
        sound = []
        for name, file in sorted(files.items()):
            path = self._lake / name
            try:
                same = digest_of(path) == (file.size, file.sha256)
            except FileNotFoundError:
                if not self._went_since(head, name):
                    self._wrong(Wrong.MISSING, f"lake/{name}", "The ledger vouches for it.")
                continue
            if same and name.endswith(".parquet") and "/_delta_log/" not in name:
                sound.append(name)
            elif not same and not self._moved_on(files, name):
                self._wrong(Wrong.CHANGED, f"lake/{name}", "It is not the file that was written.")
            done += file.size
            self._tick("files", done, total)
        return sound

    def _went_since(self, head: Head, name: str) -> bool:
        """Whether later commits account for a file that is away."""
        table = name.split("/", 1)[0]
        log = _LOG_FILE.fullmatch(Path(name).name)
        if log:
            return int(log[1]) < _checkpoint(self._lake, table)
        return self._removed_since(head, table, name)

    def _removed_since(self, head: Head, table: str, name: str) -> bool:
        version = head.versions.get(table, -1) + 1
        while (path := self._lake / table / "_delta_log" / f"{version:020d}.json").exists():
            for line in path.read_bytes().splitlines():
                removed = _decoded(line).get("remove")
                if removed and f"{table}/{removed['path']}" == name:
                    return True
            version += 1
        return False

    def _moved_on(self, files: Mapping[str, FileLine], name: str) -> bool:
        """Whether the pointer at the last checkpoint now points at one made since the head."""
        folder, _, file = name.rpartition("/")
        if file != "_last_checkpoint":
            return False
        version = _checkpoint(self._lake, name.split("/", 1)[0])
        later = f"{folder}/{version:020d}.checkpoint.parquet"
        return later not in files and (self._lake / later).exists()

    def _delta(self, head: Head, files: dict[str, FileLine]) -> None:
        """Delta's own view of what is live is the list's; what is beyond the head is not judged."""
        for table in _TABLES:
            told = {
                name
                for name in files
                if name.startswith(f"{table}/") and not name.startswith(f"{table}/_delta_log/")
            }
            try:
                handle = DeltaTable(self._lake / table, version=head.versions[table])
                live = {
                    Path(uri.removeprefix("file://")).relative_to(self._lake).as_posix()
                    for uri in handle.file_uris()
                }
            except Exception as problem:
                if not any(f"lake/{table}/_delta_log" in f.where for f in self._findings):
                    self._wrong(Wrong.CHANGED, f"lake/{table}/_delta_log", str(problem)[:200])
                continue
            for name in sorted(live - told):
                self._wrong(Wrong.UNTOLD, f"lake/{name}", "The ledger does not know it.")
            for name in sorted(told - live):
                self._wrong(Wrong.MISSING, f"lake/{name}", "The table's log does not name it.")

    def _name(self, path: Path) -> str:
        return f"ledger/{path.relative_to(self._book.folder).as_posix()}"


def _lines(book: Book, path: Path, end: int) -> Iterator[bytes]:
    return book.lines(path, 0, end) if path.exists() else iter(())


def _read(path: Path) -> bytes:
    return path.read_bytes() if path.exists() else b""


def _decoded(line: bytes) -> dict[str, dict[str, str]]:
    try:
        found = json.loads(line)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _checkpoint(lake: Path, table: str) -> int:
    """Version of a table's last checkpoint; -1 when there is none or nobody can say."""
    try:
        return int(
            json.loads((lake / table / "_delta_log" / "_last_checkpoint").read_bytes())["version"]
        )
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return -1
