"""What the ledger costs: rows hashed a second, bytes a leaf, and what a small round adds.

    .venv/bin/python bench/ledger.py [rows]

Page views as landing writes them go into a real lake in one commit; `extend` is timed by the wall and
by processor time, on one thread and on all. Then small commits follow, a round each, as the pipeline
makes them every second.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from thuocdo.core.settings import Settings
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.schemas import INSTANT, PAGE_VIEWS
from thuocdo.lake.store import Lake

ROWS_A_SEGMENT = 2_000
ROUNDS = 60
START = 1_651_294_800_000_000


def views(count: int, first: int, chance: np.random.Generator) -> pa.Table:
    """Rows with the spread of words that portals have."""

    def words(some: list[str], nulls: float = 0.0) -> pa.Array:
        found = pa.array(some).take(pa.array(chance.integers(0, len(some), count)))
        return pa.array(found.to_pylist(), mask=chance.random(count) < nulls) if nulls else found

    def numbers(low: int, high: int, kind: pa.DataType) -> pa.Array:
        return pa.array(chance.integers(low, high, count)).cast(kind)

    order = np.arange(first, first + count)
    made = {
        "day": pa.array(np.full(count, 19_112, np.int32)).cast(pa.date32()),
        "event_time": numbers(START, START + 3_600_000_000, INSTANT),
        "site_id": numbers(1, 200, pa.int32()),
        "visitor": numbers(-(2**62), 2**62, pa.int64()),
        "kind": words(["view", "download"]),
        "host": words([f"portal{n}.gov.vn" for n in range(200)]),
        "path": words([f"/tin-tuc/{n}" for n in range(2000)]),
        "referrer_host": words(["www.google.com", "portal1.gov.vn"], 0.3),
        "device": words(["desktop", "phone"]),
        "browser": words(["Chrome", "Firefox"]),
        "os": words(["Windows", "Android"]),
        "t_server_ms": numbers(1, 400, pa.int32()),
        "t_dom_ms": numbers(1, 900, pa.int32()),
        "t_load_ms": numbers(1, 4_000, pa.int32()),
        "landed_at": pa.array(START + order).cast(INSTANT),
        "segment": pa.array([f"20220430T050000-a1b2c3d4/{n // ROWS_A_SEGMENT}" for n in order]),
        "event_id": pa.array(order),
        "feed": words(["tracking"]),
        "trust": words(["unverified"]),
    }
    columns = [made.get(field.name, pa.nulls(count, field.type)) for field in PAGE_VIEWS]
    return pa.table(columns, schema=PAGE_VIEWS)


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    chance = np.random.default_rng(1)
    for threads in (1, 0):
        with tempfile.TemporaryDirectory() as folder:
            home = Path(folder)
            settings = Settings(home, "", str(home / "lake"), "duckdb", b"0123456789abcdef")
            lake = Lake.open(settings)
            lake.create()
            lake.append("page_views", views(rows, 0, chance), app_id="bench", version=0)
            ledger = Ledger(settings, lake)
            if threads:
                ledger.engine.execute(f"SET threads = {threads}")
            began, used = time.perf_counter(), time.process_time()
            head = ledger.extend()
            took, used = time.perf_counter() - began, time.process_time() - used
            print(
                f"{threads or 'all'} threads: {rows / took:,.0f} rows/s by the wall, "
                f"{rows / used:,.0f} by processor time; {head.size} leaves, "
                f"{head.leaves_bytes / head.size:.0f} bytes a leaf"
            )
    rounds = []
    for number in range(ROUNDS):
        some = views(ROWS_A_SEGMENT, rows + number * ROWS_A_SEGMENT, chance)
        rounds.append(some)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(home, "", str(home / "lake"), "duckdb", b"0123456789abcdef")
        lake = Lake.open(settings)
        lake.create()
        ledger = Ledger(settings, lake)
        ledger.extend()
        took, used = [], []
        for number, some in enumerate(rounds):
            lake.append("page_views", some, app_id="bench", version=number)
            began, busy = time.perf_counter(), time.process_time()
            ledger.extend()
            took.append(time.perf_counter() - began)
            used.append(time.process_time() - busy)
        began = time.perf_counter()
        ledger.extend()
        idle = time.perf_counter() - began
    took.sort()
    used.sort()
    print(
        f"a round of {ROWS_A_SEGMENT} rows: p50 {took[len(took) // 2] * 1000:.0f} ms, "
        f"max {took[-1] * 1000:.0f} ms, of processor time p50 {used[len(used) // 2] * 1000:.0f} ms; one without news {idle * 1000:.1f} ms"
    )


if __name__ == "__main__":
    main()
