"""`kill -9` of any role in the middle of a load: every acknowledged event is counted exactly once."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import duckdb
import pytest
from deltalake import DeltaTable
from tests.chaos.world import children
from tests.run.load import Load

EVENTS_PER_SECOND = 2000
LOAD_SECONDS = 6.0


def paths_in_lake(home: Path) -> Counter[str]:
    files = DeltaTable(home / "lake" / "page_views").file_uris()
    rows = duckdb.execute("select path from read_parquet(?)", [files]).fetchall()
    return Counter(path for (path,) in rows)


def run_load(load: Load, strike: Any) -> None:
    """The load in a thread of its own; `strike` is called in the middle of it."""
    thread = threading.Thread(target=lambda: asyncio.run(load.run(LOAD_SECONDS)))
    thread.start()
    try:
        time.sleep(LOAD_SECONDS / 2)
        strike()
    finally:
        thread.join()


@pytest.mark.parametrize("role", ["collect", "pipeline", "worker", "web"])
def test_killing_a_role_loses_and_doubles_nothing(can_tho: Any, role: str) -> None:
    load = Load(can_tho.collect_port, EVENTS_PER_SECOND)
    with can_tho.serving() as supervisor:
        victim = children(supervisor.pid)[role]
        run_load(load, lambda: os.kill(victim, signal.SIGKILL))
        limit = time.monotonic() + 30
        while children(supervisor.pid).get(role) in {None, victim}:
            assert time.monotonic() < limit, can_tho.logs()
            time.sleep(0.1)
    assert_counted_once(can_tho, load)


def test_killing_the_supervisor_ends_its_roles_and_a_new_one_goes_on(can_tho: Any) -> None:
    load = Load(can_tho.collect_port, EVENTS_PER_SECOND)
    with can_tho.serving() as supervisor:
        roles = children(supervisor.pid)
        run_load(load, lambda: os.kill(supervisor.pid, signal.SIGKILL))
        supervisor.wait()
        limit = time.monotonic() + 30
        while any(Path(f"/proc/{pid}").exists() for pid in roles.values()):
            assert time.monotonic() < limit
            time.sleep(0.1)
    with can_tho.serving():
        pass
    assert_counted_once(can_tho, load)


def assert_counted_once(instance: Any, load: Load) -> None:
    instance.run("refresh")
    counted = paths_in_lake(instance.home)
    assert len(load.acknowledged) > EVENTS_PER_SECOND
    lost = [number for number in load.acknowledged if f"/p/{number}" not in counted]
    doubled = [path for path, count in counted.items() if count > 1]
    assert not lost, f"{len(lost)} acknowledged events lost"
    assert not doubled, f"{len(doubled)} events counted twice"
    visits = instance.figures("portal_visits", "--period", "2026-01-01..2099-12-31")
    clients = {int(path.removeprefix("/p/")) // 2 for path in counted}
    assert visits["H13"]["value"] in range(len(clients), len(counted) + 1)
