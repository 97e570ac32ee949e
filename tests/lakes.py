"""Lakes for tests: making the tables of one is tests/lake/test_store.py's; every other test gets a copy."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from functools import cache
from pathlib import Path

from thuocdo.core.settings import Settings
from thuocdo.lake.store import Lake


@cache
def _made() -> Path:
    """A lake with all its tables, empty."""
    folder = Path(tempfile.mkdtemp(prefix="thuocdo-lake-"))
    atexit.register(shutil.rmtree, folder)
    Lake(folder / "lake").create()
    return folder / "lake"


def empty_lake(settings: Settings) -> Lake:
    """The instance's lake, as `Lake.create` leaves it."""
    lake = Lake.open(settings)
    shutil.copytree(_made(), lake.root)
    return lake
