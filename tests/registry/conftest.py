"""An instance of its own for every test: real folders, a real lake, Django's test database."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings
from thuocdo.lake.store import Lake


@pytest.fixture(scope="session")
def empty_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lake with all its tables, made once and copied: making it is another room's test."""
    found = instance.load({"THUOCDO_HOME": str(tmp_path_factory.mktemp("empty"))})
    Lake.open(found).create()
    return Path(found.lake_url)


@pytest.fixture
def home(tmp_path: Path, settings, empty_lake: Path) -> Settings:
    """A fresh instance that Django's own settings point at too."""
    found = instance.load({"THUOCDO_HOME": str(tmp_path / "home")})
    found.make_folders()
    shutil.copytree(empty_lake, found.lake_url)
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
