"""What the registry writes is kept with the moment it became known."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pyarrow as pa
import pytest

from thuocdo.core.clock import now_us
from thuocdo.lake import dimensions
from thuocdo.lake.store import Lake


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    opened = Lake(tmp_path)
    opened.create()
    return opened


def agencies(*rows: dict[str, object]) -> pa.Table:
    return pa.Table.from_pylist(list(rows))


HUE: dict[str, object] = {"code": "H57", "name": "Thừa Thiên Huế", "kind": "province"}


def test_only_rows_that_changed_are_written(lake: Lake) -> None:
    assert dimensions.write(lake, "agencies", agencies(HUE)) == 1
    assert dimensions.write(lake, "agencies", agencies(HUE)) == 0
    assert dimensions.write(lake, "agencies", agencies(HUE | {"name": "Huế"})) == 1
    assert lake.read("agencies").num_rows == 2


def test_the_latest_row_of_a_key_wins_and_the_earlier_is_still_known_as_then(lake: Lake) -> None:
    dimensions.write(lake, "agencies", agencies(HUE))
    then = now_us()
    dimensions.write(lake, "agencies", agencies(HUE | {"name": "Huế"}))
    assert dimensions.read(lake, "agencies").column("name").to_pylist() == ["Huế"]
    assert dimensions.read(lake, "agencies", then).column("name").to_pylist() == ["Thừa Thiên Huế"]
    assert dimensions.read(lake, "agencies", 0).num_rows == 0


def test_two_validities_of_one_code_are_two_rows(lake: Lake) -> None:
    later = HUE | {"valid_from": dt.date(2025, 7, 1)}
    assert dimensions.write(lake, "agencies", agencies(HUE | {"valid_from": None}, later)) == 2
    assert dimensions.read(lake, "agencies").num_rows == 2


def test_a_withdrawn_row_no_longer_holds(lake: Lake) -> None:
    dimensions.write(lake, "agencies", agencies(HUE))
    dimensions.write(lake, "agencies", agencies(HUE | {"withdrawn": True}))
    assert dimensions.read(lake, "agencies").num_rows == 0
    dimensions.write(lake, "agencies", agencies(HUE))
    assert dimensions.read(lake, "agencies").num_rows == 1


def test_lists_of_hostnames_come_back_as_they_were(lake: Lake) -> None:
    site = {"site_id": 227, "system": "G01-portal", "hostnames": ["a.gov.vn", "b.gov.vn"]}
    dimensions.write(lake, "sites", pa.Table.from_pylist([site]))
    assert dimensions.write(lake, "sites", pa.Table.from_pylist([site])) == 0
    assert dimensions.read(lake, "sites").column("hostnames").to_pylist() == [
        ["a.gov.vn", "b.gov.vn"]
    ]
