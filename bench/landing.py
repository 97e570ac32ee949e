"""How fast the log lands, what a row costs at rest, and how much memory that takes.

    .venv/bin/python bench/landing.py [rows]

Writes page views through the real log, lands them with the real lander into a temporary
instance, and prints rows a second (by the wall and by processor time), bytes a row and peak
memory. The rows are those of portals in a busy hour: 200 sites of 2,000 pages, of which a few
get most views, 40 agents, three views a visit.
"""

from __future__ import annotations

import asyncio
import random
import resource
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
AT_ONCE = 2_000
AGENT = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/{}.0.0.0 Safari/537.36"


def hits(count: int) -> list[bytes]:
    chance = random.Random(1)
    received = now_us() - count * 50
    found = []
    for number in range(count):
        visit = number // VIEWS_A_VISIT
        site = visit * 7919 % SITES + 1
        query = (
            f"idsite={site}&rec=1&rand={chance.random()}&_id={visit * 2654435761 % 2**64:016x}"
            f"&url=https%3A%2F%2Fportal{site}.gov.vn%2Ftin-tuc%2F{int(PAGES * chance.random() ** 6)}"
            "&urlref=https%3A%2F%2Fwww.google.com%2F&pf_srv=80&pf_dm1=400&pf_onl=900&res=1920x1080"
        )
        hit = Hit(
            received + number * 50, f"10.0.{visit % 250}.{visit % 199}", AGENT.format(visit % AGENTS),
            "", query.encode(), b"", "", "unverified",
        )  # fmt: skip
        found.append(msgspec.msgpack.encode(hit))
    return found


async def write(settings: Settings, records: list[bytes]) -> None:
    writer = Writer(settings.wal_dir)
    for start in range(0, len(records), AT_ONCE):
        await asyncio.gather(*map(writer.append, records[start : start + AT_ONCE]))
    await writer.close()


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        settings = settings_module.load({"THUOCDO_HOME": home})
        settings.make_folders()
        sites = tuple(SiteEntry(n, "H57-portal", "H57", "portal") for n in range(1, SITES + 1))
        snapshot_file.write(settings.snapshot_path, Snapshot(1, sites=sites))
        lake = Lake.open(settings)
        lake.create()
        asyncio.run(write(settings, hits(count)))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        processor = time.process_time()
        landed = Lander(settings, lake).land_once()
        processor = time.process_time() - processor
        compaction.compact(lake)
        size = sum(Path(path).stat().st_size for path in lake.files("page_views"))
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        print(f"landed          {landed.rows} in {landed.segments} segments")
        print(f"rows/s (wall)   {count / landed.seconds:,.0f}")
        print(f"rows/s (core)   {count / processor:,.0f}")
        print(f"bytes/row       {size / count:.1f}")
        print(f"peak memory     {peak / 1024:,.0f} MiB ({before / 1024:,.0f} before landing)")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 500_000)
