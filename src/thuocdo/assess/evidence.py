"""Evidence is kept under the hash of what it says, so that nobody can exchange it afterwards."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from thuocdo.assess.results import Evidence
from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError

FOLDER: Final = "evidence"
MAX_BYTES: Final = 8_000_000
"""Of one piece; what is longer is cut, and its hash is that of what was kept."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The evidence of one instance: `<home>/evidence/ab/abcd…`."""

    home: Path

    @property
    def folder(self) -> Path:
        return self.home / FOLDER

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def keep(self, kind: str, content: bytes) -> Evidence:
        """Keep one piece; the same content is kept once, and is young again for who removes what is old.

        What lies there cut short is made whole. Raises OSError, as on a full disk; then nothing is left.
        """
        content = content[:MAX_BYTES]
        name = hashlib.sha256(content).hexdigest()
        path = self.path(name)
        try:
            os.utime(path)
            if path.stat().st_size != len(content):
                files.renew(path, content)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True)
            files.add(path, content)  # two scans may find the same at once
        return Evidence(kind, name, len(content))

    def read(self, sha256: str) -> bytes:
        """What was kept. Raises ThuocdoError `no_evidence`, or `bad_evidence` when it was changed."""
        try:
            content = self.path(sha256).read_bytes()
        except FileNotFoundError:
            raise ThuocdoError("no_evidence", f"There is no evidence {sha256}.") from None
        if hashlib.sha256(content).hexdigest() != sha256:
            raise ThuocdoError(
                "bad_evidence", f"Evidence {sha256} is not what was kept.", "Bring back a backup."
            )
        return content
