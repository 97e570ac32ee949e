"""Figures agencies report themselves: a table apart, every saying kept, none of it twice."""

from __future__ import annotations

import json
import shutil
from decimal import Decimal
from pathlib import Path

import pytest
import xlsxwriter
from deltalake import write_deltalake

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import Snapshot
from thuocdo.lake.importing.declared import number_of
from thuocdo.lake.imports import import_declared
from thuocdo.lake.store import Lake

HEAD = "agency,indicator,period,numerator,denominator,value,source"
ROW = "H57,online_dossier_rate,2022-04,8845,10000,88.45,Báo cáo số 12/BC-UBND"
CODES = {"online_dossier_rate", "portal_visits"}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})
    chosen.make_folders()
    snapshot_file.write(chosen.snapshot_path, Snapshot(1, agencies=("H57", "G09")))
    return chosen


def bring(settings: Settings, lake: Lake, path: Path) -> ImportResult:
    result = import_declared(settings, lake, [path], lambda _done, _total: None, CODES)
    assert result.rows == result.accepted + result.duplicates + sum(result.rejected.values())
    return result


def written(folder: Path, *lines: str, name: str = "d.csv") -> Path:
    path = folder / name
    path.write_text("\n".join(lines) + "\n")
    return path


def test_a_figure_is_kept_apart_and_a_second_run_changes_nothing(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = written(tmp_path, HEAD, ROW, ROW, "G09,portal_visits,2022-Q1,,,1000000,Công văn 1")
    assert (bring(settings, lake, path).accepted, lake.read("declared").num_rows) == (2, 2)
    before = lake.version("declared")
    again = bring(settings, lake, path)
    assert (again.accepted, again.duplicates, lake.version("declared")) == (0, 3, before)
    row = next(r for r in lake.read("declared").to_pylist() if r["agency"] == "H57")
    assert (str(row["period_first"]), str(row["period_last"]), row["value"]) == (
        "2022-04-01", "2022-04-30", "88.45",
    )  # fmt: skip
    assert (row["numerator"], row["denominator"]) == (8845, 10000)
    for table in ("page_views", "dossier_events"):
        assert lake.read(table).num_rows == 0


def test_a_figure_said_anew_is_a_further_row_known_later(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bring(settings, lake, written(tmp_path, HEAD, ROW))
    bring(settings, lake, written(tmp_path, HEAD, ROW.replace("88.45", "90"), name="e.csv"))
    rows = sorted(lake.read("declared").to_pylist(), key=lambda row: row["landed_at"])
    assert [row["value"] for row in rows] == ["88.45", "90"]


SPLIT = "agency,indicator,period,day,procedure,value,source,said_by"


def test_figures_are_told_apart_by_service_day_and_who_states_them(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = written(
        tmp_path, SPLIT,
        "H57,portal_visits,2022-04,,,70,Công văn 1,",
        "H57,portal_visits,2022-04,,1.004194.000.00.00.H57,40,Công văn 1,agency",
        "H57,portal_visits,2022-04,2022-04-05,1.004194,3,Công văn 1,Cơ quan",
        "H57,portal_visits,,05/04/2022,1.004194,2,dichvucong.gov.vn,Cổng Dịch vụ công quốc gia",
    )  # fmt: skip
    assert bring(settings, lake, path).accepted == 4
    assert bring(settings, lake, path).duplicates == 4
    columns = ("procedure", "period_first", "period_last", "value", "said_by")
    rows = [tuple(str(row[n]) for n in columns) for row in lake.read("declared").to_pylist()]
    assert sorted(rows) == [
        ("1.004194", "2022-04-01", "2022-04-30", "40", "agency"),
        ("1.004194", "2022-04-05", "2022-04-05", "2", "national_portal"),
        ("1.004194", "2022-04-05", "2022-04-05", "3", "agency"),
        ("None", "2022-04-01", "2022-04-30", "70", "agency"),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("H57,portal_visits,,,,70,Công văn 1,", "missing_field"),
        ("H57,portal_visits,2022-04,2022-05-01,,70,Công văn 1,", "bad_date"),
        ("H57,portal_visits,2022-04,2022-04,,70,Công văn 1,", "bad_date"),
        ("H57,portal_visits,2022-04,,hồ sơ,70,Công văn 1,", "bad_value"),
        ("H57,portal_visits,2022-04,,,70,Công văn 1,báo chí", "bad_value"),
    ],
)
def test_every_fault_of_a_split_figure_is_named(
    settings: Settings, lake: Lake, tmp_path: Path, row: str, reason: str
) -> None:
    assert bring(settings, lake, written(tmp_path, SPLIT, row)).rejected == {reason: 1}


def test_a_figure_that_an_earlier_version_kept_is_the_same_figure(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = written(tmp_path, HEAD, ROW)
    bring(settings, lake, path)
    older = lake.read("declared").drop_columns(["procedure", "said_by"])
    shutil.rmtree(lake.root / "declared")
    write_deltalake(str(lake.root / "declared"), older, partition_by=["indicator"])
    upgraded = Lake.open(settings)
    upgraded.create()
    assert bring(settings, upgraded, path).duplicates == 1


def test_tables_with_vietnamese_headings_say_the_same(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    bring(settings, lake, written(tmp_path, HEAD, ROW))
    path = tmp_path / "d.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["BÁO CÁO TỰ ĐÁNH GIÁ"])
        sheet.write_row(
            2,
            0,
            [
                "Mã cơ quan",
                "Chỉ số",
                "Kỳ báo cáo",
                "Tử số",
                "Mẫu số",
                "Giá trị",
                "Nguồn",
                "Người lập",
            ],
        )
        sheet.write_row(
            3,
            0,
            [
                "000.00.00.H57",
                "Online_Dossier_Rate",
                "Tháng 4/2022",
                "8.845",
                10000.0,
                "88,45%",
                "Báo cáo số 12/BC-UBND",
                "Trần Thị B",
            ],
        )
        sheet.write_row(
            4,
            0,
            [
                "H57",
                "online_dossier_rate",
                "Tháng 4/2022",
                8845,
                "10.000.000",
                "88,45%",
                "Báo cáo số 12/BC-UBND",
                "Trần Thị B",
            ],
        )
    result = bring(settings, lake, path)
    assert (result.accepted, result.rejected) == (1, {"bad_value": 1})  # 8.845 reads two ways
    assert any("kept nowhere: Người lập" in note for note in result.notes)
    lines = written(
        tmp_path,
        json.dumps(dict(zip(HEAD.split(","), ROW.split(","), strict=True))),
        "{",
        name="d.ndjson",
    )
    result = bring(settings, lake, lines)
    assert (result.duplicates, result.rejected) == (1, {"malformed": 1})


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("H57", "Z9", "bad_value"), ("H57", "H13", "unknown_agency"), ("online_dossier_rate", "made_up", "bad_value"),
        ("2022-04", "2022-13", "bad_date"), ("2022-04", "2999-01", "bad_date"), ("88.45", "nhiều", "bad_value"),
        ("8845", "-1", "bad_value"), ("8845", "1.5", "bad_value"), ("Báo cáo số 12/BC-UBND", "", "missing_field"),
        ("Báo cáo", '"Báo cáo', "malformed"),
    ],
)  # fmt: skip
def test_every_fault_is_named(
    settings: Settings, lake: Lake, tmp_path: Path, old: str, new: str, reason: str
) -> None:
    result = bring(settings, lake, written(tmp_path, HEAD, ROW, ROW.replace(old, new)))
    assert (result.accepted, result.rejected) == (1, {reason: 1})


def test_a_file_without_the_columns_is_refused(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    with pytest.raises(ThuocdoError, match="no column “Giá trị”, “Nguồn”"):
        bring(
            settings, lake, written(tmp_path, "agency,indicator,period", "H57,portal_visits,2022")
        )
    with pytest.raises(ThuocdoError, match="no row with the headings"):
        bring(settings, lake, written(tmp_path, "a,b", "1,2"))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("88.45", "88.45"), ("88,45 %", "88.45"), ("9.941.921", "9941921"), ("9.941,5", "9941.5"), ("100", "100"),
        (0.5, "0.5"), ("9.941", None), ("1,000,000", None), ("1e5", None), ("", None), (None, None), (True, None),
    ],
)  # fmt: skip
def test_numbers_are_read_as_vietnam_writes_them(text: object, value: str | None) -> None:
    assert number_of(text) == (None if value is None else Decimal(value))
