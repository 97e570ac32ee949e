"""From acknowledgement to the overview page, under a steady load.

Starts a real instance (all roles), sends page views at the given rate, reads the overview page
again and again and notes when the k-th acknowledged event was first counted there.

    python bench/freshness.py [--rate 500] [--seconds 60]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from tests.run.conftest import SERVICES, SITES, Instance
from tests.run.load import Load

POLL_SECONDS = 0.25
GOAL_SECONDS = 5.0


def views_on_overview(instance: Instance) -> tuple[int, float]:
    """(page views of today as printed, seconds the page took)."""
    began = time.perf_counter()
    with urllib.request.urlopen(f"{instance.site}/", timeout=30) as answer:
        html = answer.read().decode()
    found = re.search(r'data-value="views"[^>]*>([\d.]+)<', html)
    return (int(found[1].replace(".", "")) if found else 0), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=60)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        instance = Instance(Path(folder) / "home")
        instance.run("init")
        instance.run("import", "sites", instance.write_csv("sites.csv", SITES))
        instance.run("import", "services", instance.write_csv("services.csv", SERVICES))
        load = Load(instance.collect_port, options.rate)
        seen: list[tuple[float, int]] = []
        pages: list[float] = []
        with instance.serving():
            sender = threading.Thread(target=lambda: asyncio.run(load.run(options.seconds)))
            sender.start()
            limit = time.monotonic() + options.seconds + 30
            while time.monotonic() < limit:
                views, took = views_on_overview(instance)
                seen.append((time.time(), views))
                pages.append(took)
                if not sender.is_alive() and views >= len(load.acknowledged):
                    break
                time.sleep(POLL_SECONDS)
            sender.join()
    report(load, seen, pages, options.rate)


def report(load: Load, seen: list[tuple[float, int]], pages: list[float], rate: float) -> None:
    moments = sorted(load.acknowledged_at.values())
    delays = []
    position = 0
    for rank, acknowledged in enumerate(moments, start=1):
        while position < len(seen) and seen[position][1] < rank:
            position += 1
        if position == len(seen):
            break
        delays.append(max(0.0, seen[position][0] - acknowledged))
    cuts = statistics.quantiles(delays, n=100)
    achieved = len(moments) / (moments[-1] - moments[0])
    print(f"acknowledged {len(moments)} at {achieved:.0f}/s (asked {rate:.0f}/s)")
    print(f"counted on the overview {len(delays)} of {len(moments)}")
    print(f"freshness p50 {cuts[49]:.2f} s, p95 {cuts[94]:.2f} s, max {max(delays):.2f} s")
    print(f"p95 / goal of {GOAL_SECONDS:.0f} s = {cuts[94] / GOAL_SECONDS:.2f}")
    pages.sort()
    print(f"overview page p50 {pages[len(pages) // 2] * 1000:.0f} ms, of {len(pages)} loads")


if __name__ == "__main__":
    main()
