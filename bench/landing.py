"""How fast the log lands, what a row costs at rest, and how much memory that takes.

    .venv/bin/python bench/landing.py [rows]

Writes page views through the real log, in a process of its own, lands them with the real lander into
a temporary instance, and prints rows a second (by the wall and by processor time), bytes a row and
peak memory. The hits are what our tracker sends from portals in a busy hour: 200 sites of 2,000
pages, of which a few get most views, 40 agents, three views a visit, every fifth visitor with an id
of Matomo's, and of a hundred hits one that is sent twice.
"""

from __future__ import annotations

import asyncio
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import msgspec

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.clock import now_us
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.lake import compaction
from thuocdo.lake.landing import Lander
from thuocdo.lake.store import Lake
from thuocdo.wal.writer import Writer
from thuocdo.wire.events import Hit

SITES = 200
PAGES = 2_000
AGENTS = 40
VIEWS_A_VISIT = 3
WITH_ID = 5
SENT_TWICE = 0.01
AT_ONCE = 2_000
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"
MEBIBYTE_KB = 1024


def hit(number: int, received: int, chance: random.Random) -> bytes:
    """One hit as the collector writes it."""
    visit = number // VIEWS_A_VISIT
    site = visit * 7919 % SITES + 1
    host = f"https%3A%2F%2Fportal{site}.gov.vn%2Ftin-tuc%2F"
    stages = (30, 80 + number % 50, 5, 400, 300, 900)
    names = ("pf_net", "pf_srv", "pf_tfr", "pf_dm1", "pf_dm2", "pf_onl")
    query = (
        f"rand={chance.random()}&idsite={site}&rec=1&url={host}{int(PAGES * chance.random() ** 6)}"
        f"&urlref={'https%3A%2F%2Fwww.google.com%2F' if number % VIEWS_A_VISIT == 0 else host}&"
        + "&".join(f"{name}={stage}" for name, stage in zip(names, stages, strict=True))
    )
    if visit % WITH_ID == 0:
        query += f"&_id={visit * 2654435761 % 2**64:016x}"
    address = f"{113 + visit % 90}.{visit // 90 % 250}.{visit // 22_500 % 250}.{visit % 199}"
    made = Hit(
        received, address, AGENT.format(visit % AGENTS), "", query.encode(), b"", "", "unverified"
    )
    return msgspec.msgpack.encode(made)


async def write(settings: Settings, count: int) -> None:
    writer = Writer(settings.wal_dir)
    chance = random.Random(count)
    began = now_us() - count * 50
    for start in range(0, count, AT_ONCE):
        records = [
            hit(n, began + n * 50, chance) for n in range(start, min(start + AT_ONCE, count))
        ]
        again = chance.sample(records, int(len(records) * SENT_TWICE))
        await asyncio.gather(*map(writer.append, [*records, *again]))
    await writer.close()


def fill(home: str, count: int) -> None:
    """Write the log in a process of its own, so that its memory is not the lander's."""
    subprocess.run([sys.executable, __file__, "write", home, str(count)], check=True)


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        settings = settings_module.load({"THUOCDO_HOME": home})
        settings.make_folders()
        sites = tuple(SiteEntry(n, "H57-portal", "H57", "portal") for n in range(1, SITES + 1))
        snapshot_file.write(settings.snapshot_path, Snapshot(1, sites=sites))
        lake = Lake.open(settings)
        lake.create()
        lander = Lander(settings, lake)
        fill(home, AT_ONCE)
        lander.land_once()  # it runs for months: what it learns in its first second is no rate
        fill(home, count)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        processor = time.process_time()
        landed = lander.land_once()
        processor = time.process_time() - processor
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        compaction.compact(lake)
        size = sum(Path(path).stat().st_size for path in lake.files("page_views"))
        rows = sum(landed.rows.values())
        print(f"landed          {landed.rows} in {landed.segments} segments")
        print(f"rows/s (wall)   {rows / landed.seconds:,.0f}")
        print(f"rows/s (core)   {rows / processor:,.0f}")
        print(f"bytes/row       {size / (count + AT_ONCE):.1f}")
        print(f"peak memory     {peak / MEBIBYTE_KB:,.0f} MiB ({before / MEBIBYTE_KB:,.0f} before)")


if __name__ == "__main__":
    if sys.argv[1:2] == ["write"]:
        chosen = settings_module.load({"THUOCDO_HOME": sys.argv[2]})
        asyncio.run(write(chosen, int(sys.argv[3])))
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
