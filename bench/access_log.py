"""Access logs: lines judged and staged a second, against just reading the same lines, in one run.

    python bench/access_log.py [LINES]

A combined log of a portal: one line in four is a page, the rest are its pictures and styles; every
page is asked for by another address, which is the most work a log can be. CPU seconds are
counted, so a busy machine slows both sides alike.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.lake.importing import packed
from thuocdo.lake.importing.access_logs import LogOptions, _Reading
from thuocdo.lake.importing.view_stage import ViewStage
from thuocdo.wire.access_log import LogFormat

ROUNDS = 3
PAGES = 0.25
SNAPSHOT = Snapshot(1, sites=(SiteEntry(47, "H57-portal", "H57", "portal", ("h57.gov.vn",)),))
AGENTS = [
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    f"Chrome/{number}.0.0.0 Safari/537.36"
    for number in range(60, 140)
]


def combined(path: Path, lines: int) -> None:
    chance = random.Random(1)
    with path.open("w") as file:
        for place in range(lines):
            second = place // 20
            page = chance.random() < PAGES
            target = (
                f"/tin-tuc/bai-{chance.randrange(3000)}?x={chance.randrange(5)}"
                if page
                else f"/assets/app{chance.randrange(300)}.{chance.choice(['js', 'css', 'png'])}"
            )
            address = ".".join(str(chance.randrange(1, 250)) for _ in range(4))
            file.write(
                f"{address} - - [30/Apr/2022:{second // 3600 % 24:02d}:{second // 60 % 60:02d}:"
                f'{second % 60:02d} +0700] "GET {target} HTTP/1.1" 200 {chance.randrange(90000)} '
                f'"https://h57.gov.vn/tin-{chance.randrange(500)}" "{chance.choice(AGENTS)}"\n'
            )


def read_lines(path: Path) -> None:
    for block in packed.blocks(path):
        for _ in b"\n".join(block.lines).decode().split("\n"):
            pass


def judge_lines(path: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = ViewStage(Path(folder), b"s" * 32)
        options = LogOptions(47)
        reading = _Reading(SNAPSHOT, stage, LogFormat.COMBINED, options, lambda _done, _total: None)
        for refused in reading.lines(path):
            raise AssertionError(refused)


def rate(work: Callable[[Path], None], path: Path, lines: int) -> float:
    """The best of some rounds, lines a CPU second."""
    best = 0.0
    for _ in range(ROUNDS):
        before = time.process_time()
        work(path)
        best = max(best, lines / (time.process_time() - before))
    return best


def main() -> None:
    lines = int(sys.argv[1]) if len(sys.argv) > 1 else 400_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "access.log"
        combined(path, lines)
        reading = rate(read_lines, path, lines)
        judging = rate(judge_lines, path, lines)
    print(f"reading lines        {reading:>12,.0f} /s")
    print(f"judged and staged    {judging:>12,.0f} /s a core   {judging / reading:.2f} of reading")


if __name__ == "__main__":
    main()
