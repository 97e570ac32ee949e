"""The full way of week 18 of 2022: raw files → instance → five report formats, and is it exact?

    .venv/bin/python bench/golden.py                   every agency has visits: 55.8 M
    .venv/bin/python bench/golden.py --visits printed  only the agencies the report prints: 30.2 M
    .venv/bin/python bench/golden.py --scale 0.01      visits 1:100 (dossiers are always whole)

Runs the `thuocdo` commands as an operator would, in a fresh THUOCDO_HOME, and prints seconds,
rows a second and peak memory of each, the bytes a row takes at rest, and every difference to the
published report. Exits 1 when there is one.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import msgspec
from deltalake import DeltaTable

from thuocdo.simulate.golden import GoldenFiles, golden_source, write_golden

THUOCDO = Path(sys.executable).with_name("thuocdo")
MIB = 1024 * 1024
FORMATS = ("json", "docx", "pdf", "html", "xlsx")


@dataclass
class Step:
    name: str
    seconds: float
    peak_bytes: int
    rows: int = 0


def run(name: str, arguments: list[str], home: Path, rows: int = 0) -> Step:
    """One command in its own process; raises SystemExit with its output when it fails."""
    print(f"… {name}", file=sys.stderr, flush=True)
    began = time.monotonic()
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(
            [str(THUOCDO), *arguments],
            env={**os.environ, "THUOCDO_HOME": str(home)},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            output.seek(0)
            raise SystemExit(f"{name} failed:\n{output.read().decode()}")
    return Step(name, time.monotonic() - began, usage.ru_maxrss * 1024, rows)


def at_rest(home: Path, table: str) -> tuple[int, int]:
    """(bytes, rows) of the live files of a lake table."""
    actions = DeltaTable(str(home / "lake" / table)).get_add_actions(flatten=True)
    columns = {name: actions.column(name).to_pylist() for name in ("size_bytes", "num_records")}
    return sum(columns["size_bytes"]), sum(columns["num_records"])


def differences(made: dict, scale: float) -> list[str]:
    """What the report says otherwise than the published one; among equal values any order is right."""
    published = msgspec.json.decode(golden_source("2022-W18"))
    found = [
        f"{key}: {made.get(key)!r} instead of {published[key]!r}"
        for key in ("report", "number", "date", "period")
        if made.get(key) != published[key]
    ]
    found += [
        f"national {key}: {made['national'].get(key)} instead of {value}"
        for key, value in published["national"].items()
        if made["national"].get(key) != value
    ]
    for number, table in published["tables"].items():
        mine = made["tables"].get(number, {})
        found += [
            f"table {number}, {key}: {mine.get(key)!r} instead of {table[key]!r}"
            for key in ("title", "indicator", "block", "top_n", "unit")
            if key in table and mine.get(key) != table[key]
        ]
        for end in ("top", "bottom"):
            wanted = [
                [name, round(value * scale) if table["indicator"] == "portal_visits" else value]
                for name, value in table[end]
            ]
            entries = mine.get(end, [])
            same_values = [value for _, value in entries] == [value for _, value in wanted]
            if not same_values or sorted(map(tuple, entries)) != sorted(map(tuple, wanted)):
                found.append(f"table {number}, {end}: {entries} instead of {wanted}")
    return found


def measure(files: GoldenFiles, home: Path, out: Path) -> list[Step]:
    views = [str(path) for path in files.page_views]
    dossiers = [str(path) for path in files.dossiers]
    published = msgspec.json.decode(golden_source("2022-W18"))
    first, last = published["period"]
    return [
        run("init", ["init"], home),
        run("import agencies", ["import", "agencies", str(files.agencies)], home),
        run("import sites", ["import", "sites", str(files.sites)], home),
        run("import services", ["import", "services", str(files.services)], home),
        run("import dossiers", ["import", "dossiers", *dossiers], home, files.dossier_events),
        run("import page-views", ["import", "page-views", *views], home, files.views),
        run("refresh", ["refresh"], home, files.dossier_events + files.views),
        run(
            "report weekly",
            [
                "report",
                "weekly",
                "2022-W18",
                "--period",
                f"{first}..{last}",
                "--number",
                published["number"],
                "--date",
                published["date"],
                "--format",
                ",".join(FORMATS),
                "-o",
                str(out),
            ],
            home,
        ),
    ]


def show(steps: list[Step], home: Path) -> None:
    print(f"{'step':<20}{'seconds':>9}{'rows/s':>12}{'peak MiB':>10}")
    for step in steps:
        speed = f"{step.rows / step.seconds:,.0f}" if step.rows else ""
        print(f"{step.name:<20}{step.seconds:>9.1f}{speed:>12}{step.peak_bytes / MIB:>10.0f}")
    total = sum(step.seconds for step in steps)
    print(f"{'all':<20}{total:>9.1f}{'':>12}{max(s.peak_bytes for s in steps) / MIB:>10.0f}")
    for table in ("page_views", "dossier_events"):
        size, rows = at_rest(home, table)
        print(
            f"{table}: {rows:,} rows at rest, {size / MIB:,.0f} MiB, {size / rows:.1f} bytes a row"
        )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--scale", type=float, default=1.0, help="of the visits")
    parser.add_argument("--visits", choices=("all", "printed"), default="all")
    parser.add_argument("--dir", type=Path, help="keep the raw files and the instance here")
    options = parser.parse_args()
    folder = options.dir or Path(tempfile.mkdtemp(prefix="thuocdo-golden-"))
    home, out = folder / "home", folder / "report"
    shutil.rmtree(home, ignore_errors=True)
    try:
        began = time.monotonic()
        # In a process of its own: a child is charged with what its parent held when it forked.
        with ProcessPoolExecutor(1, get_context("spawn")) as writer:
            files = writer.submit(
                write_golden,
                "2022-W18",
                folder / "raw",
                visits_scale=options.scale,
                visits_of=options.visits,
            ).result()
        raw = sum(path.stat().st_size for path in [*files.page_views, *files.dossiers])
        print(
            f"raw files: {files.visits:,} visits, {files.views:,} page views, "
            f"{files.dossier_events:,} dossier events, {raw / MIB:,.0f} MiB, "
            f"written in {time.monotonic() - began:.0f} s (not counted below)"
        )
        show(measure(files, home, out), home)
        report = next(path for path in out.rglob("*.json"))
        different = differences(msgspec.json.decode(report.read_bytes()), options.scale)
    finally:
        if options.dir is None:
            shutil.rmtree(folder)
    print("\n".join(different) if different else "the report is exactly the published one")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
