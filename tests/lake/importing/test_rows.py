"""Files of raw events: what is good comes in once, what is not is named."""

from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from tests.lake.importing.files import (
    CASE_HEAD,
    CASES,
    VIEW_HEAD,
    VIEWS,
    counts,
    lines_refused,
    quiet,
    text_file,
)

from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import SiteEntry, Snapshot
from thuocdo.lake.imports import import_dossiers, import_page_views
from thuocdo.lake.store import Lake
from thuocdo.wire import rules


@pytest.mark.parametrize("name", ["v.csv", "v.csv.gz", "v.csv.zst"])
def test_a_second_import_of_a_file_changes_nothing(
    settings: Settings, lake: Lake, tmp_path: Path, name: str
) -> None:
    path = text_file(tmp_path, name, VIEW_HEAD, *VIEWS)
    assert counts(import_page_views(settings, lake, [path], quiet)) == (5, 5, 0, {})
    before = lake.version("page_views")
    assert counts(import_page_views(settings, lake, [path], quiet)) == (5, 0, 5, {})
    assert lake.version("page_views") == before
    assert lake.read("page_views").num_rows == 5


def test_rows_land_by_local_day_without_what_is_personal(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    import_page_views(settings, lake, [text_file(tmp_path, "v.csv", VIEW_HEAD, *VIEWS)], quiet)
    rows = lake.read("page_views").to_pylist()
    assert sorted(str(row["day"]) for row in rows) == ["2022-04-30"] * 3 + ["2022-05-01"] * 2
    assert {row["path"] for row in rows} == {"/tin", "/", "/{phone}", None}
    assert {row["referrer_host"] for row in rows} == {"google.com", None}
    assert len({row["visitor"] for row in rows}) == 4  # anna, binh on two days, nobody
    assert {(row["feed"], row["trust"], row["kind"]) for row in rows} == {
        ("import", "verified", "view")
    }
    assert len({(row["segment"], row["event_id"]) for row in rows}) == 5


def test_overlapping_files_bring_only_what_is_new(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    first = text_file(tmp_path, "a.csv", VIEW_HEAD, *VIEWS[:3])
    second = text_file(tmp_path, "b.csv", VIEW_HEAD, *reversed(VIEWS), VIEWS[0])
    import_page_views(settings, lake, [first], quiet)
    result = import_page_views(settings, lake, [second], quiet)
    assert counts(result) == (6, 3, 3, {})  # a third equal view is a view more


def test_ndjson_and_parquet_hold_the_same_rows(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    names = VIEW_HEAD.split(",")
    records = [dict(zip(names, line.split(","), strict=True)) for line in VIEWS]
    lines = [json.dumps({k: v for k, v in r.items() if v} | {"site_id": 1}) for r in records]
    plain = text_file(tmp_path, "v.csv", VIEW_HEAD, *VIEWS)
    packed = text_file(tmp_path, "v.ndjson.gz", *lines)
    import_page_views(settings, lake, [plain], quiet)
    assert counts(import_page_views(settings, lake, [packed], quiet)) == (5, 0, 5, {})
    table = pa.Table.from_pylist(records[:3])
    table = table.set_column(0, "site_id", pa.array([1, 1, 1], pa.int64()))
    instants = pa.array([1651294800, 1651294800, 1651337999], pa.timestamp("s", tz="UTC"))
    pq.write_table(table.set_column(1, "event_time", instants), tmp_path / "v.parquet")
    assert counts(import_page_views(settings, lake, [tmp_path / "v.parquet"], quiet)) == (
        3, 0, 3, {},
    )  # fmt: skip


def test_bad_rows_are_named_with_line_and_reason(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(
        tmp_path, "bad.csv", VIEW_HEAD, VIEWS[0],
        "9,2022-04-30T12:00:00Z,a,,,",
        "1,1822-04-30T12:00:00Z,a,,,",
        "too,few",
        "1,2999-04-30T12:00:00Z,a,,,",
        "1,2022-02-31T12:00:00Z,a,,,",
        ",2022-04-30T12:00:00Z,a,,,",
        "1,,a,,,",
        "-5,2022-04-30T12:00:00Z,a,,,",
        "99999999999999999999,2022-04-30T12:00:00Z,001099012345,https://a.vn/001099012345,,",
        VIEWS[2],
    )  # fmt: skip
    result = import_page_views(settings, lake, [path], quiet)
    assert counts(result) == (11, 2, 0, {
        "unknown_site": 1, "bad_date": 3, "malformed": 1, "missing_field": 2, "bad_value": 2,
    })  # fmt: skip
    assert result.rejects_file is not None
    with result.rejects_file.open() as file:
        found = {int(row["row"]): row["reason"] for row in csv.DictReader(file)}
    assert found == {
        3: "unknown_site", 4: "bad_date", 5: "malformed", 6: "bad_date", 7: "bad_date",
        8: "missing_field", 9: "missing_field", 10: "bad_value", 11: "bad_value",
    }  # fmt: skip
    assert "001099012345" not in result.rejects_file.read_text()
    assert lake.read("rejects").num_rows == 9
    import_page_views(settings, lake, [path], quiet)
    assert lake.read("rejects").num_rows == 9


def test_a_row_refused_for_its_site_comes_in_once_the_site_is_known(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(tmp_path, "v.csv", VIEW_HEAD, VIEWS[0], "2,2022-04-30T12:00:00Z,a,,,")
    assert import_page_views(settings, lake, [path], quiet).accepted == 1
    both = tuple(SiteEntry(n, "H57-portal", "H57", "portal") for n in (1, 2))
    snapshot_file.write(settings.snapshot_path, Snapshot(2, sites=both))
    assert counts(import_page_views(settings, lake, [path], quiet)) == (2, 1, 1, {})


def test_missing_columns_and_files_are_said(settings: Settings, lake: Lake, tmp_path: Path) -> None:
    with pytest.raises(ThuocdoError, match=r"no column event_time \(found: site_id, when\)"):
        import_page_views(settings, lake, [text_file(tmp_path, "v.csv", "site_id,when")], quiet)
    (tmp_path / "empty.csv").touch()
    with pytest.raises(ThuocdoError, match=r"no column site_id, event_time \(found: none\)"):
        import_page_views(settings, lake, [tmp_path / "empty.csv"], quiet)
    with pytest.raises(ThuocdoError, match="There is no file"):
        import_page_views(settings, lake, [tmp_path / "none.csv"], quiet)
    with pytest.raises(ThuocdoError, match="not a kind of file"):
        import_page_views(settings, lake, [text_file(tmp_path, "v.xls", "x")], quiet)
    broken = tmp_path / "broken.csv.gz"
    broken.write_bytes(gzip.compress(b"site_id,event_time\n" + b"1,2022-04-30\n" * 9999)[:60])
    with pytest.raises(ThuocdoError, match="damaged or cut short"):
        import_page_views(settings, lake, [broken], quiet)


def test_a_file_with_only_its_header_is_no_error(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(tmp_path, "v.csv", VIEW_HEAD)
    assert counts(import_page_views(settings, lake, [path], quiet)) == (0, 0, 0, {})
    path = text_file(tmp_path, "d.csv", CASE_HEAD)
    assert counts(import_dossiers(settings, lake, [path], quiet)) == (0, 0, 0, {})


def test_dossier_events_come_in_once_into_their_home_month(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = text_file(tmp_path, "d.csv", CASE_HEAD, *CASES, CASES[0])
    assert counts(import_dossiers(settings, lake, [path], quiet)) == (5, 4, 1, {})
    assert counts(import_dossiers(settings, lake, [path], quiet)) == (5, 0, 5, {})
    other = text_file(tmp_path, "e.ndjson", json.dumps(
        dict(zip(CASE_HEAD.split(","), CASES[1].split(","), strict=True))
    ))  # fmt: skip
    assert counts(import_dossiers(settings, lake, [other], quiet)) == (1, 0, 1, {})
    rows = lake.read("dossier_events").to_pylist()
    assert sorted(row["home_month"] for row in rows) == ["2022-04"] * 3 + ["2022-05"]
    assert len({(row["dossier_hi"], row["dossier_lo"]) for row in rows}) == 2
    assert {row["agency"] for row in rows} == {"H57", "H13"}
    unknown = next(row for row in rows if row["agency"] == "H13")
    assert (unknown["level_declared"], unknown["quality"]) == ("partial", ["no_catalogue"])


def test_bad_dossier_rows_are_named_and_their_numbers_are_not(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    good = CASES[0].split(",")

    def changed(place: int, value: str) -> str:
        return ",".join([*good[:place], value, *good[place + 1 :]])

    path = text_file(
        tmp_path, "bad.csv", CASE_HEAD, CASES[0],
        changed(1, "H99"), changed(2, ""), changed(3, "1.000000"), changed(4, "lost"),
        changed(5, "0001-01-01"), changed(7, "9"), "nonsense", changed(8, "9999-01-01"),
    )  # fmt: skip
    result = import_dossiers(settings, lake, [path], quiet)
    assert counts(result) == (9, 1, 0, {
        "malformed": 1, "unknown_agency": 1, "missing_field": 1, "unknown_procedure": 1,
        "bad_value": 2, "bad_date": 2,
    })  # fmt: skip
    assert result.rejects_file is not None
    assert list(lines_refused(result)) == [9, *range(3, 9), 10]  # lines that are no rows first
    assert "220401-0001" not in result.rejects_file.read_text()
    assert lake.read("rejects").num_rows == 8


def test_dossiers_of_a_parquet_file_are_those_of_the_same_csv(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    import_dossiers(settings, lake, [text_file(tmp_path, "d.csv", CASE_HEAD, *CASES)], quiet)
    names = CASE_HEAD.split(",")
    rows = [dict(zip(names, case.split(","), strict=True)) for case in CASES]
    moments = [rules.moment("event_time", row["event_time"]) for row in rows]
    table = pa.Table.from_pylist([row | {"due_at": row["due_at"] or None} for row in rows])
    for kind in (pa.timestamp("us", tz="UTC"), pa.timestamp("ms", tz="Asia/Ho_Chi_Minh")):
        times = pa.array(moments, pa.timestamp("us", tz="UTC")).cast(kind)
        dates = pa.array([row["due_at"] or None for row in rows]).cast(pa.date32())
        typed = table.set_column(names.index("event_time"), "event_time", times)
        typed = typed.set_column(names.index("due_at"), "due_at", dates)
        pq.write_table(typed.append_column("note", pa.array(["x"] * 4)), tmp_path / "d.parquet")
        result = import_dossiers(settings, lake, [tmp_path / "d.parquet"], quiet)
        assert counts(result) == (4, 0, 4, {})
