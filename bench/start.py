"""What starting all roles costs, forked from one template and each by itself, in one run.

    .venv/bin/python bench/start.py HOME [--times 3] [--settle 20]

Starts the roles of the instance in HOME (of `thuocdo init` or `demo`) both ways in turn, as `thuocdo serve` does.
*Up* is when both health addresses answer. Processor seconds are of all processes; those *when up* also hold what
the other roles had begun by then. Memory is the sum of proportional sizes (Pss of smaps_rollup: what is shared
counts once) and of what is a process's own, after `--settle` seconds. *Back* is how long a site that was killed
does not answer.
"""

from __future__ import annotations

import argparse
import os
import signal
import socket
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from thuocdo.run.adopted import Template
from thuocdo.run.stopping import stop_on_signals
from thuocdo.run.supervisor import Supervisor, answers, standard_roles

WAYS = ("plain", "forked")
LOOK_S = 0.02
PATIENCE_S = 120.0


class Cost(NamedTuple):
    """Of one start: seconds, processor seconds, MiB."""

    up_s: float
    up_cpu_s: float
    settled_cpu_s: float
    pss: float
    own: float
    back_s: float


def serve(way: str, ports: list[int]) -> None:
    stop = stop_on_signals()
    supervisor = Supervisor(standard_roles(*ports), Template() if way == "forked" else None)
    try:
        supervisor.load()
        supervisor.start()
        supervisor.run(stop)
    finally:
        supervisor.stop()


def family(root: int) -> list[int]:
    """A process and all below it."""
    below = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = stat.read_text().rpartition(")")[2].split()[1]
        except OSError:
            continue
        below[int(parent)].append(int(stat.parent.name))
    found, waiting = [], [root]
    while waiting:
        found.append(waiting.pop())
        waiting += below[found[-1]]
    return found


def processor_s(root: int) -> float:
    """Of the living and of those they waited for."""
    ticks = 0
    for pid in family(root):
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(int(field) for field in fields[11:15])
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(root: int) -> tuple[float, float]:
    """MiB: the sum of proportional sizes, and of what is one process's own."""
    found: dict[str, int] = defaultdict(int)
    for pid in family(root):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
            name, kib = line.split()[:2]
            found[name] += int(kib)
    own = found["Private_Dirty:"] + found["Private_Clean:"]
    return found["Pss:"] / 1024, own / 1024


def wait_for(url: str, *, up: bool = True) -> None:
    limit = time.monotonic() + PATIENCE_S
    while answers(url) is not up:
        if time.monotonic() > limit:
            raise TimeoutError(url)
        time.sleep(LOOK_S)


def site_of(root: int) -> int:
    """The process of the web role."""
    for pid in family(root):
        if b"\0web\0" in Path(f"/proc/{pid}/cmdline").read_bytes():
            return pid
    raise LookupError("no web role")


def measured(way: str, home: Path, settle: float) -> Cost:
    ports = free_ports(2)
    command = [sys.executable, __file__, str(home), "--serve", way, *map(str, ports)]
    log = home / "start.log"
    with log.open("ab") as output:
        environment = os.environ | {"THUOCDO_HOME": str(home), "PYTHONUNBUFFERED": "1"}
        began = time.monotonic()
        process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
    try:
        urls = [f"http://127.0.0.1:{port}/health" for port in ports]
        for url in urls:
            wait_for(url)
        up, used = time.monotonic() - began, processor_s(process.pid)
        time.sleep(settle)
        settled, (pss, own) = processor_s(process.pid), memory(process.pid)
        os.kill(site_of(process.pid), signal.SIGKILL)
        killed = time.monotonic()
        wait_for(urls[1], up=False)
        wait_for(urls[1])
        return Cost(up, used, settled, pss, own, time.monotonic() - killed)
    finally:
        process.terminate()
        process.wait()


def free_ports(count: int) -> list[int]:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    return ports


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--settle", type=float, default=20.0)
    parser.add_argument("--serve", nargs=3, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        way, *ports = asked.serve
        serve(way, [int(port) for port in ports])
        return
    measured("forked", asked.home, asked.settle)  # files into memory, what was left undone done
    costs = defaultdict(list)
    for _ in range(asked.times):
        for way in WAYS:
            costs[way].append(measured(way, asked.home, asked.settle))
            print(f"{way:8}" + "".join(f"{value:10.2f}" for value in costs[way][-1]), flush=True)
    print("medians" + "".join(f"{name:>15}" for name in Cost._fields))
    middle = {
        way: [statistics.median(row) for row in zip(*costs[way], strict=True)] for way in WAYS
    }
    for way in WAYS:
        print(f"{way:7}" + "".join(f"{value:15.2f}" for value in middle[way]))
    pairs = zip(*(middle[way] for way in WAYS), strict=True)
    print("ratio  " + "".join(f"{plain / forked:15.2f}" for plain, forked in pairs))


if __name__ == "__main__":
    main()
