"""How fast a running instance keeps up: rounds of new events, and the figures of the first page.

Works on a copy of an instance (the one given is left alone). Each round lands events that look
like those already there, refreshes the facts, and asks for what the overview shows.

    .venv/bin/python bench/rounds.py <home> [--views 700] [--events 300] [--rounds 8]
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa

from thuocdo.core import clock
from thuocdo.core.settings import load
from thuocdo.core.vocabulary import Block
from thuocdo.lake import table_files
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure

HEADLINE = (
    "portal_visits",
    "services_with_online_dossiers",
    "online_dossier_rate",
    "full_online_rate",
)
WEEKS = 13


class Stream:
    """More of the same: events of today drawn from the newest partition of each table."""

    def __init__(self, lake: Lake) -> None:
        self.lake, self.number = lake, 0
        self.models = {table: self._newest(table) for table in ("page_views", "dossier_events")}
        self.random = random.Random(1)

    def _newest(self, table: str) -> list[dict[str, Any]]:
        files = self.lake.files(table)
        newest = max(path.rpartition("/")[0] for path in files)
        rows = table_files.read(self.lake.root, table, [p for p in files if p.startswith(newest)])
        return rows.slice(0, 50_000).to_pylist()

    def land(self, table: str, count: int) -> None:
        now = clock.now_us()
        self.number += 1
        rows = [
            row | {"landed_at": clock.to_datetime(now), "segment": f"bench:{self.number}"}
            for row in self.random.choices(self.models[table], k=count)
        ]
        for row in rows:
            row["event_time"] = clock.to_datetime(now)
            if table == "page_views":
                row["day"] = clock.local_day(now)
            else:
                row["status"] = self.random.choice(["received", "processing", "completed"])
        schema = table_files.read(self.lake.root, table, []).schema
        self.lake.append(
            table, pa.Table.from_pylist(rows, schema=schema), app_id="bench", version=self.number
        )


def overview(measure: Measure) -> None:
    """What the first page asks: figures and weekly lines of each headline, by block."""
    today = clock.local_day(clock.now_us())
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=back) for back in reversed(range(WEEKS))]
    weeks = [clock.Period(start, start + timedelta(days=6)) for start in starts]
    period = clock.Period(weeks[0].first, today)
    for code in HEADLINE:
        for block in Block:
            measure.figures(code, period, block=block.value)
            measure.series(code, weeks, block=block.value)


def timed(what: Callable[[], Any]) -> float:
    began = time.perf_counter()
    what()
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("home", type=Path)
    parser.add_argument("--views", type=int, default=700)
    parser.add_argument("--events", type=int, default=300)
    parser.add_argument("--rounds", type=int, default=8)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        shutil.copytree(asked.home, home, ignore=shutil.ignore_patterns("simulated", "wal"))
        settings = load({"THUOCDO_HOME": str(home)})
        lake = Lake.open(settings)
        stream, measure = Stream(lake), Measure(settings)
        refresh(settings, lake)
        spent: dict[str, list[float]] = {"refresh": [], "first_look": [], "next_look": []}
        overview(measure)
        for _ in range(asked.rounds):
            stream.land("page_views", asked.views)
            stream.land("dossier_events", asked.events)
            spent["refresh"].append(timed(lambda: refresh(settings, lake)))
            spent["first_look"].append(timed(lambda: overview(measure)))
            spent["next_look"].append(timed(lambda: overview(measure)))
        for what, seconds in spent.items():
            print(
                json.dumps(
                    {
                        "what": what,
                        "median_ms": round(1000 * statistics.median(seconds), 1),
                        "worst_ms": round(1000 * max(seconds), 1),
                    }
                )
            )


if __name__ == "__main__":
    main()
