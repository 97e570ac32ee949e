"""What the public pages are made of, as one value that changes when any of it does.

Asked for with every request for a public page: a few looks at the file system, no question to the database.
"""

from __future__ import annotations

import time
from collections.abc import Hashable
from datetime import date
from pathlib import Path
from typing import NamedTuple

from django.conf import settings as django_settings

from thuocdo.core.settings import Settings
from thuocdo.measure.facts.store import FactStore
from thuocdo.web import choosing

_SERVER_S = 5
"""A database elsewhere is taken to have changed this often."""

Mark = tuple[int, int] | None


class State(NamedTuple):
    """facts, registry, reports (what is published): marks of the files they are in; usual periods move with the day."""

    day: date
    facts: Mark
    registry: Hashable
    reports: Mark


def state_now(settings: Settings) -> State:
    """What the data of this instance are at."""
    return State(
        choosing.today(),
        FactStore(settings.facts_dir).stamp(),
        registry(),
        _mark(settings.publication_dir),
    )


def registry() -> Hashable:
    """What the registry is at; every commit of SQLite changes the file or its log."""
    database = django_settings.DATABASES["default"]
    if database["ENGINE"] != "django.db.backends.sqlite3":
        return int(time.monotonic()) // _SERVER_S
    path = str(database["NAME"])
    there = _mark(Path(path))
    if there is None:  # in memory: changes unseen, so nothing is the same as before
        return object()
    return there, _mark(Path(f"{path}-wal"))


def _mark(path: Path) -> Mark:
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_mtime_ns, found.st_size
