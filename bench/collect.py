"""How much durability costs: page views on disk before the answer, against the same server's no-op.

Starts the real collector over a real log in a temporary home and loads both endpoints in turn with
`wrk`: the no-op gives the same answer with the same headers and does nothing else. The two are
measured alternately, so that what else the machine does falls on both.

    python bench/collect.py [--seconds 10] [--connections 256] [--rounds 2] [--workers 1]
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

from thuocdo.collect import replies, run, server
from thuocdo.core import settings, snapshot
from thuocdo.core.vocabulary import SystemKind
from thuocdo.wal import reader

SITES = 200
TARGET_RATIO = 0.70
SCRIPT = """
local base = "{path}?idsite="
local rest = "&rec=1&send_image=0&url=https%3A%2F%2Fdichvucong.example.gov.vn%2Fp%2Fhome%2F"
local tail = ".html&urlref=https%3A%2F%2Fwww.google.com%2F&pf_net=12&pf_srv=180&pf_tfr=9&pf_dm1=310&pf_dm2=240&pf_onl=4"
local count = 0
wrk.headers["User-Agent"] = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36"
wrk.headers["Referer"] = "https://dichvucong.example.gov.vn/p/home/"
request = function()
  count = count + 1
  return wrk.format("GET", base .. (count % {sites} + 1) .. rest .. count .. tail)
end
"""


@dataclass(frozen=True)
class Load:
    """One run of wrk: requests a second, latencies in milliseconds, answers that were not 2xx."""

    rate: float
    p50: float
    p99: float
    bad: int


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=int, default=10)
    options.add_argument("--connections", type=int, default=256)
    options.add_argument("--rounds", type=int, default=2)
    options.add_argument("--workers", type=int, default=1)
    given = options.parse_args()
    if shutil.which("wrk") is None:
        print("wrk is missing: apt-get install wrk", file=sys.stderr)
        return 2
    home = Path(tempfile.mkdtemp(prefix="thuocdo-bench-collect-"))
    try:
        return measure(home, given.seconds, given.connections, given.rounds, given.workers)
    finally:
        shutil.rmtree(home)


def measure(home: Path, seconds: int, connections: int, rounds: int, workers: int) -> int:
    port = free_port()
    context = multiprocessing.get_context("spawn")
    collector = context.Process(target=serve, args=(home, port, workers))
    collector.start()
    try:
        await_health(port)
        loads: dict[str, list[Load]] = {"/noop": [], "/tracking": []}
        for path in loads:
            wrk(port, path, 2, connections)  # warm up
        for _ in range(rounds):
            for path, runs in loads.items():
                runs.append(wrk(port, path, seconds, connections))
                print(f"{path:10} {describe(runs[-1])}")
    finally:
        assert collector.pid is not None
        os.kill(collector.pid, signal.SIGTERM)
        collector.join(60)
    noop, durable = (mean(load.rate for load in loads[path]) for path in ("/noop", "/tracking"))
    ratio = durable / noop
    on_disk = sum(
        len(frame.records)
        for segment in reader.sealed(home / "wal")
        for frame in reader.frames(segment.path)
    )
    print(f"records in the log: {on_disk:,}")
    print(f"durable / no-op: {durable:,.0f} / {noop:,.0f} = {ratio:.3f} (at least {TARGET_RATIO})")
    return 0 if ratio >= TARGET_RATIO else 1


def serve(home: Path, port: int, workers: int) -> None:
    """The real collector, with one endpoint more: the no-op it is compared with."""
    instance = settings.load({"THUOCDO_HOME": str(home)})
    instance.make_folders()
    sites = tuple(
        snapshot.SiteEntry(number, f"H29-{number}", "H29", SystemKind.PORTAL)
        for number in range(1, SITES + 1)
    )
    snapshot.write(instance.snapshot_path, snapshot.Snapshot(1, sites, agencies=("H29",)))
    run.run(instance, port, workers, "127.0.0.1")


async def noop(_scope: replies.Scope, exchange: replies.Exchange) -> None:
    exchange.response_empty(204, replies.NOTHING)


class WithNoop(server.App):
    """The application of this measurement."""

    def __init__(self, *parts: object, **named: object) -> None:
        super().__init__(*parts, **named)  # type: ignore[arg-type]
        self.routes["/noop"] = noop


run.App = WithNoop  # every worker imports this module, so every worker has it


def wrk(port: int, path: str, seconds: int, connections: int) -> Load:
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(SCRIPT.format(path=path, sites=SITES))
        script.flush()
        command = [
            "wrk",
            "-t1",
            f"-c{connections}",
            f"-d{seconds}s",
            "--latency",
            "-s",
            script.name,
        ]
        out = subprocess.run(
            [*command, f"http://127.0.0.1:{port}"], capture_output=True, text=True, check=True
        ).stdout
    bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", out)
    return Load(
        rate=float(found(r"Requests/sec:\s+([\d.]+)", out)),
        p50=milliseconds(found(r"\n +50% +(\S+)", out)),
        p99=milliseconds(found(r"\n +99% +(\S+)", out)),
        bad=int(bad[1] if bad else 0) + sum(map(int, errors.groups() if errors else ())),
    )


def found(pattern: str, text: str) -> str:
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"wrk said something unexpected:\n{text}")
    return match[1]


def milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([\d.]+)(us|ms|s|m)", text).groups()  # type: ignore[union-attr]
    return float(number) * {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60_000.0}[unit]


def describe(load: Load) -> str:
    return (
        f"{load.rate:>10,.0f} requests/s   p50 {load.p50:6.2f} ms   p99 {load.p99:6.2f} ms   "
        f"not answered well: {load.bad}"
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def await_health(port: int) -> None:
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1):
                return
        except OSError:
            time.sleep(0.05)
    raise SystemExit("the collector did not start")


if __name__ == "__main__":
    sys.exit(main())
