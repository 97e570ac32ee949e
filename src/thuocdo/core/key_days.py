"""On which day each key of a connecting system was last used: told by the collector, read by pages.

A small file a key, written once a day by the first request that the key opened; so a key that sends a
thousand messages a second costs one write a day, and several collectors need no lock. It is a hint for
people who clear up keys, not evidence: what came under a key is told by the events themselves.
"""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Final

_ID: Final = re.compile(r"[0-9A-Za-z_-]{1,64}")


def note(folder: Path, key_id: str, day: date) -> None:
    """The key was used on that Vietnamese day. Raises OSError."""
    if not _ID.fullmatch(key_id):
        return
    folder.mkdir(parents=True, exist_ok=True)
    (folder / key_id).write_text(day.isoformat(), encoding="ascii")


def read(folder: Path) -> dict[str, date]:
    """Key id → the last day it was used; a key that was not seen is missing."""
    found = {}
    for path in folder.glob("*") if folder.is_dir() else ():
        try:
            found[path.name] = date.fromisoformat(path.read_text(encoding="ascii"))
        except (
            OSError,
            ValueError,
        ):  # being written this moment, or half written: the next request does
            continue
    return found
