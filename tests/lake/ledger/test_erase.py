"""A dossier that is erased is nowhere any more, and the log proves all it proved before."""

from __future__ import annotations

import shutil
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lake.ledger.conftest import EPOCH, Feeder, settings_in
from tests.lakes import empty_lake

from thuocdo.core import merkle
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.ids import dossier_key, number_key
from thuocdo.core.settings import Settings
from thuocdo.lake import compaction, table_files
from thuocdo.lake.homes import rebuild_homes
from thuocdo.lake.ledger import erase as erasing
from thuocdo.lake.ledger import proofs
from thuocdo.lake.ledger.erase import erase
from thuocdo.lake.ledger.findings import Verified
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.records import ErasedLeaf
from thuocdo.lake.ledger.verify import verify
from thuocdo.lake.schemas import DOSSIER_EVENTS, REJECTS
from thuocdo.lake.store import Lake

SYSTEM, NUMBER = "H29-one_stop", "H29.12-220430-0001"
REASON = "Điều 14 Luật 91/2025/QH15, quyết định 12/QĐ"


@pytest.fixture(scope="module")
def told_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two segments, in each an event of the dossier among others', and a refused message that names it."""
    settings = settings_in(tmp_path_factory.mktemp("told"))
    settings.make_folders()
    lake = empty_lake(settings)
    ledger = Ledger(settings, lake)
    key = dossier_key(settings.secret, SYSTEM, NUMBER)
    for segment in ("w/1", "w/2"):
        rows = [event(segment, number, (number, -number)) for number in range(4)]
        rows[2] |= {"dossier_hi": key[0], "dossier_lo": key[1]}
        table = pa.Table.from_pylist(rows, schema=DOSSIER_EVENTS)
        lake.append("dossier_events", table, app_id=segment, version=1)
    named = number_key(settings.secret, NUMBER).hex()
    refused = [
        dict.fromkeys(REJECTS.names)
        | {"day": date(2022, 4, 30), "landed_at": EPOCH, "segment": "w/1", "event_id": number}
        | {"payload": f'{{"received":"1","number_key":"{text}"}}'}
        for number, text in enumerate((named, "00" * 16))
    ]
    table = pa.Table.from_pylist(refused, schema=REJECTS)
    lake.append("rejects", table, app_id="w", version=1)
    Feeder(lake).put_all("w/3", 2)
    rebuild_homes(settings, lake)
    ledger.extend()
    ledger.close()
    return settings.home


@pytest.fixture
def settings(told_home: Path, tmp_path: Path) -> Settings:
    """A copy of it for each test."""
    return settings_in(shutil.copytree(told_home, tmp_path / "home"))


@pytest.fixture
def lake(settings: Settings) -> Lake:
    return Lake.open(settings)


@pytest.fixture
def told(ledger: Ledger) -> Ledger:
    """The ledger that has told of it."""
    return ledger


def event(segment: str, number: int, dossier: tuple[int, int]) -> dict[str, Any]:
    return dict.fromkeys(DOSSIER_EVENTS.names) | {
        "home_month": "2022-04", "segment": segment, "event_id": number, "landed_at": EPOCH,
        "event_time": EPOCH, "system": SYSTEM, "dossier_hi": dossier[0], "dossier_lo": dossier[1],
    }  # fmt: skip


def verified(ledger: Ledger) -> Verified:
    folder = ledger.book.folder
    return verify(ledger.lake.root, folder, ledger.signer.public, folder / "spill", lambda *_: None)


def holding(lake: Lake, key: tuple[int, int]) -> list[Path]:
    """Files on the disk, live or put aside, in which the dossier is."""
    return [
        path
        for path in lake.root.glob("dossier_events/**/part-*.parquet")
        if key[0] in pq.read_table(path, partitioning=None).column("dossier_hi").to_pylist()
    ]


def test_nothing_of_it_is_left_and_everything_verifies(
    told: Ledger, lake: Lake, settings: Settings
) -> None:
    key = dossier_key(settings.secret, SYSTEM, NUMBER)
    before = told.head()
    assert before is not None
    proof = proofs.of_dossier(told, settings.secret, SYSTEM, NUMBER)
    done = erase(settings, lake, SYSTEM, NUMBER, REASON)
    assert done.rows == {"dossier_events": 2, "rejects": 1}
    assert holding(lake, key) == []
    named = number_key(settings.secret, NUMBER).hex()
    assert named not in str(lake.read("rejects").column("payload").to_pylist())
    assert lake.read("dossier_events").num_rows == 6 + 2
    found = verified(told)
    assert (found.findings, found.erased) == ([], 3)
    head = told.head()
    assert head is not None
    assert head.size == before.size + 3
    path = merkle.consistency(told.book.hashes(head.size), before.size)
    roots = bytes.fromhex(before.root), bytes.fromhex(head.root)
    assert merkle.is_consistent(before.size, roots[0], head.size, roots[1], path)
    assert proofs.check(proof, told.signer.public).rows == 2  # proofs given before hold


def test_a_second_run_finds_nothing(told: Ledger, lake: Lake, settings: Settings) -> None:
    erase(settings, lake, SYSTEM, NUMBER, REASON)
    head = told.head()
    assert erase(settings, lake, SYSTEM, NUMBER, REASON).rows == {}
    assert told.head() == head


def test_the_tombstones_say_why_and_not_who(told: Ledger, lake: Lake, settings: Settings) -> None:
    before = told.head()
    assert before is not None
    size = before.size
    erase(settings, lake, SYSTEM, NUMBER, REASON)
    stones = list(told.leaves(size, size + 2))
    assert all(isinstance(stone, ErasedLeaf) and stone.reason == REASON for stone in stones)
    hidden = [NUMBER, number_key(settings.secret, NUMBER).hex()]
    hidden += [str(half) for half in dossier_key(settings.secret, SYSTEM, NUMBER)]
    for path in (*settings.ledger_dir.iterdir(), *settings.state_dir.iterdir()):
        content = path.read_bytes() if path.is_file() else b""
        assert not [text for text in hidden if text.encode() in content], path


def test_its_neighbours_can_still_be_proved(told: Ledger, lake: Lake, settings: Settings) -> None:
    erase(settings, lake, SYSTEM, NUMBER, REASON)
    told.extend()
    for part in told.index.parts("dossier_events", "w/1"):
        hashes = proofs.hashes_of(told, part)
        (leaf,) = told.leaves(part.number, part.number)
        assert merkle.root_of(b"".join(digest for _, digest in hashes)).hex() == leaf.root


def test_files_that_compaction_put_aside_go_too(
    told: Ledger, lake: Lake, settings: Settings
) -> None:
    for segment in ("w/8", "w/9"):
        rows = pa.Table.from_pylist([event(segment, 0, (1, 2))], schema=DOSSIER_EVENTS)
        lake.append("dossier_events", rows, app_id=segment, version=1)
    assert compaction.compact(lake).merged
    key = dossier_key(settings.secret, SYSTEM, NUMBER)
    assert len(holding(lake, key)) > 1
    erase(settings, lake, SYSTEM, NUMBER, REASON)
    assert holding(lake, key) == []
    assert verified(told).findings == []


def test_a_row_that_comes_back_is_noticed(told: Ledger, lake: Lake, settings: Settings) -> None:
    """Somebody brought the files back from a backup."""
    (path, *_) = holding(lake, dossier_key(settings.secret, SYSTEM, NUMBER))
    content = path.read_bytes()
    erase(settings, lake, SYSTEM, NUMBER, REASON)
    rows = table_files.read(lake.root, "dossier_events", []).schema
    path.write_bytes(content)
    back = table_files.read(lake.root, "dossier_events", [str(path)]).cast(rows)
    lake.append("dossier_events", back, app_id="back", version=1)
    told.extend()
    found = verified(told).findings
    assert any("was erased and is there" in finding.detail for finding in found)


def test_a_dossier_sent_again_is_a_new_one(told: Ledger, lake: Lake, settings: Settings) -> None:
    erase(settings, lake, SYSTEM, NUMBER, REASON)
    rows = [event("w/20", 0, dossier_key(settings.secret, SYSTEM, NUMBER))]
    table = pa.Table.from_pylist(rows, schema=DOSSIER_EVENTS)
    lake.append("dossier_events", table, app_id="w/20", version=1)
    told.extend()
    assert verified(told).findings == []
    assert erase(settings, lake, SYSTEM, NUMBER, REASON).rows == {"dossier_events": 1}
    assert verified(told).findings == []


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201, f"hồ sơ {NUMBER.lower()} của ông A"])
def test_a_reason_that_says_nothing_or_too_much_is_refused(
    told: Ledger, lake: Lake, settings: Settings, reason: str
) -> None:
    with pytest.raises(ThuocdoError, match="stays in the log"):
        erase(settings, lake, SYSTEM, NUMBER, reason)


@pytest.mark.parametrize("table", erasing.TABLES)
@pytest.mark.parametrize("step", ["replace", "extend_locked", "publish", "forget", "unlink"])
def test_a_death_on_the_way_is_made_good_by_the_next_run(
    told: Ledger,
    lake: Lake,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    step: str,
    table: str,
) -> None:
    """Struck at the first time a step is taken, or (the second table) the second time."""
    left = [erasing.TABLES.index(table)]
    owner: Any = {"replace": Lake, "forget": erasing.Homes, "unlink": Path}.get(step, Ledger)
    original = getattr(owner, step)

    def dying(*given: Any, **named: Any) -> Any:
        if left[0] == 0:
            raise KeyboardInterrupt
        left[0] -= 1
        return original(*given, **named)

    monkeypatch.setattr(owner, step, dying)
    with suppress(KeyboardInterrupt):
        erase(settings, lake, SYSTEM, NUMBER, REASON)
    monkeypatch.undo()
    erase(settings, lake, SYSTEM, NUMBER, REASON)
    assert holding(lake, dossier_key(settings.secret, SYSTEM, NUMBER)) == []
    found = verified(told)
    assert (found.findings, found.erased) == ([], 3)
    assert not (settings.state_dir / "erase.plan").exists()
