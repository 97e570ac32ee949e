"""An instance made in the test's own process: folders, the country as built in, an empty lake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.lakes import empty_lake

from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings
from thuocdo.registry.builtin import load_builtin


def made(folder: Path, settings: Any) -> Settings:
    """A home below `folder`, which Django knows from then on. settings: pytest-django's; the database is the test's."""
    found = instance.load({"THUOCDO_HOME": str(folder / "home")})
    found.make_folders()
    settings.THUOCDO = found
    load_builtin()
    empty_lake(found)
    return found
