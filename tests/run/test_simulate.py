"""`thuocdo simulate` fills an instance with all that today's systems send; twice is once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.core import settings
from thuocdo.run.loading import send_steps
from thuocdo.simulate.country_steps import STEP_SCHEMA

PERIOD = "2026-10-05..2026-10-11"


def sent(told: str) -> int:
    found = re.search(r"calls of trackDVC: sent (\d+)", told)
    assert found
    return int(found[1])


def steps(home: Path) -> int:
    return sum(
        pq.read_metadata(path).num_rows for path in home.glob("lake/service_steps/day=*/*.parquet")
    )


def test_a_second_simulation_of_the_same_country_adds_nothing(instance: Any) -> None:
    simulate = ("simulate", "--scale", "0.02", "--period", PERIOD)
    first = sent(instance.run(*simulate).stdout)
    counted = instance.figures("reuse_rate", "--period", PERIOD)
    assert first > 0
    assert steps(instance.home) == first
    assert sent(instance.run(*simulate).stdout) == 0
    instance.run("refresh")
    assert steps(instance.home) == first
    assert instance.figures("reuse_rate", "--period", PERIOD) == counted
    assert any(figure["numerator"] for figure in counted.values())


def test_only_the_steps_of_the_last_days_are_sent_when_asked(tmp_path: Path) -> None:
    """The demo does: steps of ninety days would keep it from starting."""
    start = datetime(2026, 10, 1, tzinfo=UTC)
    rows = [
        {
            "site_id": 391,
            "event_time": start + timedelta(hours=hour),
            "visitor": "v",
            "url": "https://example.gov.vn/",
            "procedure": "1.000001",
            "state": "1",
            "user_agent": "Mozilla/5.0",
        }
        for hour in range(48)
    ]
    steps = tmp_path / "steps.parquet"
    pq.write_table(pa.Table.from_pylist(rows, schema=STEP_SCHEMA), steps, row_group_size=8)
    home = settings.load({"THUOCDO_HOME": str(tmp_path / "home"), "THUOCDO_SECRET_KEY": "x" * 32})
    home.make_folders()
    assert send_steps(home, steps, since=start + timedelta(hours=40)) == 8
    assert send_steps(home, steps, since=start + timedelta(hours=40)) == 0
