"""A nation-year: what it weighs at rest, how long its facts take, how fast its figures answer.

    .venv/bin/python bench/nation.py --scale 0.01
    .venv/bin/python bench/nation.py --scale 1 --data /data/nation --drawn 365
    .venv/bin/python bench/nation.py --scale 0.1 --only answers

Everything the state has today is registered at any scale; the scale is that of what happens: 1 is
365 M page views and 60 M dossiers with 240 M events (bench/nation_data.py). The data are made once
and kept in `--data` (go on after an interruption; delete the folder yourself). Each measure runs in
a process of its own, so that its peak memory is its own; `cpu` is processor time of that process,
which other work on the machine does not lengthen as it does the seconds. What came out is kept in
bench/nation.md.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import nation_data
import nation_state
import nation_views
import pyarrow as pa
import pyarrow.parquet as pq
from nation_columns import FIRST, typed

from thuocdo.core.clock import DAY_US, Period, day_start_us
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Block
from thuocdo.lake import table_files
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure

HEADLINE = (
    "portal_visits", "services_with_online_dossiers", "online_dossier_rate", "full_online_rate",
)  # fmt: skip
LIMITS = {"page_views": 18, "dossier_events": 22}
NEW_EVENTS = 10_000
DRAWN = 28
LAST = nation_state.LAST


def settings_of(home: Path) -> Settings:
    return Settings(
        home=home, database_url="", lake_url=str(home / "lake"), engine="duckdb", secret=b"0123456789abcdef"
    )  # fmt: skip


@contextmanager
def timed(what: str, **more: Any) -> Iterator[dict[str, Any]]:
    """Print what a step took: seconds, processor time, and this process's peak memory so far."""
    wall, spent = time.perf_counter(), time.process_time()
    said: dict[str, Any] = dict(more)
    yield said
    seconds, cpu = time.perf_counter() - wall, time.process_time() - spent
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    say(what, seconds=round(seconds, 3), cpu=round(cpu, 3), peak_mib=round(peak), **said)


def say(what: str, **values: Any) -> None:
    print(json.dumps({"what": what, **values}), flush=True)


def at_rest(home: Path) -> None:
    lake = Lake.open(settings_of(home))
    for table, limit in LIMITS.items():
        files = lake.files(table)
        size = sum(Path(file).stat().st_size for file in files)
        rows = sum(pq.read_metadata(file).num_rows for file in files)
        say(
            f"{table} at rest", rows=rows, files=len(files), mib=size >> 20,
            bytes_a_row=round(size / max(1, rows), 2), asked=limit,
        )  # fmt: skip


def rebuild(home: Path) -> None:
    settings = settings_of(home)
    with timed("all facts from raw", asked="240 s on 2 cores (480 s of cpu), 6144 MiB"):
        refresh(settings, Lake.open(settings), full=True)
    facts = list(settings.facts_dir.rglob("*.parquet"))
    say("facts at rest", files=len(facts), mib=sum(f.stat().st_size for f in facts) >> 20)


Spent = tuple[float, float]
"""Seconds, and of processor time."""


def spent_on(question: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    question()
    return time.perf_counter() - wall, time.process_time() - cpu


def percentile(spent: list[float], share: float) -> int:
    """ms"""
    return round(sorted(spent)[min(len(spent) - 1, int(share * len(spent)))] * 1000)


def periods() -> list[Period]:
    """Periods a reader may choose, none asked before: weeks, months, quarters, the year, any A..B."""
    found = [
        Period(LAST - timedelta(days=7 * n + 6), LAST - timedelta(days=7 * n)) for n in range(4)
    ]
    for first, last in (((2026, 10, 1), (2026, 10, 31)), ((2026, 3, 1), (2026, 3, 31)),
                        ((2026, 7, 1), (2026, 9, 30)), ((2026, 1, 1), (2026, 11, 30)),
                        ((2025, 12, 2), (2026, 11, 29)), ((2026, 2, 11), (2026, 8, 19))):  # fmt: skip
        found.append(Period(date(*first), date(*last)))
    return found


def weeks() -> list[Period]:
    return [
        Period(LAST - timedelta(days=7 * n + 6), LAST - timedelta(days=7 * n)) for n in range(52)
    ][::-1]


def ask_everything(measure: Measure, chosen: list[Period], kinds: dict[str, list[Spent]]) -> None:
    """What the overview, a ranking and an agency's page ask, each question timed apart."""

    def ask(kind: str, question: Callable[[], object]) -> None:
        kinds.setdefault(kind, []).append(spent_on(question))

    for period in chosen:
        for code in HEADLINE:
            for block in Block:
                ask(
                    f"figures {code}",
                    lambda c=code, p=period, b=block: measure.figures(c, p, block=b.value),
                )
    ask("counts of a day", lambda: measure.counts(chosen[0].last))


def answers(home: Path) -> None:
    settings = settings_of(home)
    measure = Measure(settings)
    with timed("open the facts, and count every headline indicator once"):
        for code in HEADLINE:
            with timed(
                f"first answer of {code}", asked="2 s: an indicator under a new version, from facts"
            ):
                measure.figures(code, Period(FIRST, LAST))
    kinds: dict[str, list[Spent]] = {}
    ask_everything(measure, periods(), kinds)
    for code in HEADLINE:
        for block in (None, *Block):
            drawn = spent_on(lambda c=code, b=block: measure.series(c, weeks(), block=b))
            kinds.setdefault(f"52 weeks of {code}", []).append(drawn)
    report("of periods not asked before", kinds)
    kinds = {}
    ask_everything(measure, periods(), kinds)
    report("asked again", kinds)


def report(which: str, kinds: dict[str, list[Spent]]) -> None:
    everything = [each for found in kinds.values() for each in found]
    for kind, found in [*kinds.items(), ("all of them", everything)]:
        seconds, cpu = [each for each, _ in found], [each for _, each in found]
        say(f"{kind}, {which}", questions=len(found), p50_ms=percentile(seconds, 0.5),
            p95_ms=percentile(seconds, 0.95), p50_cpu_ms=percentile(cpu, 0.5),
            p95_cpu_ms=percentile(cpu, 0.95), asked="p95 50 ms")  # fmt: skip


def grow(home: Path) -> None:
    """Land 10,000 events of today, half views and half steps of dossiers, and refresh."""
    settings = settings_of(home)
    lake = Lake.open(settings)
    measure = Measure(settings)
    for code in HEADLINE:
        measure.figures(code, Period(date(2026, 11, 1), LAST))
    for turn in range(3):
        number = lake.landed_version("page_views", "nation-more") + 1
        views = nation_views.view_columns(LAST, NEW_EVENTS // 2, 1000 + number)
        files = [table_files.write_partition(lake.root, "page_views", str(LAST), typed(views))]
        lake.record("page_views", files, {"nation-more": number})
        events = later_events(lake, NEW_EVENTS // 2, number)
        lake.commit("dossier_events", events, {"nation-more": number})
        with timed(f"refresh after {NEW_EVENTS:,} events, {turn + 1}", asked="2 s") as said:
            said["partitions"] = sum(map(len, refresh(settings, lake).partitions.values()))
        kinds: dict[str, list[Spent]] = {}
        ask_everything(measure, [Period(date(2026, 11, 1 + turn), LAST)], kinds)
        report(f"after refresh {turn + 1}", kinds)


def later_events(lake: Lake, rows: int, number: int) -> pa.Table:
    """Steps of dossiers that are there, of the last two home months, that landed just now."""
    moment = pa.scalar((day_start_us(LAST) + DAY_US + number), pa.timestamp("us", tz="UTC"))
    parts = []
    for month in nation_state.months()[-2:]:
        path = lake.files("dossier_events", partitions=[month])[-1]
        given = table_files.read(lake.root, "dossier_events", [path])
        step = max(1, given.num_rows // (rows // 2))
        parts.append(given.take(pa.array(range(number % step, given.num_rows, step)[: rows // 2])))
    found = pa.concat_tables(parts)
    for name, value in (
        ("landed_at", moment),
        ("event_time", moment),
        ("status", pa.scalar("returned")),
    ):
        place = found.schema.get_field_index(name)
        found = found.set_column(place, found.schema.field(name), pa.repeat(value, found.num_rows))
    return found


STEPS: dict[str, Callable[[Path], None]] = {
    "rest": at_rest, "rebuild": rebuild, "answers": answers, "grow": grow,
}  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=0.01)
    parser.add_argument("--data", type=Path, help="where the instance is, or is made")
    parser.add_argument(
        "--drawn",
        type=int,
        default=DRAWN,
        help="days of views drawn; the others are copies of them",
    )
    parser.add_argument("--processes", type=int, default=2, help="that make the data")
    parser.add_argument("--only", choices=STEPS, action="append", help="these measures alone")
    asked = parser.parse_args()
    home = asked.data or Path(tempfile.gettempdir()) / f"thuocdo-nation-{asked.scale:g}"
    home.mkdir(parents=True, exist_ok=True)
    for line in nation_data.build(settings_of(home), asked.scale, asked.processes, asked.drawn):
        print(f"… {line}", file=sys.stderr, flush=True)
    for name in asked.only or STEPS:
        with ProcessPoolExecutor(1, get_context("spawn")) as apart:
            apart.submit(STEPS[name], home).result()
    return 0


if __name__ == "__main__":
    sys.exit(main())
