"""The rate of the fleet: two dozen fixture portals of every weight, five Lighthouse runs each, as a round scans them.

Prints portals an hour, processor seconds a portal, peak memory, and where the time goes, probe by probe.
Processor time is counted whoever spends it (scanner, Chromium, Node, sslyze, the fixture servers as well):
every process that a scan leaves behind comes back to this one, which adds up what it used.

    flock /tmp/bench.lock .venv/bin/python bench/fleet.py [--portals 24] [--runs 5] [--at-once 0]
    flock /tmp/bench.lock .venv/bin/python bench/fleet.py --steady 20        # one slow portal, scanned so often
"""

from __future__ import annotations

import argparse
import ctypes
import dataclasses
import functools
import ipaddress
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from thuocdo.assess.citizen import Manners
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.demo import servers
from thuocdo.assess.demo.servers import DemoSite
from thuocdo.assess.fetch import Limits
from thuocdo.assess.probes.scene import Depth, Probe, Scene
from thuocdo.assess.results import Result
from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings

SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
TICKS = os.sysconf("SC_CLK_TCK")
SLOW_SECONDS = 0.6
SEEN_EVERY = 2.0


def fleet(count: int) -> list[DemoSite]:
    """Of every eight: three light, two typical (a megabyte of pictures, scripts, styles), two slow, one hindered."""
    known = {site.code: site for site in servers.sites()}
    light, fair, poor = known["mau-kha"], known["mau-trung-binh"], known["mau-yeu"]
    slow, typical = known["mau-cham"], known["mau-cong"]
    answers_late = msgspec.structs.replace(typical, delay=SLOW_SECONDS)
    hindered = ["mau-khong-tra-loi", "mau-vo-tan", "mau-tu-choi", "mau-vong-quanh"]
    found: list[DemoSite] = []
    for n in range(count):
        kinds = [light, typical, slow, fair, typical, answers_late, poor]
        kinds.append(known[hindered[n // 8 % len(hindered)]])
        kind = kinds[n % len(kinds)]
        vendor = f"V{n % 5}"
        found.append(
            msgspec.structs.replace(
                kind, code=f"{n:02d}-{kind.code}", vendor=vendor, missing=[], before=None
            )
        )
    return found


# --- the scanning process -------------------------------------------------------------------


def scan(asked: argparse.Namespace) -> None:
    """Scans the fleet and prints one JSON object: seconds, results' faults, what each probe took."""
    from thuocdo.registry.setup import initialise

    settings = instance.load()
    initialise(settings)
    from thuocdo.assess.rounds import fleet as scanner
    from thuocdo.assess.rounds import office
    from thuocdo.assess.scans import looking

    spent: dict[str, list[tuple[float, float]]] = {}
    if asked.profile:
        timed = [_timed(probe, spent) for probe in scanner_probes()]
        looking.scan = functools.partial(looking.scan, probes=timed)  # type: ignore[assignment]
    with servers.serving(fleet(asked.portals)) as served:
        systems = [
            office.System(
                each.site.code,
                each.site.name,
                each.site.block,
                each.url,
                each.site.vendor,
                each.plain_url,
            )
            for each in served.served
        ]
        held = office.plan("bench", criteria_set("2024"), systems, is_trial=True)
        scanning = _scanning(served, asked)
        _axe_once(settings)
        began = time.monotonic()
        scanner.measure(settings, held, scanning, lambda *_: None)
        seconds = time.monotonic() - began
    faults: dict[str, int] = {}
    for entry in held.entries.all():
        lab = next(each for each in entry.results if each["check"] == "page_load.lab")
        faults[lab["fault"] or "measured"] = faults.get(lab["fault"] or "measured", 0) + 1
    print(json.dumps({"seconds": seconds, "lab": faults, "spent": spent}))


def steady(asked: argparse.Namespace) -> None:
    """Scans one slow and one typical portal again and again, and prints totals and lab scores."""
    from thuocdo.registry.setup import initialise

    settings = instance.load()
    initialise(settings)
    from thuocdo.assess import results, scoring
    from thuocdo.assess.probes.target import Target
    from thuocdo.assess.rounds import fleet as scanner

    criteria = criteria_set("2024")
    known = {site.code: site for site in servers.sites()}
    with servers.serving([known["mau-cham"], known["mau-cong"]]) as served:
        scanning = _scanning(served, asked)
        for each in served.served:
            totals, labs, levels = [], [], []
            for _ in range(asked.steady):
                found = scanner.look_at(settings, scanning, Target(each.url, each.plain_url))
                grade = scoring.grade(criteria, results.points(criteria, found))
                totals.append(float(grade.points))
                levels.append(grade.level)
                labs.append(_lab(found))
            said = {
                "portal": each.site.code,
                "totals": totals,
                "levels": sorted(set(map(str, levels))),
            }
            print(json.dumps(said | {"lab": labs, "range": max(totals) - min(totals)}), flush=True)


def _lab(found: list[Result]) -> list[float] | str:
    lab = next(each for each in found if each.check == "page_load.lab")
    if not lab.measures:
        return f"{lab.fault} {lab.detail}"
    return [float(lab.measures[0].value), float(lab.measures[0].spread or 0)]


def _scanning(served, asked):  # type: ignore[no-untyped-def]
    from thuocdo.assess.scans.looking import Scanning

    return Scanning(
        "mailto:bench@example.gov.vn",
        (ipaddress.ip_network("127.0.0.0/8"),),
        str(served.authorities),
        served.keys,
        Depth(lab_runs=asked.runs),
        Manners(),
        Limits(seconds=8.0),
        at_once=asked.at_once,
    )


def scanner_probes() -> tuple[Probe, ...]:
    from thuocdo.assess.probes.catalogue import PROBES

    return PROBES


def _timed(probe: Probe, spent: dict[str, list[tuple[float, float]]]) -> Probe:
    async def run(scene: Scene) -> list[Result]:
        began, used = time.monotonic(), _used(os.getpid())
        try:
            return await probe.run(scene)
        finally:
            taken = (time.monotonic() - began, _used(os.getpid()) - used)
            spent.setdefault(probe.checks[0], []).append(taken)

    return dataclasses.replace(probe, run=run)


def _axe_once(settings: Settings) -> None:
    """Tools are fetched before the clock runs."""
    from thuocdo.assess import npm

    npm.packages(settings.home)


# --- the counting process -------------------------------------------------------------------


def counted(arguments: list[str], home: Path) -> tuple[str, float, float]:
    """(what the scanning process printed, processor seconds of it and all it started, peak MiB)."""
    ctypes.CDLL(None).prctl(SUBREAPER, 1)
    command = [sys.executable, __file__, *arguments]
    began = _of_children()
    environ = {**os.environ, "THUOCDO_HOME": str(home)}
    child = subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, text=True)
    peak, over = [0.0], threading.Event()
    watching = threading.Thread(target=_watch, args=(child.pid, peak, over))
    watching.start()
    assert child.stdout is not None
    output = child.stdout.read()
    over.set()
    watching.join()
    child.wait()
    while True:  # what was left behind has come to us
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                break
        except ChildProcessError:
            break
    return output, _of_children() - began, peak[0]


def _watch(pid: int, peak: list[float], over: threading.Event) -> None:
    while not over.wait(SEEN_EVERY):
        peak[0] = max(peak[0], sum(map(_memory, _family(pid))))


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(pid: int) -> float:
    """MiB that a process has for itself, with its part of what it shares."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


def _family(pid: int) -> Iterator[int]:
    """A process and all that came from it."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    todo = [pid]
    while todo:
        one = todo.pop()
        yield one
        todo += children.get(one, [])


def _used(pid: int) -> float:
    """Processor seconds of a process, its living and its waited-for children."""
    total = 0.0
    for one in _family(pid):
        try:
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        total += sum(map(int, fields[11:15])) / TICKS
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--portals", type=int, default=24)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--at-once", type=int, default=0)
    parser.add_argument("--steady", type=int, default=0)
    parser.add_argument("--scan", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--profile", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.scan:
        scan(asked)
        return
    with tempfile.TemporaryDirectory() as folder:
        if asked.steady:
            os.environ["THUOCDO_HOME"] = folder
            steady(asked)
            return
        both = ["--runs", str(asked.runs)]
        load = os.getloadavg()[0]
        output, used, peak = counted(
            ["--scan", "--portals", str(asked.portals), "--at-once", str(asked.at_once), *both],
            Path(folder) / "rate",
        )
        made = json.loads(output.splitlines()[-1])
        print(f"{asked.portals} portals, {asked.runs} runs each, in {made['seconds']:.0f} s: {asked.portals / made['seconds'] * 3600:.0f} an hour")  # fmt: skip
        print(f"{used / asked.portals:.1f} processor seconds a portal: two free cores could do {2 * 3600 * asked.portals / used:.0f} an hour")  # fmt: skip
        print(f"peak memory {peak:.0f} MiB; lab: {made['lab']}; load before {load:.1f}, after {os.getloadavg()[0]:.1f}")  # fmt: skip
        output, used, _ = counted(
            ["--scan", "--portals", "8", "--at-once", "1", "--profile", *both],
            Path(folder) / "profile",
        )
        print(f"\none of each kind by itself, {used / 8:.1f} processor seconds each (the visit and the browser's start included)")  # fmt: skip
        print("median seconds, processor seconds by probe")
        for name, taken in json.loads(output.splitlines()[-1])["spent"].items():
            walls, cpus = zip(*taken, strict=True)
            print(f"  {name:28} {statistics.median(walls):6.2f} {statistics.median(cpus):6.2f}")


if __name__ == "__main__":
    main()
