"""An instance that knows one site, one service and two agencies."""

from __future__ import annotations

from pathlib import Path

import pytest

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import ServiceEntry, SiteEntry, Snapshot


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})
    chosen.make_folders()
    snapshot = Snapshot(
        1,
        sites=(SiteEntry(1, "H57-portal", "H57", "portal"),),
        agencies=("H57", "H13"),
        services=(ServiceEntry("H57", "1.004194", "full"),),
    )
    snapshot_file.write(chosen.snapshot_path, snapshot)
    return chosen
