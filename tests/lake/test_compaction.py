"""Upkeep changes files, never rows."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pyarrow as pa
import pytest

from thuocdo.lake import compaction
from thuocdo.lake.schemas import PAGE_VIEWS
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
    assert lake.read_files("page_views", listed).num_rows == 150


def test_of_two_compactions_at_once_only_one_counts(lake: Lake) -> None:
    fill(lake)
    paths = lake.files("page_views")
    number = lake.landed_version("page_views", COMPACTION) + 1
    old = [lake.described("page_views", path) for path in paths]
    merged = lake.read("page_views")
    outcomes = [
        own.replace("page_views", old, own.write_files("page_views", merged), number=number)
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
    young, old = (lake.write_files("page_views", views(n))[0] for n in (0, 1))
    os.utime(lake.root / "page_views" / old.path, (1, 1))
    assert compaction.compact(lake).deleted == 1
    assert (lake.root / "page_views" / young.path).exists()
    assert len(rows(lake)) == 10
