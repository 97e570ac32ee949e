"""How fast facts are made: sessions over page views, the fold of dossier events.

    .venv/bin/python bench/facts.py [--views 5000000] [--events 2000000]

Prints seconds, rows a second and the peak memory of this process, one JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import resource
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from thuocdo.core.clock import DAY_US, day_start_us
from thuocdo.lake.schemas import DOSSIER_EVENTS, PAGE_VIEWS
from thuocdo.measure.engine import same
from thuocdo.measure.engine.duckdb import DuckDBEngine
from thuocdo.measure.facts import cube, dossiers, visits
from thuocdo.measure.facts.schemas import DOSSIERS
from thuocdo.measure.refresh import MEMORY_LIMIT

DAY = date(2026, 11, 20)
SITES, EVENTS_A_DOSSIER = 9_000, 4
SPENT: list[float] = []


def columns(schema: pa.Schema, rows: int, given: dict[str, object]) -> pa.Table:
    """A table of `schema`; columns not given are null."""
    return pa.table(
        [
            pa.array(given[field.name], field.type)
            if field.name in given
            else pa.nulls(rows, field.type)
            for field in schema
        ],
        schema=schema,
    )


def page_views(rows: int) -> pa.Table:
    random = np.random.default_rng(1)
    visit = random.integers(0, max(1, rows // 4), rows)  # four views a visit
    visitor = visit - visit % 2  # every odd visit is its even neighbour come back
    site = random.zipf(1.3, rows // 4 + 1)[visitor] % SITES
    within = random.integers(0, 20 * 60 * 1_000_000, rows)
    return columns(
        PAGE_VIEWS,
        rows,
        {
            "site_id": site.astype("int32"),
            "visitor": visitor,
            "event_time": day_start_us(DAY) + (visit * 104_729_000_000 + within) % DAY_US,
            "kind": np.full(rows, "view"),
            "trust": np.full(rows, "unverified"),
            "landed_at": np.full(rows, day_start_us(DAY)),
        },
    )


def dossier_events(rows: int) -> pa.Table:
    random = np.random.default_rng(2)
    which = np.arange(rows) // EVENTS_A_DOSSIER
    start = day_start_us(date(2026, 10, 1)) + (which * 7_919_000_000) % (30 * DAY_US)
    step = np.arange(rows) % EVENTS_A_DOSSIER
    statuses = np.array(["received", "processing", "completed", "returned"])
    return columns(
        DOSSIER_EVENTS,
        rows,
        {
            "dossier_hi": which * 2_654_435_761,
            "dossier_lo": which,
            "system": [f"H{n % 34 + 1:02d}-one_stop" for n in which.tolist()],
            "agency": [f"H{n % 34 + 1:02d}.{n % 130}" for n in which.tolist()],
            "procedure": [f"1.{n % 2000:06d}" for n in which.tolist()],
            "status": statuses[step],
            "event_time": start + step * DAY_US,
            "due_at": start + 5 * DAY_US,
            "channel": np.where(which % 3 == 0, "online", "counter"),
            "payment": np.full(rows, "unknown"),
            "trust": np.full(rows, "verified"),
            "quality": [[]] * rows,
            "landed_at": start + random.integers(0, 60_000_000, rows),
        },
    )


def write_input(views: Path, events: Path, view_rows: int, event_rows: int) -> None:
    views.parent.mkdir()
    pq.write_table(page_views(view_rows).drop_columns(["day"]), views, compression="zstd")
    pq.write_table(dossier_events(event_rows), events, compression="zstd")


def start() -> float:
    """Begin a measure: the wall clock now; the processor's is kept for `say`."""
    SPENT.append(time.process_time())
    return time.perf_counter()


def say(what: str, rows: int, seconds: float) -> None:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        json.dumps(
            {
                "what": what,
                "rows": rows,
                "seconds": round(seconds, 2),
                "cpu_seconds": round(time.process_time() - SPENT.pop(), 2),
                "rows_per_second": round(rows / seconds),
                "peak_mib": round(peak),
                "at": datetime.now(UTC).isoformat(timespec="seconds"),
            }
        )
    )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--views", type=int, default=5_000_000)
    parser.add_argument("--events", type=int, default=2_000_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        views, events, out = (
            home / f"day={DAY}" / "views.parquet",
            home / "events.parquet",
            home / "out.parquet",
        )
        # In a process of its own, so that the peak printed is the engine's.
        writer = multiprocessing.get_context("spawn").Process(
            target=write_input, args=(views, events, asked.views, asked.events)
        )
        writer.start()
        writer.join()
        engine = DuckDBEngine(home, memory_limit=MEMORY_LIMIT)
        began = start()
        scanned = engine.scan([str(views)], PAGE_VIEWS, partition=True)
        engine.write(out, visits.visits_daily, scanned)
        say("visits of one day", asked.views, time.perf_counter() - began)
        began = start()
        scanned = engine.scan([str(events)], DOSSIER_EVENTS)
        engine.write(out, same, dossiers.rows(engine, scanned))
        say("fold of dossier events", asked.events, time.perf_counter() - began)
        began = start()
        folded = engine.scan([str(out)], DOSSIERS)
        engine.write(home / "cube.parquet", cube.dossiers_daily, folded)
        say("cube", pq.read_metadata(out).num_rows, time.perf_counter() - began)
        engine.close()


if __name__ == "__main__":
    main()
