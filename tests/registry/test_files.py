"""Records come out of every format and packing alike, and broken ones hide no others."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.files import records

ROWS = [
    {"site_id": "7", "name": "Cổng Hà Nội"},
    {"site_id": "8", "name": "Sở Nội vụ, Hà Nội"},
]


def written(folder: Path, ending: str) -> Path:
    path = folder / f"sites{ending}"
    if ending == ".csv":
        lines = ["site_id,name", *(f'{row["site_id"]},"{row["name"]}"' for row in ROWS)]
        path.write_text("\ufeff" + "\r\n".join(lines), encoding="utf-8")
    elif ending == ".ndjson":
        path.write_text("\n".join(json.dumps(row) for row in ROWS), encoding="utf-8")
    else:
        pq.write_table(pa.Table.from_pylist(ROWS), path)
    return path


@pytest.mark.parametrize("ending", [".csv", ".ndjson", ".parquet"])
@pytest.mark.parametrize("packing", ["", ".gz", ".zst"])
def test_every_format_and_packing_is_read_alike(tmp_path, ending, packing) -> None:
    plain = written(tmp_path, ending)
    path = tmp_path / f"{plain.name}{packing}"
    if packing == ".gz":
        path.write_bytes(gzip.compress(plain.read_bytes()))
    elif packing == ".zst":
        path.write_bytes(zstandard.compress(plain.read_bytes()))
    found = list(records([path], ("site_id", "name")))
    assert [record.values for record in found] == ROWS
    assert [record.number for record in found] == [1, 2]


@pytest.mark.parametrize("ending", [".csv", ".parquet"])
def test_a_missing_column_refuses_the_file_and_is_named(tmp_path, ending) -> None:
    with pytest.raises(ThuocdoError, match="lacks the column kind"):
        list(records([written(tmp_path, ending)], ("site_id", "kind")))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.one_of(st.just(b"{}"), st.binary(max_size=30)), max_size=8))
def test_a_broken_line_of_ndjson_hides_no_other(tmp_path_factory, lines) -> None:
    clean = [line.replace(b"\n", b" ") for line in lines]
    path = tmp_path_factory.mktemp("x") / "x.ndjson"
    path.write_bytes(b"\n".join(clean))
    found = list(records([path], ()))
    assert len(found) == sum(bool(line.strip()) for line in clean)
    assert sum(record.values == {} for record in found) >= clean.count(b"{}")
