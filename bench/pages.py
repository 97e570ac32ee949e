"""How long public pages take, and how many readers the site bears, with a nation's year behind it.

    .venv/bin/python bench/nation.py --scale 0.1 --data /data/nation --only rebuild
    .venv/bin/python bench/pages.py /data/nation [--rate 200] [--seconds 30]

Makes the registry of the same nation beside the facts and runs the web role as `thuocdo web` does.
*Making* asks every page of the mix some times as a reader with a cookie of their own, so that none is
answered from what is kept; its seconds are of a whole request on a kept-open connection, its `cpu` that of
the serving process, which other work on the machine does not lengthen. *Load* asks for pages by chance, the
overview most, at a steady rate that does not wait for answers (open loop), all through kept-open connections.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from thuocdo.core import snapshot
from thuocdo.core.settings import Settings

COLUMNS_LOST = ("recorded_at", "withdrawn", "kind")
EACH_KIND = 12
"""Pages of one kind of address in the mix."""
TIMES = 3
OVERVIEW_SHARE = 0.2
OVERSEEN = ("/static/", "/api/", "/login", "/lam-viec", "/en/work", "/account", "/i18n", "/theme")
LINK = re.compile(rb'href="(/[^"#]*)"')


def register(home: Path) -> None:
    """The registry's rows, as the dimensions of the lake have them."""
    os.environ["THUOCDO_HOME"] = str(home)
    from thuocdo.registry.setup import setup_django

    setup_django()
    from django.conf import settings as django_settings
    from django.core.management import call_command

    from thuocdo.lake import dimensions
    from thuocdo.lake.store import Lake
    from thuocdo.registry.models import Agency, Service, Site, System

    settings: Settings = django_settings.THUOCDO
    settings.make_folders()
    call_command("migrate", interactive=False, verbosity=0)
    if Agency.objects.exists():
        return
    lake = Lake.open(settings)
    models = {"agencies": Agency, "systems": System, "sites": Site, "services": Service}
    for name, model in models.items():
        known = {field.name for field in model._meta.fields}
        rows = [_row(row, known) for row in dimensions.read(lake, name).to_pylist()]
        model.objects.bulk_create([model(**row) for row in rows], batch_size=2000)
    settings.snapshot_path.parent.mkdir(exist_ok=True)
    snapshot.write(settings.snapshot_path, snapshot.Snapshot(made_at=0))


def _row(row: dict[str, Any], known: set[str]) -> dict[str, Any]:
    found = {name: value for name, value in row.items() if name in known and value is not None}
    if isinstance(found.get("hostnames"), list):
        found["hostnames"] = "\n".join(found["hostnames"])
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Connection:
    """One kept-open connection; asks one thing after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, path: str, *, cookie: str = "") -> tuple[int, bytes, float]:
        """Status, body as it came (gzip), seconds."""
        begin = time.perf_counter()
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept-Encoding: gzip"]
        lines += [f"Cookie: {cookie}"] if cookie else []
        self._writer.write("\r\n".join([*lines, "", ""]).encode())
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head.split(b" ", 2)[1])
        length = re.search(rb"content-length: *(\d+)", head)
        body = await self._reader.readexactly(int(length[1])) if length else b""
        return status, body, time.perf_counter() - begin


async def mix(port: int) -> list[str]:
    """Addresses reached from the overview, some of each kind, both languages."""
    import gzip

    connection = Connection(port)
    waiting, seen, kinds, found = ["/", "/en/"], {"/", "/en/"}, {}, []
    while waiting:
        path = waiting.pop(0)
        status, body, took = await connection.ask(path)
        if took > 1:
            print(f"… {took:.1f} s for the first time: {path}", file=sys.stderr, flush=True)
        if status != 200:
            continue
        found.append(path)
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        for link in LINK.findall(body):
            to = link.decode().replace("&amp;", "&")
            kind = "/".join(to.partition("?")[0].split("/")[: 3 if to.startswith("/en/") else 2])
            kind += ":" + str(to.count("/")) + ("?" if "?" in to else "")
            if to in seen or to.startswith(OVERSEEN) or kinds.get(kind, 0) >= EACH_KIND:
                continue
            if re.search(
                r"\.(csv|xlsx|png|svg|json|docx|pdf|html|zip|parquet)$", to.partition("?")[0]
            ):
                continue
            kinds[kind] = kinds.get(kind, 0) + 1
            seen.add(to)
            waiting.append(to)
    return found


def cpu_of(pid: int) -> float:
    parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(parts[11]) + int(parts[12])) / os.sysconf("SC_CLK_TCK")


async def making(port: int, pid: int, paths: list[str]) -> None:
    connection = Connection(port)
    seconds, cpu, slowest = [], [], {}
    for _ in range(TIMES):
        for path in paths:
            before = cpu_of(pid)
            _status, _body, took = await connection.ask(path, cookie="a=1")
            seconds.append(took)
            cpu.append(cpu_of(pid) - before)
            slowest[path] = min(slowest.get(path, 9e9), took)
    say("making", pages=len(paths), asked=len(seconds), ms=shares(seconds), cpu_ms=shares(cpu))
    worst = sorted(slowest.items(), key=lambda pair: -pair[1])[:12]
    say("slowest, the best of each", **{path: round(took * 1000) for path, took in worst})


async def load(port: int, pid: int, paths: list[str], rate: float, seconds: float) -> None:
    random.seed(1)
    weights = [1 / (place + 1) ** 0.7 for place in range(len(paths))]
    order = random.sample(paths, len(paths))
    free = [Connection(port) for _ in range(64)]
    took, bad, size = [], 0, 0
    tasks = set()

    async def one(path: str, due: float) -> None:
        nonlocal bad, size
        connection = free.pop() if free else Connection(port)
        try:
            status, body, _seconds = await connection.ask(path)
            size += len(body)
            bad += status != 200
        except (OSError, asyncio.IncompleteReadError):
            bad += 1
            connection = Connection(port)
        took.append(time.perf_counter() - due)
        free.append(connection)

    begin, before = time.perf_counter(), cpu_of(pid)
    for number in range(int(rate * seconds)):
        due = begin + number / rate
        await asyncio.sleep(max(0.0, due - time.perf_counter()))
        path = "/" if random.random() < OVERVIEW_SHARE else random.choices(order, weights)[0]
        task = asyncio.create_task(one(path, due))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    say(
        "load", rate=rate, seconds=round(time.perf_counter() - begin, 1), asked=len(took), bad=bad,
        mib=size >> 20, ms=shares(took), cpu_share=round((cpu_of(pid) - before) / seconds, 2),
    )  # fmt: skip


def shares(found: list[float]) -> dict[str, float]:
    found = sorted(found)
    names = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    at = {name: found[min(len(found) - 1, int(len(found) * part))] for name, part in names.items()}
    return {name: round(value * 1000, 1) for name, value in at.items()}


def say(what: str, **values: Any) -> None:
    print(json.dumps({"what": what, **values}, ensure_ascii=False), flush=True)


async def measure(port: int, pid: int, asked: argparse.Namespace) -> None:
    paths = await mix(port)
    say("mix", pages=len(paths))
    await making(port, pid, paths)
    if asked.rate:
        await load(port, pid, paths, asked.rate, asked.seconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("home", type=Path)
    parser.add_argument("--rate", type=float, default=200.0, help="requests a second; 0: no load")
    parser.add_argument("--seconds", type=float, default=30.0)
    asked = parser.parse_args()
    register(asked.home)
    port = free_port()
    command = [sys.executable, "-m", "thuocdo", "web", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, "THUOCDO_HOME": str(asked.home)}) as web:
        try:
            wait_for(port)
            asyncio.run(measure(port, web.pid, asked))
        finally:
            web.send_signal(signal.SIGTERM)
    return 0


def wait_for(port: int) -> None:
    for _ in range(300):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("the web role did not come up")


if __name__ == "__main__":
    sys.exit(main())
