"""A nation-year in the lake, as landing and compaction leave it: the data of bench/nation.py.

Everything the state has today is registered: 34 provinces with their 3,321 communes and their
departments, all ministries, 9,000 sites, 60,000 services. The year is 2025-12-01..2026-11-30. Rows
are drawn by numpy and written with the lake's own writer in its own order; what a row says about how
it came (frame times, one segment a second, numbers within a batch) is what a collector at that rate
leaves, so that bytes at rest are those of the real thing. Each day or month is one commit, so a
killed run goes on where it stopped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq
from nation_dossiers import write_month
from nation_state import days, months, register
from nation_views import write_day

from thuocdo.core.settings import Settings
from thuocdo.lake.delta_files import DataFile
from thuocdo.lake.store import Lake


def build(settings: Settings, scale: float, processes: int, drawn: int) -> Iterator[str]:
    """Fill the lake of an instance, from where an earlier run stopped; tells what is done.

    drawn  days of views that are drawn; each later day is a copy of the files of the day so many
           days before it (a multiple of 7), whose times then are those of that day
    """
    lake = Lake.open(settings)
    lake.create()
    register(lake)
    root = str(lake.root)
    drawn = min(drawn, len(days()))
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for table, write, parts in (
            ("dossier_events", write_month, months()),
            ("page_views", write_day, days()[:drawn]),
        ):
            done = lake.landed_version(table, "nation") + 1
            left = parts[done:]
            written = pool.map(write, [root] * len(left), left, [scale] * len(left))
            for number, (part, files) in enumerate(zip(left, written, strict=True), done):
                lake.record(table, files, {"nation": number})
                yield f"{table} {part}: {sum(file.rows for file in files):,} rows"
    for number in range(max(drawn, lake.landed_version("page_views", "nation") + 1), len(days())):
        files = copied_day(lake, days()[number % drawn], days()[number])
        lake.record("page_views", files, {"nation": number})
        yield f"page_views {days()[number]}: copied"


def copied_day(lake: Lake, day: date, to: date) -> list[DataFile]:
    """The views of a day once more under another."""
    made = []
    for path in lake.files("page_views", partitions=[str(day)]):
        copy = Path(f"day={to}") / Path(path).name
        (lake.root / "page_views" / copy.parent).mkdir(exist_ok=True)
        shutil.copyfile(path, lake.root / "page_views" / copy)
        rows = pq.read_metadata(path).num_rows
        made.append(DataFile(str(copy), Path(path).stat().st_size, rows, str(to)))
    return made
