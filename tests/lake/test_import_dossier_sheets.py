"""Spreadsheets of dossiers, as offices keep them: one row in, its events out, nothing personal."""

from __future__ import annotations

import csv
import datetime as dt
import unicodedata
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from thuocdo.core import settings as settings_module
from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.clock import to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import ServiceEntry, SiteEntry, Snapshot
from thuocdo.core.vocabulary import Status
from thuocdo.lake.importing import tables
from thuocdo.lake.importing.dossier_sheets import Whose, moment_of
from thuocdo.lake.importing.dossier_template import dossier_template
from thuocdo.lake.imports import import_dossiers
from thuocdo.lake.store import Lake

HEAD = [
    "Mã hồ sơ",
    "Mã TTHC",
    "Ngày tiếp nhận",
    "Hạn trả",
    "Ngày trả kết quả",
    "Hình thức nộp",
    "Trạng thái",
]
ROW: list[Any] = [
    "H57-1",
    "1.004194",
    "29/02/2024",
    "10/03/2024",
    "08/03/2024 08:30",
    "Trực tuyến",
    "Đã trả kết quả",
]
WHOSE = Whose("mc", "H57")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    chosen = settings_module.load({"THUOCDO_HOME": str(tmp_path / "home")})
    chosen.make_folders()
    snapshot = Snapshot(
        1,
        sites=(SiteEntry(1, "H57-one_stop", "H57", "one_stop"),),
        agencies=("H57",),
        services=(ServiceEntry("H57", "1.004194", "full"), ServiceEntry("H57", "1.000110", "full")),
    )
    snapshot_file.write(chosen.snapshot_path, snapshot)
    return chosen


def bring(settings: Settings, lake: Lake, path: Path, whose: Whose = WHOSE) -> ImportResult:
    result = import_dossiers(settings, lake, [path], lambda _done, _total: None, whose)
    assert result.rows == result.accepted + result.duplicates + sum(result.rejected.values())
    return result


def sheet(path: Path, *rows: list[Any], hidden: tuple[list[Any], ...] = ()) -> Path:
    with xlsxwriter.Workbook(path) as book:
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, content in (("Hồ sơ", rows), ("Cũ", hidden)):
            if name == "Cũ" and not hidden:
                continue
            page = book.add_worksheet(name)
            for place, row in enumerate(content):
                for column, cell in enumerate(row):
                    if isinstance(cell, dt.date):
                        page.write_datetime(place, column, cell, day)
                    else:
                        page.write(place, column, cell)
            if name == "Cũ":
                page.hide()
    return path


def told(lake: Lake) -> list[tuple[str, str, str]]:
    """(status, Vietnamese time, channel) of every event, in the order things happened."""
    rows = lake.read("dossier_events").to_pylist()
    zone = dt.timezone(dt.timedelta(hours=7))
    return sorted(
        (
            (r["status"], r["event_time"].astimezone(zone).strftime("%Y-%m-%d %H:%M"), r["channel"])
            for r in rows
        ),
        key=lambda event: event[1],
    )


def refused(result: ImportResult) -> dict[int, str]:
    assert result.rejects_file is not None
    with result.rejects_file.open() as file:
        return {int(row["row"]): row["reason"] for row in csv.DictReader(file)}


def test_a_row_becomes_its_events_and_a_second_run_changes_nothing(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = sheet(tmp_path / "hs.xlsx", HEAD, ROW)
    assert bring(settings, lake, path).accepted == 2
    assert told(lake) == [
        ("received", "2024-02-29 00:00", "online"),
        ("returned", "2024-03-08 08:30", "online"),
    ]
    [row, _] = lake.read("dossier_events").to_pylist()
    assert (row["system"], row["agency"], row["home_month"], row["level_catalogue"]) == (
        "mc", "H57", "2024-02", "full",
    )  # fmt: skip
    again = bring(settings, lake, path)
    assert (again.accepted, again.duplicates) == (0, 2)


def test_excel_dates_numbers_and_titles_above_the_headings_are_understood(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    row = [
        12345,
        1.00011,
        dt.date(2023, 12, 31),
        45_300,
        dt.datetime(2024, 1, 2, 16, 5),  # noqa: DTZ001
        "TRUC TUYEN",
        "đã trả kết quả - đúng hạn",
    ]
    path = sheet(
        tmp_path / "hs.xlsx", ["SỞ TƯ PHÁP"], ["Danh sách hồ sơ tháng 12"], [],
        [f"{name} (*)".upper() for name in HEAD], row,
    )  # fmt: skip
    assert bring(settings, lake, path).accepted == 2
    assert told(lake) == [
        ("received", "2023-12-31 00:00", "online"),
        ("returned", "2024-01-02 16:05", "online"),
    ]
    [row, _] = lake.read("dossier_events").to_pylist()
    assert row["procedure"] == "1.000110"
    assert row["due_at"] == to_datetime(1_704_733_200_000_000)  # 9 January 2024 in Vietnam


def test_columns_with_personal_data_are_passed_over_and_nothing_of_them_is_kept(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    head = [*HEAD, "Họ tên người nộp", "Số CCCD", "Điện thoại", "Địa chỉ", "Lãnh đạo phụ trách"]
    extra = ["Nguyễn Văn An", "001099012345", "0912345678", "12 Lê Lợi", "x"]
    bad = [*ROW[:2], "hôm qua", *ROW[3:], *extra]
    result = bring(settings, lake, sheet(tmp_path / "hs.xlsx", head, [*ROW, *extra], bad))
    assert result.rejected == {"bad_date": 1}
    said = " ".join(result.notes)
    assert (
        "passed over and kept nowhere: Họ tên người nộp, Số CCCD, Địa chỉ, Điện thoại" in said
        or all(name in said.partition("kept nowhere")[2] for name in head[7:11])
    )
    assert "columns not used: Lãnh đạo phụ trách" in said
    for path in settings.home.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            for planted in (*extra[:4], "H57-1"):
                assert planted.encode() not in data, path


@pytest.mark.parametrize(
    ("status", "ended", "expected"),
    [
        ("Từ chối", "05/03/2024", [("received", "02-29"), ("rejected", "03-05")]),
        ("Công dân yêu cầu rút hồ sơ", "", [("received", "02-29"), ("withdrawn", "02-29")]),
        ("Dừng xử lý", "05/03/2024", [("received", "02-29"), ("stopped", "03-05")]),
        ("Đang xử lý (quá hạn)", "", [("processing", "02-29"), ("received", "02-29")]),
        ("Chờ bổ sung", "", [("received", "02-29"), ("supplement_requested", "02-29")]),
        ("Đã xử lý xong", "05/03/2024", [("received", "02-29"), ("completed", "03-05")]),
    ],
)
def test_how_a_dossier_stands_is_dated_by_what_the_row_dates(
    settings: Settings,
    lake: Lake,
    tmp_path: Path,
    status: str,
    ended: str,
    expected: list[tuple[str, str]],
) -> None:
    head = ["Mã hồ sơ", "Mã thủ tục", "Ngày tiếp nhận", "Tình trạng", "Ngày kết thúc xử lý"]
    bring(
        settings,
        lake,
        sheet(tmp_path / "hs.xlsx", head, ["A1", "1.004194", "29/02/2024", status, ended]),
    )
    found = sorted((name, at[5:10]) for name, at, _ in told(lake))
    assert found == sorted(expected)


def test_every_fault_is_named_with_the_row_excel_shows(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    def changed(place: int, value: object) -> list[Any]:
        return [*ROW[:place], value, *ROW[place + 1 :]]

    path = sheet(
        tmp_path / "hs.xlsx", ["BẢNG"], HEAD, ROW, changed(2, "29/02/2023"), changed(6, "Lạ"), changed(6, ""),
        changed(1, "9.999999"), changed(0, ""), [*ROW[:2], "", "", "", *ROW[5:]], changed(2, "31/12/2999"),
    )  # fmt: skip
    result = bring(settings, lake, path)
    assert refused(result) == {
        4: "bad_date", 5: "bad_value", 6: "missing_field", 7: "unknown_procedure", 8: "missing_field",
        9: "missing_field", 10: "bad_date",
    }  # fmt: skip
    assert result.accepted == 2  # nothing of a row with a fault


def test_values_nobody_knows_in_columns_that_only_describe_are_counted_and_left_out(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    result = bring(
        settings, lake, sheet(tmp_path / "hs.xlsx", HEAD, [*ROW[:5], "bằng drone", ROW[6]])
    )
    assert any("1 values of “Hình thức nộp” are not known" in note for note in result.notes)
    assert {channel for _, _, channel in told(lake)} == {"unknown"}


@pytest.mark.parametrize(
    ("encoding", "delimiter", "ending"),
    [
        ("utf-8-sig", ";", "\r\n"),
        ("utf-16", "\t", "\r\n"),
        ("utf-8", ",", "\n"),
        ("cp1258", ";", "\r\n"),
    ],
)
def test_csv_comes_in_as_excel_writes_it(
    settings: Settings, lake: Lake, tmp_path: Path, encoding: str, delimiter: str, ending: str
) -> None:
    text = ending.join(delimiter.join(map(str, row)) for row in (HEAD, ROW)) + ending
    if encoding == "cp1258":  # its letters carry the tone marks behind them
        text = windows(text)
    path = tmp_path / "hs.csv"
    path.write_bytes(text.encode(encoding))
    result = bring(settings, lake, path)
    assert (result.accepted, result.rejected) == (2, {})
    assert told(lake)[0] == ("received", "2024-02-29 00:00", "online")
    read_as = [note for note in result.notes if "read as" in note]
    assert bool(read_as) == (encoding in ("utf-16", "cp1258"))


def windows(text: str) -> str:
    out = ""
    for letter in text:
        try:
            letter.encode("cp1258")
            out += letter
        except UnicodeEncodeError:
            base, mark = (
                unicodedata.normalize("NFD", letter)[:-1],
                unicodedata.normalize("NFD", letter)[-1],
            )
            if (
                mark not in "\u0300\u0301\u0303\u0309\u0323"
            ):  # a tone stands before the letter's shape
                parts = unicodedata.normalize("NFD", letter)
                mark = next(m for m in parts if m in "\u0300\u0301\u0303\u0309\u0323")
                base = parts.replace(mark, "")
            out += unicodedata.normalize("NFC", base) + mark
    return out


def test_a_quote_that_never_closes_swallows_no_row(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    rows = [[f"A{n}", *ROW[1:]] for n in range(6)]
    lines = [";".join(HEAD), *(";".join(map(str, row)) for row in rows)]
    lines[2] = lines[2].replace("A1", '"A1')
    lines[4] = lines[4].replace("Trực tuyến", '"Trực\ntuyến"')
    lines[5] = lines[5].replace("A4", 'A"4')
    (tmp_path / "hs.csv").write_text("\n".join(lines))
    result = bring(settings, lake, tmp_path / "hs.csv")
    assert refused(result) == {3: "malformed"}
    assert result.accepted == 10  # five dossiers, two events each


def test_merged_cells_formulas_and_hidden_sheets(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = sheet(
        tmp_path / "hs.xlsx",
        HEAD,
        ROW,
        ["H57-2", *ROW[1:]],
        ["H57-3", *ROW[1:]],
        hidden=(HEAD, ["X", *ROW[1:]]),
    )
    book = openpyxl.load_workbook(path)
    page = book["Hồ sơ"]
    page.merge_cells("B2:B4")
    page["A5"], page["B5"], page["C5"], page["G5"] = "H57-4", "1.004194", "=TODAY()", "Đang xử lý"
    book.save(path)
    result = bring(settings, lake, path)
    assert result.accepted == 6  # the merged code counts for three dossiers
    assert refused(result) == {5: "missing_field"}  # a formula nobody has worked out yet
    assert "hs.xlsx: the hidden sheet “Cũ” holds dossiers and was not read" in result.notes


def test_tables_that_cannot_be_read_say_why(settings: Settings, lake: Lake, tmp_path: Path) -> None:
    def fails(path: Path, words: str, whose: Whose = WHOSE) -> None:
        with pytest.raises(ThuocdoError, match=words):
            bring(settings, lake, path, whose)

    fails(sheet(tmp_path / "a.xlsx", HEAD[:-1], ROW[:-1]), "has no column “Trạng thái”")
    fails(
        sheet(tmp_path / "b.xlsx", [*HEAD, "Số hồ sơ"], [*ROW, "1"]), "two columns for “Mã hồ sơ”"
    )
    fails(sheet(tmp_path / "c.xlsx", ["gì đó"], ["x"]), "no row with the headings")
    fails(
        sheet(tmp_path / "d.xlsx", HEAD, ROW),
        "does not say of which system and agency",
        Whose(None, None),
    )
    (tmp_path / "e.xlsx").write_bytes(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600))
    fails(tmp_path / "e.xlsx", "protected by a password")
    (tmp_path / "f.xlsx").write_bytes(b"PK\x03\x04 not a workbook")
    fails(tmp_path / "f.xlsx", "no workbook that can be read")
    assert bring(settings, lake, sheet(tmp_path / "g.xlsx")).rows == 0
    assert lake.read("dossier_events").num_rows == 0


def test_the_template_is_read_by_the_import_its_example_passed_over(
    settings: Settings, lake: Lake, tmp_path: Path
) -> None:
    path = tmp_path / "mau.xlsx"
    path.write_bytes(dossier_template())
    result = bring(settings, lake, path)
    assert (result.rows, result.rejected) == (0, {})
    assert "mau.xlsx: the template's example was passed over" in result.notes
    book = openpyxl.load_workbook(path)
    page = book["Hồ sơ"]
    assert not [
        c.value for c in page[1] if any(w in c.value.lower() for w in ("tên", "cccd", "điện thoại"))
    ]
    base = [cell.value for cell in page[2]]
    choices = {
        next(iter(v.sqref.ranges)).min_col: v.formula1.rpartition("!")[2].replace("$", "")
        for v in page.data_validations.dataValidation if v.type == "list"
    }  # fmt: skip
    offered = {
        column: [row[0].value for row in book["Danh mục"][area]] for column, area in choices.items()
    }
    assert len(offered) == 10
    rows = max(map(len, offered.values()))
    for place in range(rows):
        for column, value in enumerate([f"H57-260105-{place}", *base[1:]], 1):
            words = offered.get(column)
            page.cell(2 + place, column, words[place % len(words)] if words else value)
    book.save(path)
    result = bring(settings, lake, path)
    assert result.rejected == {}
    assert not [note for note in result.notes if "not known" in note]
    assert {status for status, _, _ in told(lake)} == set(Status)


@given(st.dates(min_value=dt.date(2000, 1, 1), max_value=dt.date(2099, 12, 31)), st.times())
@hypothesis_settings(max_examples=60, deadline=None)
def test_a_day_is_read_alike_however_it_is_written(day: dt.date, clock: dt.time) -> None:
    moment = dt.datetime.combine(day, clock.replace(second=0, microsecond=0, tzinfo=None))
    written = {f"{day:%d/%m}/{day.year}", f"{day.day}-{day.month}-{day.year}", day.isoformat()}
    assert {moment_of(text) for text in written} == {day.isoformat()}
    days = (day - dt.date(1899, 12, 30)).days
    assert moment_of(day) == day.isoformat()
    assert moment_of(float(days)) == f"{day.isoformat()}T00:00:00"
    for text in (f"{day:%d/%m}/{day.year} {clock:%H:%M}", f"{clock:%H:%M} {day:%d/%m}/{day.year}"):
        assert moment_of(text) == moment.isoformat()


@pytest.mark.parametrize(
    "cell", ["31/04/2024", "2024", 12.0, "1/13/2024", "", "29/02/2023", True, "1/2/24"]
)
def test_what_is_no_day_is_none(cell: object) -> None:
    assert moment_of(cell) is None  # type: ignore[arg-type]


@given(st.binary(max_size=300))
@hypothesis_settings(max_examples=80, deadline=None)
def test_no_bytes_make_the_reader_of_tables_raise(data: bytes) -> None:
    text, _ = tables.decoded(data)
    assert isinstance(text, str)
