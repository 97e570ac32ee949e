"""The ledger speaks of every row of the lake, once, whatever happens to the files."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tests.lake.ledger.conftest import EPOCH, Feeder

from thuocdo.core import merkle
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.lake import compaction
from thuocdo.lake.ledger import ledger as ledger_module
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.ledger.records import RowsLeaf, Span
from thuocdo.lake.ledger.rows import row_hash
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake

TABLES = (*EVENT_TABLES, *DIMENSIONS)


def leaves(ledger: Ledger) -> list[RowsLeaf]:
    head = ledger.head()
    assert head is not None
    found = list(ledger.leaves(0, head.size - 1))
    assert len(found) == head.size
    assert all(isinstance(leaf, RowsLeaf) for leaf in found)
    return [leaf for leaf in found if isinstance(leaf, RowsLeaf)]


def roots_from_the_lake(ledger: Ledger) -> list[str]:
    """The root of every leaf, computed in plain Python from the lake's rows alone."""
    made = []
    for number, leaf in enumerate(leaves(ledger)):
        rows = ledger.lake.read(leaf.table).to_pylist()
        hashes = [(row.get("event_id", 0), row_hash(leaf.table, row)) for row in rows]
        if leaf.listed:
            data = ledger.book.listed_path(number).read_bytes()
            listed = [data[at : at + 32] for at in range(0, len(data), 32)]
            assert not Counter(listed) - Counter(digest for _, digest in hashes)
            made.append(merkle.root_of(data).hex())
            continue
        own = sorted(
            pair
            for row, pair in zip(rows, hashes, strict=True)
            if row["segment"] == leaf.segment and leaf.first <= pair[0] <= leaf.last
        )
        assert len(own) == leaf.rows
        made.append(merkle.root_of(b"".join(digest for _, digest in own)).hex())
    return made


def assert_complete(ledger: Ledger) -> None:
    """Every row of the lake is in exactly one leaf, and the head's root is over those leaves."""
    told = leaves(ledger)
    assert [leaf.root for leaf in told] == roots_from_the_lake(ledger)
    for table in TABLES:
        rows = ledger.lake.read(table).num_rows
        assert sum(leaf.rows for leaf in told if leaf.table == table) == rows, table
    head = ledger.head()
    assert head is not None
    lines = ledger.book.leaves_path.read_bytes()[: head.leaves_bytes].splitlines()
    hashes = b"".join(merkle.leaf_hash(line) for line in lines)
    assert merkle.root_of(hashes).hex() == head.root
    assert ledger.book.hashes(head.size) == hashes


def test_what_landed_becomes_leaves(ledger: Ledger, feeder: Feeder) -> None:
    feeder.put_all("w/1")
    first = ledger.extend()
    assert first.size == len(TABLES)
    feeder.put_all("w/2", 7)
    feeder.put("page_views", "w/3")
    second = ledger.extend()
    assert second.size == 2 * len(TABLES) + 1
    assert_complete(ledger)
    hashes = ledger.book.hashes(second.size)
    path = merkle.consistency(hashes, first.size)
    old, new = (bytes.fromhex(head.root) for head in (first, second))
    assert merkle.is_consistent(first.size, old, second.size, new, path)


def test_without_news_nothing_is_written(ledger: Ledger, feeder: Feeder) -> None:
    feeder.put_all()
    head = ledger.extend()
    token = ledger.book.token()
    assert ledger.extend() == head
    assert ledger.book.token() == token


def test_an_empty_lake_has_a_head_too(ledger: Ledger) -> None:
    assert ledger.head() is None
    assert ledger.extend().root == merkle.EMPTY.hex()


def test_compaction_changes_the_files_and_no_leaf(ledger: Ledger, feeder: Feeder) -> None:
    for number in range(6):
        feeder.put_all(f"w/{number}")
    before = ledger.extend()
    assert compaction.compact(ledger.lake).merged
    after = ledger.extend()
    assert (after.size, after.root) == (before.size, before.root)
    assert after.files != before.files
    assert_complete(ledger)
    assert_files_told(ledger)


def assert_files_told(ledger: Ledger) -> None:
    """The list has every live file and every file of the logs as they are."""
    told = {file.path: (file.size, file.sha256) for file in ledger.index.files()}
    for table in TABLES:
        live = {Path(path) for path in ledger.lake.files(table)}
        logs = {
            path for path in (ledger.lake.root / table / "_delta_log").iterdir() if path.is_file()
        }
        for path in live | logs:
            content = path.read_bytes()
            digest = hashlib.sha256(content).hexdigest()
            assert told.pop(path.relative_to(ledger.lake.root).as_posix()) == (len(content), digest)
    assert not told


def test_rows_merged_away_before_they_were_told_are_told_once(
    ledger: Ledger, feeder: Feeder
) -> None:
    """The ledger slept, and compaction has deleted the files that the rows came in."""
    feeder.put_all("w/0")
    ledger.extend()
    for number in range(1, 6):
        feeder.put_all(f"w/{number}", first=10 * number)
    feeder.put("declared", "w/0", first=5)  # more of a segment that is told in part
    compaction.compact(ledger.lake)
    for table in TABLES:
        live = set(ledger.lake.files(table))
        for path in (ledger.lake.root / table).glob("**/part-*.parquet"):
            if str(path) not in live:
                path.unlink()
    ledger.extend()
    assert_complete(ledger)


def test_a_log_that_was_cleaned_hides_nothing(ledger: Ledger, feeder: Feeder) -> None:
    feeder.put_all("w/0")
    ledger.extend()
    for number in range(1, 4):
        feeder.put_all(f"w/{number}", first=10 * number)
    for table in TABLES:
        ledger.lake.handle(table).create_checkpoint()
        for path in sorted((ledger.lake.root / table / "_delta_log").glob("0*.json"))[:-1]:
            path.unlink()
    ledger.extend()
    assert_complete(ledger)
    feeder.put_all("w/9", first=90)
    ledger.extend()
    assert_complete(ledger)
    assert_files_told(ledger)


def test_rows_that_share_their_numbers_with_told_ones_are_listed(
    ledger: Ledger, feeder: Feeder
) -> None:
    feeder.put("rejects", "import:x", 5)
    ledger.extend()
    feeder.put("rejects", "import:x", 5, first=3)
    ledger.extend()
    assert [leaf.listed for leaf in leaves(ledger)] == [False, True]


def test_many_rows_of_one_segment_are_cut_into_leaves(
    ledger: Ledger, feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "ROWS_A_LEAF", 8)
    monkeypatch.setattr(ledger_module, "ROWS_AT_ONCE", 20)
    feeder.put("page_views", "import:x", 50)
    feeder.put("page_views", "w/1", 6)
    feeder.put("page_views", "w/2", 6)
    feeder.put("services", count=30)
    ledger.extend()
    assert_complete(ledger)
    sizes = [leaf.rows for leaf in leaves(ledger) if leaf.segment == "import:x"]
    assert sizes == [8] * 6 + [2]


def test_the_log_knows_what_it_did_not_know_then(ledger: Ledger, feeder: Feeder) -> None:
    feeder.put("page_views", "w/1")
    then = ledger.extend()
    feeder.put("page_views", "w/2")
    feeder.put("dossier_events", "import:x", 3, first=4)
    feeder.put("agencies")
    ledger.extend()
    assert ledger.segments_after(then.size) == {
        Span("page_views", "w/2", 0, 4),
        Span("dossier_events", "import:x", 4, 6),
    }


def test_a_head_that_was_changed_is_refused(ledger: Ledger, feeder: Feeder) -> None:
    feeder.put_all()
    ledger.extend()
    token = ledger.book.head_path.read_text()
    ledger.book.head_path.write_text(token[:90] + ("A" if token[90] != "A" else "B") + token[91:])
    with pytest.raises(ThuocdoError, match="no head signed") as refused:
        ledger.extend()
    assert refused.value.code == "bad_head"


def test_a_lake_older_than_its_ledger_is_refused(
    ledger: Ledger, feeder: Feeder, settings: Settings
) -> None:
    feeder.put_all()
    ledger.extend()
    ledger.lake.root.rename(ledger.lake.root.with_name("lost"))
    anew = Lake.open(settings)
    anew.create()
    with pytest.raises(ThuocdoError, match="vouches") as refused:
        Ledger(settings, anew).extend()
    assert refused.value.code == "lake_behind"


def test_what_a_dead_writer_left_beyond_the_head_is_written_over(
    ledger: Ledger, feeder: Feeder
) -> None:
    feeder.put_all("w/1")
    head = ledger.extend()
    for path in (ledger.book.leaves_path, ledger.book.hashes_path, ledger.book.files_path(0)):
        with path.open("ab") as file:
            file.write(b'{"leaf":"rows","table":"pag')
    feeder.put_all("w/2")
    assert ledger.extend().size == 2 * head.size
    assert_complete(ledger)


def test_an_index_that_was_lost_is_made_again(
    ledger: Ledger, feeder: Feeder, settings: Settings
) -> None:
    feeder.put_all("w/1")
    ledger.extend()
    ledger.close()
    for path in (*settings.ledger_dir.glob("index.sqlite3*"), settings.ledger_dir / "hashes.bin"):
        path.unlink()
    feeder.put_all("w/2")
    again = Ledger(settings, ledger.lake)
    again.extend()
    assert_complete(again)
    assert_files_told(again)


def test_the_list_of_files_begins_anew_when_most_of_it_is_past(
    ledger: Ledger, feeder: Feeder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger_module, "_FEWEST_LINES", -40)
    for number in range(5):
        feeder.put_all(f"w/{number}", 2)
        ledger.extend()
    compaction.compact(ledger.lake)
    for _ in range(2):
        feeder.put_all("w/9", 2)
        ledger.extend()
    head = ledger.extend()
    assert head.inventory > 0
    assert [path.name for path in ledger.book.folder.glob("files-*")] == [
        f"files-{head.inventory}.ndjson"
    ]
    assert_files_told(ledger)


def test_a_kept_head_is_found_by_its_time(ledger: Ledger, feeder: Feeder) -> None:
    feeder.put_all("w/1")
    first = ledger.extend()
    path = ledger.keep(first.at)
    assert datetime.fromtimestamp(first.at / 1e6, UTC) > EPOCH
    time.sleep(0.001)
    feeder.put_all("w/2")
    second = ledger.extend()
    assert ledger.keep(first.at) == path
    assert ledger.at(first.at) == first
    assert ledger.at(second.at - 1) == first
    assert ledger.at(second.at) == second
    assert ledger.at(first.at - 1) is None
