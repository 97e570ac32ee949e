"""An instance of its own for every test: real folders, a real lake, Django's test database."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.lakes import empty_lake

from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings


@pytest.fixture
def home(tmp_path: Path, settings) -> Settings:
    """A fresh instance that Django's own settings point at too."""
    found = instance.load({"THUOCDO_HOME": str(tmp_path / "home")})
    found.make_folders()
    empty_lake(found)
    settings.THUOCDO = found
    return found


@pytest.fixture
def country(home: Settings, db) -> Settings:
    """The same with the built-in country in its database; nothing is published yet."""
    from thuocdo.registry.builtin import load_builtin

    load_builtin()
    return home


@pytest.fixture
def quiet():
    """Progress that nobody watches."""
    return lambda _done, _total: None
