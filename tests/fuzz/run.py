"""Millions of inputs by atheris, which looks for those that take new ways through the parsers.

    .venv/bin/python -m tests.fuzz.run TARGET [--runs 700000] [--seconds 0]    one target
    make fuzz                                                                 all, ten million inputs

What makes a parser raise, hang or swell is written into tests/fuzz/found/ and ends the run; once mended it
goes to tests/fuzz/corpus/<target>/, where every test run tries it again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from resource import RUSAGE_SELF, getrusage

import atheris

MOST_KIB = 50 << 10
HERE = Path(__file__).parent


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("target")
    options.add_argument("--runs", type=int, default=700_000)
    options.add_argument("--seconds", type=int, default=0)
    given = options.parse_args()
    with atheris.instrument_imports(include=["thuocdo.wire", "thuocdo.collect", "thuocdo.core"]):
        from tests.fuzz.seeds import SEEDS
        from tests.fuzz.targets import TARGETS
    target = TARGETS[given.target]

    def one(data: bytes) -> None:
        before = getrusage(RUSAGE_SELF).ru_maxrss
        target(data)
        grown = getrusage(RUSAGE_SELF).ru_maxrss - before
        if grown > MOST_KIB:
            raise MemoryError(f"one input took {grown} KiB")

    found = HERE / "found"
    found.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for number, seed in enumerate(SEEDS[given.target]):
            (Path(folder) / f"seed-{number}").write_bytes(seed)
        kept = HERE / "corpus" / given.target
        arguments = [
            sys.argv[0], folder, *([str(kept)] if kept.is_dir() else []),
            f"-runs={given.runs}", f"-max_total_time={given.seconds}", "-timeout=5", "-max_len=4096",
            "-rss_limit_mb=1024", f"-artifact_prefix={found}/{given.target}-", "-print_final_stats=1",
            "-verbosity=1",
        ]  # fmt: skip
        atheris.Setup(arguments, one)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
