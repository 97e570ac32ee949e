"""The engine makes the same form and the same hash as the plain Python that defines them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import write_deltalake
from tests.lake.ledger.conftest import Feeder

from thuocdo.core import settings as settings_module
from thuocdo.lake.ledger import rows as row_forms
from thuocdo.lake.ledger.columns import COLUMNS
from thuocdo.lake.schemas import DECLARED, DIMENSIONS, EVENT_TABLES, schema_of
from thuocdo.lake.store import Lake

TABLES = (*EVENT_TABLES, *DIMENSIONS)


@pytest.mark.parametrize("table", TABLES)
def test_engine_and_reference_agree_on_random_rows(table: str, lake: Lake, feeder: Feeder) -> None:
    for segment in range(20):
        feeder.put(table, f"w/{segment}", 40)
    rows = lake.read(table).to_pylist()
    assert len(rows) == 800
    engine = row_forms.opened()
    made = row_forms.hashed(engine, table, row_forms.source(table, lake.files(table)))
    found = [made.hashes[place].tobytes() for place in range(len(rows))]
    assert sorted(found) == sorted(row_forms.row_hash(table, row) for row in rows)
    if table in EVENT_TABLES:
        names = [made.segments[number] for number in made.segment]
        by_id = {(row["segment"], row["event_id"]): row_forms.row_hash(table, row) for row in rows}
        keys = list(zip(names, made.event_id.tolist(), strict=True))
        assert keys == sorted(keys)
        assert [by_id[key] for key in keys] == found


@pytest.mark.parametrize("table", TABLES)
def test_every_column_has_a_number(table: str) -> None:
    assert sorted(COLUMNS[table]) == sorted(schema_of(table).names)
    assert len(set(COLUMNS[table])) == len(COLUMNS[table])


def test_the_form_of_a_row_is_what_it_was() -> None:
    """This must never change: heads that were signed depend on it."""
    row = {
        "segment": "20220430T050000-a1/7",
        "event_id": 12,
        "landed_at": datetime(2022, 4, 30, 5, 0, 1, 250_000, tzinfo=UTC),
        "feed": "mcdt",
        "trust": "unverified",
        "home_month": "2022-04",
        "dossier_hi": -5,
        "dossier_lo": 7,
        "status": "hồ sơ",
        "digitised": False,
        "quality": ["a", None, ""],
        "due_at": None,
    }
    assert (
        row_forms.form("dossier_events", row)
        == (
            "1=1651294801250000;2:20=20220430T050000-a1/7;3=12;4:4=mcdt;5:10=unverified;6:7=2022-04;"
            "7=-5;8=7;12:8=hồ sơ;21=false;24*3:1=a:-:0=;"
        ).encode()
    )
    assert (
        row_forms.row_hash("dossier_events", row).hex()
        == "433d7201665820dd437bec1e1ceb315f0754763b2309ddf93fc855fdab13d4e8"
    )


def test_a_column_that_is_added_later_changes_no_hash(lake: Lake, feeder: Feeder) -> None:
    """Files written before a column came lack it; the engine takes it for null."""
    feeder.put("replays", count=3)
    engine = row_forms.opened()
    source = row_forms.source("replays", lake.files("replays"))
    engine.execute("CREATE VIEW longer AS SELECT *, NULL::VARCHAR AS later FROM " + source)
    before = row_forms.hashed(engine, "replays", source)
    after = row_forms.hashed(engine, "replays", "longer")
    assert (before.hashes == after.hashes).all()


def test_a_lake_that_was_made_before_a_column_came_is_hashed_as_if_it_were_null(
    tmp_path: Path,
) -> None:
    older = Lake.open(settings_module.load({"THUOCDO_HOME": str(tmp_path)}))
    before = pa.schema([field for field in DECLARED if field.name not in ("procedure", "said_by")])
    row = {"agency": "H57", "indicator": "x", "segment": "s", "event_id": 1, "feed": "import"}
    rows = pa.Table.from_pylist([row], schema=before)
    write_deltalake(str(older.root / "declared"), rows, partition_by=["indicator"])
    older.create()
    source = row_forms.source("declared", older.files("declared"))
    made = row_forms.hashed(row_forms.opened(), "declared", source)
    assert made.hashes[0].tobytes() == row_forms.row_hash("declared", row)


def test_a_value_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError):
        row_forms.form("replays", {"event_id": 1.5})


def test_rows_of_no_file_are_none() -> None:
    schema = pa.schema(
        [
            ("segment", pa.string()),
            ("event_id", pa.int64()),
            ("known", pa.int64()),
            ("hash", pa.binary()),
        ]
    )
    assert len(row_forms.in_order(schema.empty_table()).hashes) == 0
