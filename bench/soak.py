"""Whether the collector's memory stays flat: everything it can be sent, for a long time, at one rate.

Starts the real collector over a real log in a temporary home, sends it the chaos suite's mix of
messages, and removes what is sealed, as landing would. After a warm-up, in which caches and arenas
fill, resident memory is sampled every second; its slope (Theil-Sen: the median of the slopes between
samples, which one late jump does not move) must stay below a bound. A leak of one small object for
each message would show: at 500 messages a second, 100 bytes each are 2,900 KiB a minute.

    python bench/soak.py [--minutes 30] [--rate 500] [--bound 64] [--seed 1]
"""

from __future__ import annotations

import argparse
import itertools
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # the suite's own messages

from tests.chaos.clients import Book, load
from tests.chaos.messages import Message
from tests.chaos.world import World
from tests.run.conftest import SERVICES, SITES, Instance

from thuocdo.wal import reader

WARM_UP_SHARE = 0.5
WARM_UP_LEAST = 60.0
SAMPLE_SECONDS = 1.0
PAIRS_APART = 30
BOUND_KIB_PER_MINUTE = 64.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=30.0)
    options.add_argument("--rate", type=float, default=500.0)
    options.add_argument("--bound", type=float, default=BOUND_KIB_PER_MINUTE)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="thuocdo-bench-soak-"))
    try:
        return measure(made_world(folder), given.minutes * 60, given.rate, given.bound, given.seed)
    finally:
        shutil.rmtree(folder)


def made_world(folder: Path) -> World:
    instance = Instance(folder / "home")
    instance.run("init")
    instance.run("import", "sites", instance.write_csv("sites.csv", SITES))
    instance.run("import", "services", instance.write_csv("services.csv", SERVICES))
    return World(instance, instance.run("key", "create", "soak", "--agency", "H13").stdout.strip())


def measure(world: World, seconds: float, rate: float, bound: float, seed: int) -> int:
    warm_up = max(WARM_UP_SHARE * seconds, min(WARM_UP_LEAST, seconds / 2))
    samples: list[tuple[float, int]] = []
    taken = 0
    with world.instance.role("collect") as collector:
        with load(world.instance.collect_port, world.mix(seed).next, rate) as book:
            began = time.monotonic()
            for number in itertools.count(1):
                time.sleep(max(0.0, began + number * SAMPLE_SECONDS - time.monotonic()))
                elapsed = time.monotonic() - began
                samples.append((elapsed, resident_kib(collector)))
                reader.remove(reader.sealed(world.home / "wal"))
                taken += forgotten(book)
                if elapsed >= seconds:
                    break
        refused = len(book.unexpected)
    return told(samples, warm_up, taken / seconds, refused + book.busy, bound)


def resident_kib(process: subprocess.Popen[bytes]) -> int:
    if process.poll() is not None:
        raise SystemExit(f"the collector ended with {process.returncode}")
    status = Path(f"/proc/{process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0])


def forgotten(book: Book) -> int:
    """Let the book not grow: what is measured is the collector, and nobody asks it later."""
    count = len(book.acknowledged)
    kept: list[Message] = book.acknowledged
    del kept[:count]
    return count


def told(
    samples: list[tuple[float, int]], warm_up: float, rate: float, bad: int, bound: float
) -> int:
    steady = [sample for sample in samples if sample[0] >= warm_up]
    slope = statistics.median(slopes(steady)) * 60
    peak = max(size for _, size in samples)
    print(f"sent {rate:,.0f} messages/s; not answered well: {bad}; load {os.getloadavg()[0]:.1f}")
    print(
        f"resident: {samples[0][1]:,} KiB at first, {steady[0][1]:,} warm, {steady[-1][1]:,} at last"
    )
    print(f"peak {peak:,} KiB; slope after {warm_up:.0f} s: {slope:+.1f} KiB/min (bound {bound:g})")
    return 0 if slope <= bound and not bad else 1


def slopes(samples: list[tuple[float, int]]) -> Iterator[float]:
    """KiB a second between samples that are some time apart."""
    for place, (moment, size) in enumerate(samples):
        for later, larger in samples[place + PAIRS_APART :: PAIRS_APART // 3]:
            yield (larger - size) / (later - moment)


if __name__ == "__main__":
    sys.exit(main())
