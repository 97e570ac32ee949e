"""What messages say of their sender: how late, by which channels; exactly, by both engines."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pytest
from tests.measure.conftest import World

from thuocdo.core import clock
from thuocdo.lake.schemas import EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.senders import Lags
from thuocdo.measure.service import Measure

MINUTE_US = 60_000_000
NOW = clock.parse_instant("2026-11-21T10:00:00")
SCHEMA = EVENT_TABLES["dossier_events"][0]


def event(minutes: int, *, system: str = "H26-one_stop", feed: str = "mcdt", landed: int = NOW) -> dict[str, Any]:  # fmt: skip
    return dict.fromkeys(SCHEMA.names) | {
        "home_month": "2026-11", "dossier_hi": 1, "dossier_lo": minutes, "system": system,
        "agency": "H26", "procedure": "1", "status": "received", "quality": [],
        "event_time": clock.to_datetime(landed - minutes * MINUTE_US),
        "landed_at": clock.to_datetime(landed), "segment": "s", "event_id": 0, "feed": feed,
        "trust": "verified", "channel": ["online", "counter", "unknown", None][minutes % 4],
    }  # fmt: skip


@pytest.fixture
def measure(empty_world: World) -> Measure:
    rows = [
        *(event(n) for n in range(1, 101)),
        event(9_999, system="H29-one_stop"),
        event(9_999, feed="import"),
        event(9_999, landed=NOW - 15 * 1440 * MINUTE_US),
    ]
    land(empty_world.lake, rows, 0)
    return empty_world.measure()


def land(lake: Lake, rows: list[dict[str, Any]], version: int) -> None:
    made = pa.Table.from_pylist(rows, schema=SCHEMA)
    lake.append("dossier_events", made, app_id="test", version=version)


def test_half_and_nineteen_of_twenty_are_exact(measure: Measure) -> None:
    since = NOW - 14 * 1440 * MINUTE_US
    assert measure.lags("H26-one_stop", since) == Lags(100, 50 * MINUTE_US, 95 * MINUTE_US)


def test_of_nothing_nothing_is_told(measure: Measure) -> None:
    assert measure.lags("H14-one_stop", 0) is None
    assert measure.lags("H26-one_stop", NOW + 1) is None


def test_other_events_landing_change_the_answer(measure: Measure) -> None:
    since = NOW - 14 * 1440 * MINUTE_US
    measure.lags("H26-one_stop", since)
    land(measure._lake, [event(7) for _ in range(200)], 1)
    assert measure.lags("H26-one_stop", since) == Lags(300, 7 * MINUTE_US, 85 * MINUTE_US)


def test_channels_are_counted_of_what_names_one(measure: Measure) -> None:
    assert measure.channels("H26-one_stop", NOW) == {"online": 25, "counter": 25}
    assert measure.channels("H14-one_stop", 0) == {}
