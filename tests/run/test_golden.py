"""Both published reports come out of raw events exactly, through the commands a person would type."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

GOLDEN = Path(__file__).parents[2] / "src/thuocdo/simulate/data"
VISITS_SCALE = 0.001


def scaled(golden: dict[str, Any]) -> dict[str, Any]:
    """The published visits at 1:1000; percentages are never scaled."""
    for table in golden["tables"].values():
        if table["indicator"] == "portal_visits":
            for side in ("top", "bottom"):
                table[side] = [[name, round(n * VISITS_SCALE)] for name, n in table[side]]
    return golden


def by_value(rows: list[list[Any]]) -> list[tuple[Any, frozenset[str]]]:
    """Rows grouped by value in their order: among equal values any order is right."""
    values = list(dict.fromkeys(value for _, value in rows))
    return [(value, frozenset(name for name, v in rows if v == value)) for value in values]


@pytest.mark.parametrize("week", ["2022-W18", "2022-W40"])
def test_a_published_report_is_remade_from_raw_events(instance: Any, week: str) -> None:
    golden = scaled(json.loads((GOLDEN / f"golden-{week}.json").read_text()))
    instance.run("simulate", "--golden", week, "--scale", str(VISITS_SCALE))
    instance.run("refresh")
    first, last = golden["period"]
    folder = instance.home / "out"
    instance.run(
        *("report", "weekly", week, "--period", f"{first}..{last}"),
        *("--number", golden["number"], "--format", "json", "-o", folder),
    )
    made = json.loads((folder / f"{week}.json").read_text())
    for key in ("report", "number", "date", "period"):
        assert made[key] == golden[key]
    assert made["tables"].keys() == golden["tables"].keys()
    for number, expected in golden["tables"].items():
        table = made["tables"][number]
        for key in ("title", "indicator", "block", "top_n", "unit"):
            assert table.get(key) == expected.get(key), (number, key)
        for side in ("top", "bottom"):
            assert by_value(table[side]) == by_value(expected[side]), (number, side)
    for name, value in golden.get("national", {}).items():
        assert made["national"][name] == value
    assert made["definitions"]
