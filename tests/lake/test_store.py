"""The lake keeps what it was given, once, in a form any engine reads."""

from __future__ import annotations

import datetime as dt
import threading
from pathlib import Path
from typing import Final

import duckdb
import pyarrow as pa
import pytest
from deltalake import write_deltalake

from thuocdo.core import settings as settings_module
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.compaction import compact
from thuocdo.lake.parquet import conform, relation
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES, PAGE_VIEWS, schema_of
from thuocdo.lake.store import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    opened = Lake.open(settings_module.load({"THUOCDO_HOME": str(tmp_path)}))
    opened.create()
    return opened


def views(count: int, *, day: str = "2022-04-30", site_id: int = 1, segment: str = "s") -> pa.Table:
    moment = int(dt.datetime.fromisoformat(f"{day}T05:00:00+00:00").timestamp()) * 1_000_000
    columns = {
        "day": [dt.date.fromisoformat(day)] * count,
        "event_time": [moment + n for n in range(count)],
        "site_id": [site_id] * count,
        "visitor": list(range(count)),
        "kind": ["view"] * count,
        "event_id": list(range(count)),
        "segment": [segment] * count,
        "landed_at": [moment] * count,
        "feed": ["import"] * count,
        "trust": ["verified"] * count,
    }
    empty = {name: [None] * count for name in PAGE_VIEWS.names}
    return pa.table(empty | columns, schema=PAGE_VIEWS)


def with_column(rows: pa.Table, name: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.schema.get_field_index(name), name, values)


def test_every_table_is_there_and_reads_empty_with_its_full_schema(lake: Lake) -> None:
    for table in (*EVENT_TABLES, *DIMENSIONS):
        assert lake.read(table).num_rows == 0
        assert lake.read(table).schema == schema_of(table)
        assert lake.files(table) == []
        assert lake.version(table) == 0


def test_making_the_tables_twice_keeps_what_is_in_them(lake: Lake) -> None:
    lake.append("page_views", views(3), app_id="w", version=1)
    lake.create()
    assert lake.read("page_views").num_rows == 3


LATER: Final = ("procedure", "t_load_ms")
"""Columns that the lakes of these tests were made without."""


@pytest.fixture
def older(tmp_path: Path) -> Lake:
    """A lake whose page views were written before some columns were thought of."""
    opened = Lake.open(settings_module.load({"THUOCDO_HOME": str(tmp_path)}))
    before = pa.schema([field for field in PAGE_VIEWS if field.name not in LATER])
    rows = views(3).select(before.names)
    write_deltalake(str(opened.root / "page_views"), rows, partition_by=["day"])
    return opened


def test_a_table_of_an_earlier_version_gets_the_columns_it_lacks_and_keeps_its_files(
    older: Lake,
) -> None:
    before = older.files("page_views")
    older.create()
    assert older.files("page_views") == before
    assert {f.name for f in older.handle("page_views").schema().fields} == set(PAGE_VIEWS.names)
    version = older.version("page_views")
    older.create()
    assert older.version("page_views") == version
    assert older.changes("page_views", version - 1, version) == {}
    rows = older.read("page_views")
    assert rows.schema == PAGE_VIEWS
    assert [rows.column(name).null_count for name in LATER] == [3, 3]


def test_rows_before_and_after_a_new_column_are_read_and_merged_together(older: Lake) -> None:
    older.create()
    for number in range(4):
        later = with_column(views(1), "t_load_ms", pa.array([7], pa.int32()))
        assert older.append("page_views", later, app_id="w", version=number)
    for _ in ("apart", "merged"):
        said = older.read("page_views").column("t_load_ms")
        assert (len(said), said.null_count) == (7, 3)
        compact(older)
    assert len(older.files("page_views")) == 1


def test_an_engine_reads_a_column_that_no_file_has(older: Lake) -> None:
    source = relation(older.files("page_views"), PAGE_VIEWS)
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        rows = engine.sql(f"SELECT {', '.join(PAGE_VIEWS.names)} FROM {source}").to_arrow_table()
    assert rows.cast(PAGE_VIEWS).sort_by("event_id") == older.read("page_views").sort_by("event_id")


def test_a_column_that_holds_something_else_is_said_and_left_alone(tmp_path: Path) -> None:
    opened = Lake.open(settings_module.load({"THUOCDO_HOME": str(tmp_path)}))
    odd = with_column(views(1), "visitor", pa.array(["x"]))
    write_deltalake(str(opened.root / "page_views"), odd, partition_by=["day"])
    with pytest.raises(ThuocdoError, match="page_views has visitor in another type"):
        opened.create()


def test_a_batch_that_is_there_already_is_not_written_again(lake: Lake) -> None:
    assert lake.landed_version("page_views", "w") == -1
    assert lake.append("page_views", views(3), app_id="w", version=4)
    assert not lake.append("page_views", views(3), app_id="w", version=4)
    assert not lake.append("page_views", views(3), app_id="w", version=2)
    assert lake.landed_version("page_views", "w") == 4
    assert lake.read("page_views").num_rows == 3


def test_of_several_writers_of_one_batch_at_one_moment_exactly_one_wins(lake: Lake) -> None:
    barrier = threading.Barrier(6)
    won: list[tuple[int, bool]] = []

    def write() -> None:
        own = Lake(lake.root)
        for number in range(8):
            barrier.wait()
            won.append((number, own.append("page_views", views(5), app_id="w", version=number)))

    threads = [threading.Thread(target=write) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(number for number, first in won if first) == list(range(8))
    assert lake.read("page_views").num_rows == 40


def test_different_writers_at_one_moment_all_get_in(lake: Lake) -> None:
    def write(name: str) -> None:
        own = Lake(lake.root)
        for number in range(5):
            assert own.append("page_views", views(2), app_id=name, version=number)

    threads = [threading.Thread(target=write, args=(f"w{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert lake.read("page_views").num_rows == 40


def test_one_commit_can_end_the_batches_of_several_writers(lake: Lake) -> None:
    assert lake.commit("page_views", views(3), {"a": 3, "b": 7})
    assert not lake.commit("page_views", views(3), {"a": 3, "b": 7})
    with pytest.raises(ThuocdoError, match="holds some of the batches"):
        lake.commit("page_views", views(3), {"a": 4, "b": 7})


def test_days_go_to_partitions_and_touched_names_them(lake: Lake) -> None:
    both = pa.concat_tables([views(2, day="2022-04-29"), views(3, day="2022-04-30")])
    lake.append("page_views", both, app_id="w", version=1)
    first = lake.version("page_views")
    lake.append("page_views", views(1, day="2022-05-01"), app_id="w", version=2)
    assert lake.changes("page_views", 0, first).keys() == {"2022-04-29", "2022-04-30"}
    assert lake.changes("page_views", first, lake.version("page_views")).keys() == {"2022-05-01"}
    assert len(lake.files("page_views", partitions={"2022-04-30"})) == 1
    assert lake.read("page_views", partitions={"2022-04-30"}).num_rows == 3


def test_an_older_version_shows_the_files_it_had(lake: Lake) -> None:
    lake.append("page_views", views(1), app_id="w", version=1)
    before = lake.files("page_views")
    lake.append("page_views", views(1), app_id="w", version=2)
    assert lake.files("page_views", version=1) == before
    assert len(lake.files("page_views")) == 2


def test_a_cleaned_log_is_said_not_guessed(lake: Lake) -> None:
    lake.append("page_views", views(1), app_id="w", version=1)
    lake.log_path("page_views", 1).rename(lake.log_path("page_views", 1).with_suffix(".gone"))
    with pytest.raises(ThuocdoError, match="no longer reaches back"):
        lake.changes("page_views", 0, 1)


def test_another_engine_reads_the_same_rows(lake: Lake) -> None:
    lake.append("page_views", views(100), app_id="w", version=1)
    paths = lake.files("page_views")
    with duckdb.connect() as engine:
        row = engine.execute(
            "SELECT count(*), min(day)::VARCHAR, max(visitor), sum(event_id), min(site_id) "
            "FROM read_parquet($paths, hive_partitioning = true)",
            {"paths": paths},
        ).fetchone()
    assert row == (100, "2022-04-30", 99, 4950, 1)


def test_types_of_other_engines_come_back_to_the_schema() -> None:
    odd = views(2)
    odd = odd.set_column(4, "kind", odd.column("kind").cast(pa.large_string()))
    assert conform("page_views", odd).schema == PAGE_VIEWS


def test_an_address_that_is_no_folder_is_refused(tmp_path: Path) -> None:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path), "THUOCDO_LAKE_URL": "s3://x/y"})
    with pytest.raises(ThuocdoError, match="Set THUOCDO_LAKE_URL"):
        Lake.open(chosen)
