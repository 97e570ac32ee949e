"""How many dossier events a second come in by `/v1/dossiers`, for each core the collector uses.

Starts the real collector over a real log and sends it batches of ordinary records, gzip, under a key,
over a few connections. What counts is the collector's own processor time (its sender shares the
machine), from the first byte of the body to the signed receipt; beside it the same bytes are sent to
an endpoint that reads and throws them away, so that what judging costs can be told from what HTTP does.

    python bench/batches.py [--records 10000] [--batches 40] [--connections 4]
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from collect import await_health, free_port
from thuocdo.collect import limits, replies, run, server
from thuocdo.core import settings, snapshot
from thuocdo.core.ids import key_hash
from thuocdo.wal import reader

TARGET = 50_000
SERVICES = 2_000
KEY = "key-of-a-one-stop-system"
STATUSES = ("submitted", "received", "processing", "completed", "returned")
SEED = 2022


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--records", type=int, default=10_000)
    options.add_argument("--batches", type=int, default=40)
    options.add_argument("--connections", type=int, default=4)
    given = options.parse_args()
    home = Path(tempfile.mkdtemp(prefix="thuocdo-bench-batches-"))
    try:
        return measure(home, given.records, given.batches, given.connections)
    finally:
        shutil.rmtree(home)


def measure(home: Path, records: int, batches: int, connections: int) -> int:
    bodies = [batch(number, records) for number in range(batches)]
    port = free_port()
    collector = multiprocessing.get_context("spawn").Process(target=serve, args=(home, port))
    collector.start()
    assert collector.pid is not None
    try:
        await_health(port)
        send(port, "/v1/dossiers", bodies[:2], connections)
        rates = {}
        for path in ("/read", "/v1/dossiers"):
            before, began = processor_seconds(collector.pid), time.monotonic()
            send(port, path, bodies, connections)
            used = processor_seconds(collector.pid) - before
            rates[path] = records * batches / used
            wall = records * batches / (time.monotonic() - began)
            print(f"{path:13} {rates[path]:>10,.0f} events/s a core   {wall:>9,.0f}/s by the wall")
    finally:
        os.kill(collector.pid, signal.SIGTERM)
        collector.join(60)
    on_disk = sum(
        len(frame.records)
        for segment in reader.sealed(home / "wal")
        for frame in reader.frames(segment.path)
    )
    assert on_disk == records * (batches + 2), on_disk
    rate = rates["/v1/dossiers"]
    print(f"in the log: {on_disk:,}")
    print(f"{rate:,.0f} events/s a core (at least {TARGET:,})")
    return 0 if rate >= TARGET else 1


def batch(number: int, records: int) -> bytes:
    """One gzipped NDJSON batch of a one-stop system's day."""
    rng = random.Random(SEED + number)
    lines = []
    for place in range(records):
        day = rng.randrange(1, 21)
        lines.append(
            {
                "system": "H29-one_stop",
                "agency": "H29",
                "dossier": f"H29-2611{day:02d}-{number * records + place:06d}",
                "procedure": f"1.{rng.randrange(SERVICES):06d}",
                "status": rng.choice(STATUSES),
                "event_time": f"2026-11-{day:02d}T{rng.randrange(7, 18):02d}:{rng.randrange(60):02d}:{rng.randrange(60):02d}+07:00",
                "received_at": f"2026-11-{day:02d}T08:00:00+07:00",
                "due_at": f"2026-12-{day:02d}T17:00:00+07:00",
                "channel": rng.choice(("online", "counter")),
                "payment": rng.choice(("none", "online")),
                "level": "full",
                "digitised": True,
            }
        )
    return gzip.compress("\n".join(map(json.dumps, lines)).encode(), 5)


def send(port: int, path: str, bodies: list[bytes], connections: int) -> None:
    headers = {"authorization": f"Bearer {KEY}", "content-encoding": "gzip"}
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60) as client,
        ThreadPoolExecutor(connections) as pool,
    ):
        for answer in pool.map(lambda body: client.post(path, content=body), bodies):
            assert answer.status_code == 200, answer.text[:200]
            assert path == "/read" or answer.json()["rejected"] == 0


def processor_seconds(pid: int) -> float:
    """User and system time of a process, its threads included (proc_pid_stat(5))."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def serve(home: Path, port: int) -> None:
    """The real collector, with one endpoint more: the one that only reads."""
    instance = settings.load({"THUOCDO_HOME": str(home)})
    instance.make_folders()
    snapshot.write(
        instance.snapshot_path,
        snapshot.Snapshot(
            1,
            (snapshot.SiteEntry(101, "H29-one_stop", "H29", "one_stop"),),
            (snapshot.KeyEntry(key_hash(instance.secret, KEY), "one-stop"),),
            ("H29",),
            tuple(
                snapshot.ServiceEntry("H29", f"1.{number:06d}", "full")
                for number in range(SERVICES)
            ),
        ),
    )
    run.run(instance, port, 1, "127.0.0.1")


async def read(_scope: replies.Scope, exchange: replies.Exchange) -> None:
    await limits.read_body(exchange, limits.MAX_BATCH)
    exchange.response_empty(200, replies.NOTHING)


class WithReader(server.App):
    """The application of this measurement."""

    def __init__(self, *parts: object, **named: object) -> None:
        super().__init__(*parts, **named)  # type: ignore[arg-type]
        self.routes["/read"] = read


run.App = WithReader

if __name__ == "__main__":
    sys.exit(main())
