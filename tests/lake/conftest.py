"""An empty lake, where a module's own `settings` say."""

from __future__ import annotations

import pytest

from thuocdo.core.settings import Settings
from thuocdo.lake.store import Lake


@pytest.fixture
def lake(settings: Settings) -> Lake:
    opened = Lake.open(settings)
    opened.create()
    return opened
