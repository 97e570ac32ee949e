"""Style sheets, written part by part and served as one file each.

A reader's browser asks for `web/site.css` and, signed in, `web/workspace.css`: one request, one address with
the digest of the whole, as any other static file. They are written in `styles/<sheet>/NN-part.css`; the
order of the names is the order in which rules count. WhiteNoise serves files that lie on disk, so the parts
are joined when the process first asks, into the folder of state, under the digest of what they say.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

from thuocdo.core import files

PARTS: Final = Path(__file__).parent / "styles"
SHEETS: Final = {f"web/{folder.name}.css": folder for folder in sorted(PARTS.iterdir())}
"""Static path of each sheet → the folder of its parts."""


def joined(sheet: str) -> bytes:
    """A whole sheet. Raises KeyError for one that is not there."""
    return b"".join(path.read_bytes() for path in sorted(SHEETS[sheet].glob("*.css")))


class SheetFinder(BaseFinder):
    """Finds the joined sheets; what it does not know it leaves to the other finders."""

    def __init__(self, app_names: Any = None, *args: Any, **kwargs: Any) -> None:  # noqa: ARG002
        self.storage = FileSystemStorage(location=str(_written()))

    def find(self, path: str, find_all: bool = False, **_more: Any) -> str | list[str] | None:
        found = self.storage.path(path) if path in SHEETS else None
        if find_all:
            return [found] if found else []
        return found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, Any]]:  # noqa: ARG002
        for sheet in SHEETS:
            yield sheet, self.storage

    def check(self, **_more: Any) -> list[Any]:
        return []


def _written() -> Path:
    """The folder with the sheets of this version of the code; several processes may make it at once."""
    whole = {sheet: joined(sheet) for sheet in SHEETS}
    digest = hashlib.blake2b(b"\0".join(whole.values()), digest_size=12).hexdigest()
    folder: Path = settings.THUOCDO.state_dir / "styles" / digest
    for sheet, content in whole.items():
        path = folder / sheet
        path.parent.mkdir(parents=True, exist_ok=True)
        files.add(path, content)
    return folder
