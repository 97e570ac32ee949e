"""The writer of the ledger dies before each single thing it does; the next one comes to the same log."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.lake.ledger.conftest import Feeder, settings_in
from tests.lake.ledger.test_ledger import assert_complete, assert_files_told

from thuocdo.core import merkle
from thuocdo.lake import compaction
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.records import Head
from thuocdo.lake.store import Lake

ROOT = Path(__file__).parents[3]


def run_steps(*asked: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-m", "tests.lake.ledger.extend_steps", *asked],
        env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"}, cwd=ROOT,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture
def waiting(ledger: Ledger, feeder: Feeder, settings: object) -> tuple[Path, Head]:
    """A home whose ledger has told one round of rows; a second has landed and is compacted in part."""
    feeder.put_all("w/1", 3)
    told = ledger.extend()
    for number in range(2, 5):
        for table in ("page_views", "dossier_events", "sites"):
            feeder.put(table, f"w/{number}", 3)
    compaction.compact(ledger.lake)
    feeder.put("page_views", "w/6", 3)
    ledger.close()
    return ledger.book.folder.parent, told


def test_dying_before_any_step_neither_doubles_nor_forks(
    waiting: tuple[Path, Head], tmp_path: Path
) -> None:
    home, told = waiting
    whole = shutil.copytree(home, tmp_path / "whole")
    (answer,) = run_steps(f"{whole}:0")
    steps = int(answer)
    assert steps > 10
    homes = [shutil.copytree(home, tmp_path / f"struck{n}") for n in range(steps)]
    struck = [f"{path}:{n}" for n, path in enumerate(homes, 1)]
    assert run_steps(*struck) == ["killed"] * steps
    run_steps(*(f"{path}:0" for path in homes[::2]))  # others land more first
    expected = head_of(whole)
    for place, path in enumerate(homes):
        settings = settings_in(path)
        ledger = Ledger(settings, Lake.open(settings))
        if place % 2:
            rows = Feeder(ledger.lake, place).rows("replays", "w/7", 2)
            ledger.lake.append("replays", rows, app_id="late", version=1)
        head = ledger.extend()
        if not place % 2:
            assert (head.size, head.root, head.files) == expected, f"step {place + 1} of {steps}"
        hashes = ledger.book.hashes(head.size)
        proof = merkle.consistency(hashes, told.size)
        roots = (bytes.fromhex(told.root), bytes.fromhex(head.root))
        assert merkle.is_consistent(told.size, roots[0], head.size, roots[1], proof)
        if place % 7 == 0:
            assert_complete(ledger)
            assert_files_told(ledger)
        ledger.close()


def head_of(home: Path) -> tuple[int, str, str]:
    settings = settings_in(home)
    head = Ledger(settings, Lake.open(settings)).head()
    assert head is not None
    return head.size, head.root, head.files
