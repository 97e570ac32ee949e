"""A small world on real Delta tables: agencies, systems, sites, services, and raw events."""

from __future__ import annotations

import copy
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from tests.lakes import empty_lake
from tests.measure.sail import running

from thuocdo.core.clock import day_start_us, local_day, parse_instant, to_datetime
from thuocdo.core.settings import DUCKDB, Settings
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.engine import Engine, open_engine
from thuocdo.measure.refresh import Refreshed, refresh
from thuocdo.measure.service import Measure

ENGINES = (DUCKDB, "sail")
ALL_ENGINES = bool(os.environ.get("THUOCDO_TEST_ALL_ENGINES"))
ASKING = frozenset(
    (
        "advice/test_recommend.py",
        "invariants/test_check.py",
        "outlook/test_outlook.py",
        "passport/test_asking.py",
        "test_across.py",
        "test_cases.py",
        "test_catalogue_in_time.py",
        "test_comparing.py",
        "test_counting.py",
        "test_exclusions.py",
        "test_funnels.py",
        "test_known.py",
        "test_listening.py",
        "test_roll_call.py",
        "test_running.py",
        "test_service.py",
        "test_shelf.py",
        "test_vectors.py",
    )
)
"""Tests of what only asks for figures: of every figure, engine/test_equal.py compares both engines' answers."""
Moment = date | str
"""A Vietnamese day, or an instant as ISO 8601 says it."""

_ENDS = {
    "resolved": "completed",
    "returned": "returned",
    "rejected": "rejected",
    "stopped": "stopped",
    "withdrawn": "withdrawn",
}
HOUR_US = 3_600_000_000
LANDED = day_start_us(date(2026, 1, 1))
RECORDED = day_start_us(date(2020, 1, 1))


class World:
    """One instance in a folder, written to as the lander and the registry would."""

    def __init__(self, home: Path, engine: str) -> None:
        self.settings = Settings(
            home=home,
            database_url="",
            lake_url=str(home / "lake"),
            engine=engine,
            secret=b"0123456789abcdef",
        )
        self.lake = empty_lake(self.settings)
        self._batch = itertools.count()
        self._moment = itertools.count()
        self._dossier = itertools.count(1)

    def copy(self, home: Path) -> World:
        """Another instance with the same past, which its own future does not touch."""
        shutil.copytree(self.settings.home, home, dirs_exist_ok=True)
        other = copy.copy(self)
        other.settings = replace(self.settings, home=home, lake_url=str(home / "lake"))
        other.lake = Lake.open(other.settings)
        for counter in ("_batch", "_moment", "_dossier"):
            setattr(other, counter, itertools.count(next(getattr(self, counter))))
        return other

    def tell(self, name: str, *rows: dict[str, Any]) -> None:
        """Record dimension rows, known since 2020, each call a moment after the one before."""
        schema = DIMENSIONS[name][0]
        base = {"recorded_at": to_datetime(RECORDED + next(self._moment)), "withdrawn": False}
        full = [dict.fromkeys(schema.names) | base | row for row in rows]
        if full:
            dimensions.write(self.lake, name, pa.Table.from_pylist(full, schema=schema))

    def send(self, table: str, *rows: dict[str, Any]) -> None:
        """Land raw rows in one commit."""
        schema, _ = EVENT_TABLES[table]
        base = {
            "landed_at": to_datetime(LANDED),
            "segment": "test:1",
            "event_id": 0,
            "feed": "import",
            "trust": "verified",
        }
        full = [dict.fromkeys(schema.names) | base | row for row in rows]
        if full:
            landed = pa.Table.from_pylist(full, schema=schema)
            self.lake.append(table, landed, app_id="test", version=next(self._batch))

    def view(
        self, at: int, *, site: int = 1, visitor: int | None = 1, **more: Any
    ) -> dict[str, Any]:
        """A page view at an instant (µs UTC)."""
        given = {"kind": "view", "site_id": site, "visitor": visitor}
        return {"day": local_day(at), "event_time": to_datetime(at)} | given | more

    def event(self, dossier: int, status: str, at: int, **more: Any) -> dict[str, Any]:
        """One dossier event at an instant (µs UTC); home month 2022-01 unless told."""
        given = {
            "home_month": "2022-01",
            "dossier_hi": dossier,
            "dossier_lo": -dossier,
            "system": "H26-one_stop",
            "agency": "H26",
            "procedure": "1.000001",
            "channel": "unknown",
            "payment": "unknown",
            "applicant_kind": "unknown",
            "quality": [],
        }
        return given | {"status": status, "event_time": to_datetime(at)} | more

    def dossiers(
        self, received: Moment, *, count: int = 1, procedure: str = "1.000001", **more: Any
    ) -> list[dict[str, Any]]:
        """Events of `count` new dossiers.

        resolved, returned, rejected, stopped, withdrawn   when that happened: a day or an instant
        supplements                                        when each was asked for
        due, landed, level                                 as the raw columns of similar names
        """
        told = [(status, more.pop(word, None)) for word, status in _ENDS.items()]
        told += [("supplement_requested", day) for day in more.pop("supplements", ())]
        more["level_declared"] = more.pop("level", None)
        if "due" in more:
            more["due_at"] = to_datetime(noon(more.pop("due")))
        if "landed" in more:
            more["landed_at"] = to_datetime(parse_instant(more.pop("landed")))
        begun = moment(received)
        events = []
        for _ in range(count):
            number = next(self._dossier)
            common = {"procedure": procedure, "home_month": f"{local_day(begun):%Y-%m}"} | more
            events.append(self.event(number, "received", begun, **common))
            events += [
                self.event(number, status, moment(when, HOUR_US), **common)
                for status, when in told
                if when is not None
            ]
        return events

    def refresh(self, *, full: bool = False) -> Refreshed:
        return refresh(self.settings, self.lake, full=full)

    def measure(self) -> Measure:
        return Measure(self.settings)

    def engine(self) -> Engine:
        return open_engine(self.settings, memory_limit="1GiB")


def moment(when: Moment, after_noon: int = 0) -> int:
    """µs UTC: an instant as it is written, a day at its noon or some time after."""
    return parse_instant(when) if isinstance(when, str) else noon(when) + after_noon


def noon(day: date) -> int:
    """Local noon of a day, µs UTC."""
    return day_start_us(day) + 12 * HOUR_US


@pytest.fixture(scope="session")
def sail(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Sail cluster, one for all tests of this process."""
    with running(tmp_path_factory.mktemp("sail") / "log") as server:
        yield server.url


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """What computes anything of its own runs once on each engine; what asks for figures, on one.

    That figures are the same on both, engine/test_equal.py proves of every one. `make engines` runs all on both.
    """
    if "engine_url" in metafunc.fixturenames:
        module = Path(metafunc.module.__file__).relative_to(Path(__file__).parent).as_posix()
        chosen = ENGINES[:1] if module in ASKING and not ALL_ENGINES else ENGINES
        metafunc.parametrize("engine_url", chosen, indirect=True, scope="session")


@pytest.fixture(scope="session")
def engine_url(request: pytest.FixtureRequest) -> str:
    """What THUOCDO_ENGINE says."""
    return DUCKDB if request.param == DUCKDB else str(request.getfixturevalue(request.param))


@pytest.fixture(scope="session")
def new_world(engine_url: str) -> Callable[[Path], World]:
    """Makes an instance in a folder: tables, but nothing in them."""
    return partial(World, engine=engine_url)


@pytest.fixture
def empty_world(new_world: Callable[[Path], World], tmp_path: Path) -> World:
    """Tables, but nothing in them."""
    return new_world(tmp_path)


@pytest.fixture(scope="session")
def small_world(new_world: Callable[[Path], World], tmp_path_factory: Any) -> World:
    """What each `world` begins as. Not to be told anything."""
    made = new_world(tmp_path_factory.mktemp("world"))
    made.tell(
        "agencies",
        {"code": "H26", "name": "Hà Nội", "kind": "province"},
        {"code": "G18", "name": "Bộ Y tế", "kind": "ministry"},
    )
    made.tell("sites", {"site_id": 1, "agency": "H26", "kind": "portal", "name": "Cổng"})
    made.tell("systems", {"code": "H26-one_stop", "agency": "H26", "kind": "one_stop"})
    return made


@pytest.fixture
def world(small_world: World, tmp_path: Path) -> World:
    """Hà Nội (H26) with a portal and a one-stop system, and a ministry without any."""
    return small_world.copy(tmp_path)
