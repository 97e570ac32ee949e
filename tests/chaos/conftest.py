"""The instance every scenario starts from: Cần Thơ's sites and services, and a key."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.chaos.world import World
from tests.run.conftest import (  # fixtures of the same instances, for this folder too
    Instance,
    can_tho_instance,
    copy_of,
    empty_instance,
)

__all__ = ["can_tho_instance", "empty_instance"]


@pytest.fixture(scope="session")
def untouched(can_tho_instance: Instance, tmp_path_factory: pytest.TempPathFactory) -> World:
    """Never disturbed; scenarios take copies."""
    made = copy_of(can_tho_instance, tmp_path_factory.mktemp("untouched"))
    key = made.run("key", "create", "chaos", "--agency", "H13").stdout.strip()
    return World(made, key)


@pytest.fixture
def world(untouched: World, tmp_path: Path) -> World:
    return untouched.copy(tmp_path)
