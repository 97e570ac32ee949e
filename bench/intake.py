"""What the intake costs and how fast a site's page asks it: days of page views of a nation's sites.

Makes an instance of its own in a temporary folder: DAYS days of VIEWS page views on 5,000 sites, some
with most of the traffic. Prints the intake's bytes for each view, its share of a rebuild, and the time
of the first and of a repeated question.

    .venv/bin/python bench/intake.py [--days 30] [--views 1000000]
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa

from thuocdo.core.clock import DAY_US, day_start_us
from thuocdo.core.settings import Settings
from thuocdo.lake.schemas import PAGE_VIEWS
from thuocdo.lake.store import Lake
from thuocdo.measure import building
from thuocdo.measure.facts import intake
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure

SITES = 5_000
FIRST = date(2026, 10, 1)
ASKED = (1, 7, 12, 13, 400, 3_000, 4_000)
BOTS = 0.05


def day_of_views(day: date, views: int, random: np.random.Generator) -> pa.Table:
    at = np.sort(day_start_us(day) + random.integers(0, DAY_US, views))
    instants = pa.array(at).cast(PAGE_VIEWS.field("event_time").type)
    site = np.minimum((random.pareto(1.1, views) * 20).astype(np.int32), SITES - 1) + 1
    columns = {
        "day": pa.array([day] * views),
        "event_time": instants,
        "landed_at": instants,
        "site_id": pa.array(site),
        "visitor": pa.array(random.integers(0, 200_000, views)),
        "kind": pa.array(["view"] * views),
        "bot": pa.array(np.where(random.random(views) < BOTS, "crawler", None)),
        "feed": pa.array(["tracking"] * views),
        "trust": pa.array(["unverified"] * views),
        "segment": pa.array(["bench/1"] * views),
        "event_id": pa.array(range(views)),
    }
    arrays = [columns.get(f.name, pa.nulls(views, f.type)) for f in PAGE_VIEWS]
    return pa.table([a.cast(f.type) for a, f in zip(arrays, PAGE_VIEWS, strict=True)], PAGE_VIEWS)


def worked(work: Callable[[], object]) -> float:
    """Seconds of all processors, so that a busy machine says the same."""
    started = time.process_time()
    work()
    return time.process_time() - started


def timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--views", type=int, default=1_000_000)
    asked = parser.parse_args()
    random = np.random.default_rng(1)
    with tempfile.TemporaryDirectory(prefix="bench-intake-") as folder:
        home = Path(folder)
        settings = Settings(home, "", str(home / "lake"), "duckdb", b"0123456789abcdef")
        lake = Lake.open(settings)
        lake.create()
        for number in range(asked.days):
            rows = day_of_views(FIRST + timedelta(days=number), asked.views, random)
            lake.append("page_views", rows, app_id="bench", version=number)
        every = dict(building.DAILY_FACTS)
        building.DAILY_FACTS = {  # type: ignore[misc]
            table: [one for one in facts if one[0] != intake.TABLE]
            for table, facts in every.items()
        }
        without = worked(lambda: refresh(settings, lake, full=True))
        building.DAILY_FACTS = every  # type: ignore[misc]
        whole = worked(lambda: refresh(settings, lake, full=True))
        size = sum(file.stat().st_size for file in (home / "facts/intake").glob("*.parquet"))
        print(f"intake: {size / asked.days / asked.views:.2f} B a view")
        print(
            f"rebuild: {whole:.1f} CPU s with it, {without:.1f} s without: × {whole / without:.2f}"
        )
        measure = Measure(settings)
        since = day_start_us(FIRST)
        until = since + asked.days * DAY_US
        measure.intake(since, until, site_id=SITES + 1)  # the engine is open
        for what in ("first", "again"):
            times = [
                timed(lambda s=site: measure.intake(since, until, site_id=s)) for site in ASKED
            ]
            print(f"a site's {asked.days} days, {what}: {statistics.median(times) * 1000:.1f} ms")


if __name__ == "__main__":
    main()
