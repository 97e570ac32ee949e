"""An empty lake, where a module's own `settings` say."""

from __future__ import annotations

import pytest
from tests.lakes import empty_lake

from thuocdo.core.settings import Settings
from thuocdo.lake.store import Lake


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return empty_lake(settings)
