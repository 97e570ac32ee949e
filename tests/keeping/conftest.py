"""An instance in which things of every kind grew old, each in two pieces: one that is needed, one that is not."""

from __future__ import annotations

import datetime as dt
import os
from pathlib import Path
from typing import Any

import pytest
from tests import homes

from thuocdo.core import clock
from thuocdo.core.settings import Settings

NOW = clock.now_us()
LONG_AGO = clock.to_datetime(NOW) - dt.timedelta(days=3000)


@pytest.fixture
def home(tmp_path: Path, settings: Any, db: None) -> Settings:
    return homes.made(tmp_path, settings)


def aged(path: Path, at: dt.datetime = LONG_AGO) -> Path:
    """A file or folder as if it had been written then."""
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def row_aged(row: Any, **fields: Any) -> Any:
    """A row with what the database fills in by itself set to another time."""
    type(row).objects.filter(pk=row.pk).update(**fields)
    row.refresh_from_db()
    return row
