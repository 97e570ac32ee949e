"""`thuocdo simulate` fills an instance with all that today's systems send; twice is once."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

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
