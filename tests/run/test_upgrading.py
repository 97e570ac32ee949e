"""`thuocdo serve` brings an instance of an earlier version up to date by itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

from thuocdo.core import settings
from thuocdo.registry.setup import is_current


def test_a_database_of_an_earlier_version_has_the_new_tables_when_the_roles_start(
    instance: Any,
) -> None:
    with closing(sqlite3.connect(instance.home / "registry.sqlite3")) as database, database:
        made = "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'assess_%'"
        for (table,) in database.execute(made).fetchall():
            database.execute(f"DROP TABLE {table}")
        database.execute("DELETE FROM django_migrations WHERE app = 'assess'")
    (instance.home / "state" / "schema.txt").write_text("registry.0001_initial")
    found = settings.load(instance.environment)
    assert not is_current(found)
    with instance.serving():
        assert is_current(found)
    with closing(sqlite3.connect(instance.home / "registry.sqlite3")) as database:
        assert database.execute("SELECT count(*) FROM assess_sitecheck").fetchone() == (0,)
