"""A sound lake verifies anywhere; whatever bit is flipped, the file it lies in is named."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lake.ledger.conftest import Feeder, settings_in

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import PublicKey, Signer
from thuocdo.lake import compaction
from thuocdo.lake.ledger.findings import Finding, Verified, Wrong
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.moves import described
from thuocdo.lake.ledger.verify import verify
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake

FLIPS = 5
"""Bits flipped in each file: the first byte's, the last's, one of the footer, and any others."""


class Copy(NamedTuple):
    """What was carried to another machine: the two folders and the public key, nothing else."""

    lake: Path
    ledger: Path
    key: PublicKey

    def verify(self) -> Verified:
        spill = self.lake.parent / "spill"
        return verify(self.lake, self.ledger, self.key, spill, lambda *_: None)

    def path(self, name: str) -> Path:
        return self.lake.parent / name


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A lake with merged files, checkpoints, kept heads and rows that came since."""
    settings = settings_in(tmp_path_factory.mktemp("original"))
    settings.make_folders()
    lake = Lake.open(settings)
    lake.create()
    feeder = Feeder(lake)
    ledger = Ledger(settings, lake)
    for number in range(6):
        feeder.put_all(f"w/{number}", 3)
        head = ledger.extend()
        if number in (0, 3):
            ledger.keep(head.at + number * 86_400_000_000)
    compaction.compact(lake)
    lake.handle("rejects").create_checkpoint()
    for number in range(6, 8):
        feeder.put_all(f"w/{number}", 3)
    ledger.extend()
    ledger.close()
    there = tmp_path_factory.mktemp("elsewhere")
    shutil.copytree(settings.ledger_dir, there / "ledger", ignore=shutil.ignore_patterns("index*"))
    shutil.copytree(lake.root, there / "lake")
    return Copy(there / "lake", there / "ledger", ledger.signer.public)


@pytest.fixture
def copy(sound: Copy, tmp_path: Path) -> Copy:
    shutil.copytree(sound.lake.parent, tmp_path / "copy")
    return Copy(tmp_path / "copy" / "lake", tmp_path / "copy" / "ledger", sound.key)


def test_a_copy_verifies_on_another_machine(sound: Copy) -> None:
    found = sound.verify()
    assert found.findings == []
    assert found.rows == 8 * 3 * len((*EVENT_TABLES, *DIMENSIONS))
    assert found.heads == 2
    assert found.is_sound
    assert sound.verify() == found  # verifying leaves what it verifies as it was


KINDS = {
    "a file with rows": "lake/page_views/day=*/part-*.parquet",
    "a file of a dimension": "lake/services/part-*.parquet",
    "a file of dossiers": "lake/dossier_events/home_month=*/part-*.parquet",
    "an entry of a log": "lake/declared/_delta_log/*.json",
    "a checkpoint": "lake/rejects/_delta_log/*.checkpoint.parquet",
    "the pointer at the checkpoint": "lake/rejects/_delta_log/_last_checkpoint",
    "the leaves": "ledger/leaves.ndjson",
    "their hashes": "ledger/hashes.bin",
    "the list of files": "ledger/files-*.ndjson",
    "a list of hashes": "ledger/listed/*",
    "the head": "ledger/head.jws",
    "a head that was kept": "ledger/heads/*.jws",
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_flipped_bit_is_named_by_file(kind: str, copy: Copy) -> None:
    chance = random.Random(kind)
    paths = live(copy, sorted(copy.lake.parent.glob(KINDS[kind])))
    assert paths
    for number in range(FLIPS):
        path = chance.choice(paths)
        content = path.read_bytes()
        places = (0, len(content) - 1, max(0, len(content) - 40), len(content) // 2)
        place = places[number] if number < len(places) else chance.randrange(len(content))
        flipped = bytearray(content)
        flipped[place] ^= 1 << chance.randrange(8)
        path.write_bytes(flipped)
        found = copy.verify()
        name = path.relative_to(copy.lake.parent).as_posix()
        assert name in {finding.where for finding in found.findings}, (name, place, found.findings)
        path.write_bytes(content)


def live(copy: Copy, paths: list[Path]) -> list[Path]:
    """Without the files that were merged away: they are no part of the lake."""
    named = {Path(path) for table in ("page_views", "services", "dossier_events")
             for path in Lake(copy.lake).files(table)}  # fmt: skip
    return [path for path in paths if not path.name.startswith("part-") or path in named]


def test_rows_that_were_changed_are_named_by_segment_whoever_changed_them(
    ledger: Ledger, feeder: Feeder
) -> None:
    """Who holds the key itself rewrote a file, and signed its new digest."""
    feeder.put_all("w/1", 3)
    feeder.put_all("w/2", 3)
    base = ledger.extend()
    path = Path(ledger.lake.files("rejects")[0])
    rows = pq.read_table(path, partitioning=None)
    detail = pa.array(["another"] * rows.num_rows)
    place = rows.column_names.index("detail")
    pq.write_table(rows.set_column(place, "detail", detail), path)
    line = described(ledger.lake, path)
    assert line is not None
    ledger.publish(base, [], [line], base.versions)
    key = ledger.signer.public
    found = Copy(ledger.lake.root, ledger.book.folder, key).verify()
    segments = set(rows.column("segment").to_pylist())
    assert [(f.wrong, f.where) for f in found.findings] == [
        (Wrong.ROWS_CHANGED, f"rejects {segment}") for segment in sorted(segments)
    ]


def test_a_file_that_is_gone_is_named(copy: Copy) -> None:
    (path, *_) = Lake(copy.lake).files("dossier_events")
    Path(path).unlink()
    name = Path(path).relative_to(copy.lake.parent).as_posix()
    assert Finding(Wrong.MISSING, name, "The ledger vouches for it.") in copy.verify().findings


def test_rows_that_landed_behind_the_ledgers_back_are_not_judged_yet(copy: Copy) -> None:
    """They are newer than the head; the next head will tell them."""
    Lake(copy.lake).append("replays", Feeder(Lake(copy.lake)).rows("replays", "w/99", 2),
                           app_id="late", version=1)  # fmt: skip
    assert copy.verify().is_sound


def test_a_log_that_was_rewritten_does_not_fit_the_heads_that_were_kept(
    ledger: Ledger, feeder: Feeder, settings: Settings
) -> None:
    """Who holds the key itself makes another history; a head that was given away shows it."""
    feeder.put_all("w/1", 3)
    first = ledger.keep(ledger.extend().at)
    kept = first.read_bytes()
    ledger.close()
    for folder in (settings.ledger_dir, ledger.lake.root):
        shutil.rmtree(folder)
    lake = Lake.open(settings)
    lake.create()
    Feeder(lake, seed=2).put_all("w/1", 3)
    anew = Ledger(settings, lake)
    anew.extend()
    anew.book.heads_dir.mkdir()
    first.write_bytes(kept)
    found = Copy(lake.root, settings.ledger_dir, anew.signer.public).verify()
    assert [(f.wrong, f.where) for f in found.findings] == [
        (Wrong.FORKED, f"ledger/heads/{first.name}")
    ]


def test_another_key_verifies_nothing(copy: Copy, tmp_path: Path) -> None:
    other = Signer.of(tmp_path / "other").public
    found = copy._replace(key=other).verify()
    assert "ledger/head.jws" in {f.where for f in found.findings if f.wrong == Wrong.UNSIGNED}


def test_without_a_ledger_there_is_nothing_to_verify(copy: Copy, tmp_path: Path) -> None:
    with pytest.raises(ThuocdoError, match="no ledger"):
        copy._replace(ledger=tmp_path / "none").verify()
