"""Upkeep changes files, never rows."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from thuocdo.lake import compaction, parquet, table_files
from thuocdo.lake.schemas import DOSSIER_EVENTS, PAGE_VIEWS
from thuocdo.lake.store import COMPACTION, Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    opened = Lake(tmp_path)
    opened.create()
    return opened


def views(number: int, count: int = 5) -> pa.Table:
    day = 19_112 + number % 2
    moment = day * 86_400_000_000
    given = {
        "day": pa.array([day] * count, pa.int32()).cast(pa.date32()),
        "event_time": pa.array([moment + n for n in range(count)], pa.int64()).cast(
            PAGE_VIEWS.field("event_time").type
        ),
        "site_id": pa.array([number] * count, pa.int32()),
        "visitor": pa.array(range(count), pa.int64()),
        "segment": pa.array([f"w/{number}"] * count),
        "event_id": pa.array(range(count), pa.int64()),
    }
    return pa.table(
        [given.get(f.name, pa.nulls(count, f.type)) for f in PAGE_VIEWS], schema=PAGE_VIEWS
    )


def rows(lake: Lake) -> list[tuple[object, ...]]:
    found = lake.read("page_views").to_pylist()
    return sorted(
        (r["segment"], r["event_id"], r["day"], r["visitor"], r["event_time"]) for r in found
    )


def fill(lake: Lake, count: int = 30) -> None:
    for number in range(count):
        lake.append("page_views", views(number), app_id="w", version=number)


def test_many_files_become_one_a_partition_and_no_row_changes(lake: Lake) -> None:
    fill(lake)
    before = rows(lake)
    done = compaction.compact(lake)
    assert (done.merged, done.made) == (30, 2)
    assert len(lake.files("page_views")) == 2
    assert rows(lake) == before
    assert compaction.compact(lake).merged == 0


def steps(number: int, count: int = 400) -> pa.Table:
    """One event of each of some dossiers, keys spread as hashes are."""
    moment = 19_112 * 86_400_000_000 + number
    given = {
        "home_month": pa.array(["2022-05"] * count),
        "dossier_hi": pa.array([n * 2**64 // count - 2**63 for n in range(count)], pa.int64()),
        "dossier_lo": pa.array(range(count), pa.int64()),
        "event_time": pa.array([moment] * count, pa.int64()).cast(
            DOSSIER_EVENTS.field("event_time").type
        ),
        "segment": pa.array([f"w/{number}"] * count),
        "event_id": pa.array(range(count), pa.int64()),
    }
    return pa.table(
        [given.get(f.name, pa.nulls(count, f.type)) for f in DOSSIER_EVENTS], schema=DOSSIER_EVENTS
    )


def told(lake: Lake) -> list[str]:
    return sorted(map(str, lake.read("dossier_events").to_pylist()))


def test_layers_of_a_home_month_become_files_that_share_no_dossier(
    lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compaction, "_SMALL_BYTES", 1)  # every file is a big one
    for number in range(5):
        lake.append("dossier_events", steps(number), app_id="w", version=number)
    files = lake.files("dossier_events")
    size = sum(Path(path).stat().st_size for path in files)
    monkeypatch.setattr(compaction, "_TARGET_BYTES", size // 3)
    before, since = told(lake), lake.version("dossier_events")
    done = compaction.compact(lake)
    assert (done.merged, done.made) == (5, 3)
    assert told(lake) == before
    assert lake.changes("dossier_events", since, lake.version("dossier_events")) == {}
    keys = [
        set(table_files.read(lake.root, "dossier_events", [path])["dossier_hi"].to_pylist())
        for path in lake.files("dossier_events")
    ]
    assert sum(map(len, keys)) == len(set.union(*keys)) == 400
    assert compaction.compact(lake).merged == 0, "what is in ranges is no layer"


def test_few_layers_are_left_as_they_are(lake: Lake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compaction, "_SMALL_BYTES", 1)
    for number in range(3):
        lake.append("dossier_events", steps(number), app_id="w", version=number)
    assert compaction.compact(lake).merged == 0


def test_a_compaction_touches_nothing(lake: Lake) -> None:
    fill(lake)
    since = lake.version("page_views")
    compaction.compact(lake)
    assert lake.version("page_views") > since
    assert lake.changes("page_views", since, lake.version("page_views")) == {}


def test_a_batch_stays_known_after_a_checkpoint(lake: Lake) -> None:
    fill(lake)
    compaction.compact(lake)
    assert not Lake(lake.root).append("page_views", views(29), app_id="w", version=29)


def test_readers_of_a_moment_ago_still_find_their_files(lake: Lake) -> None:
    fill(lake)
    listed = lake.files("page_views")
    compaction.compact(lake)
    assert table_files.read(lake.root, "page_views", listed).num_rows == 150


def test_of_two_compactions_at_once_only_one_counts(lake: Lake) -> None:
    fill(lake)
    paths = lake.files("page_views")
    number = lake.landed_version("page_views", COMPACTION) + 1
    old = [table_files.described(lake.root, "page_views", path) for path in paths]
    merged = lake.read("page_views")
    outcomes = [
        own.replace(
            "page_views", old, table_files.write(own.root, "page_views", merged), number=number
        )
        for own in (Lake(lake.root), Lake(lake.root))
    ]
    assert outcomes == [True, False]
    assert len(rows(lake)) == 150


def test_landing_goes_on_beside_it(lake: Lake) -> None:
    fill(lake, 10)

    def land() -> None:
        own = Lake(lake.root)
        for number in range(10, 30):
            assert own.append("page_views", views(number), app_id="w", version=number)

    thread = threading.Thread(target=land)
    thread.start()
    while thread.is_alive():
        compaction.compact(lake)
    thread.join()
    assert len(rows(lake)) == 150
    assert len({row[:2] for row in rows(lake)}) == 150


def test_what_a_killed_writer_left_goes_after_the_grace_period(lake: Lake) -> None:
    fill(lake, 2)
    young, old = (table_files.write(lake.root, "page_views", views(n))[0] for n in (0, 1))
    os.utime(lake.root / "page_views" / old.path, (1, 1))
    assert compaction.compact(lake).deleted == 1
    assert (lake.root / "page_views" / young.path).exists()
    assert len(rows(lake)) == 10


def test_segments_are_a_dictionary_only_where_they_repeat(tmp_path: Path) -> None:
    often, seldom = steps(0), steps(0)
    place = seldom.schema.get_field_index("segment")
    names = pa.array([f"w/{n}" for n in range(seldom.num_rows)])
    seldom = seldom.set_column(place, "segment", names)
    for given, repeats in ((often, True), (seldom, False)):
        path = tmp_path / "rows.parquet"
        parquet.write(path, given)
        column = pq.read_metadata(path).row_group(0).column(place)
        assert column.has_dictionary_page is repeats
        assert pq.read_table(path)["segment"].to_pylist() == given["segment"].to_pylist()
