"""The catalogue file a portal hands over: Excel or CSV, its own codes beside the national ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import xlsxwriter

from thuocdo.core import snapshot as snapshot_file
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import loaders
from thuocdo.registry.models import Service

pytestmark = pytest.mark.django_db(transaction=True)

HEAD = ("name", "level", "url", "idhttt", "iddvc")
ROWS = (
    (
        "Cấp bản sao",
        4,
        "https://dvc.vn/thu-tuc-hanh-chinh#/thu-tuc-hanh-chinh/1",
        "1.004194.000.00.00.H13",
        "BTP-001",
    ),
    ("Chứng thực", 3, "https://dvc.vn/2", 1.00011, "BTP-002"),
    ("Không có mã quốc gia", 2, "https://dvc.vn/3", "BTP-003", "BTP-003"),
)


@pytest.fixture
def quiet():
    return lambda done, total: None


def excel(folder: Path) -> Path:
    path = folder / "export.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("Sheet1")
        for place, row in enumerate((HEAD, *ROWS)):
            sheet.write_row(place, 0, row)
    return path


def comma(folder: Path) -> Path:
    path = folder / "export.csv"
    lines = [";".join(map(str, row)) for row in (HEAD, *ROWS)]
    lines[2] = lines[2].replace("1.00011;", "1.000110;")
    path.write_bytes("\r\n".join(lines).encode("utf-8-sig"))
    return path


@pytest.mark.parametrize("made", [excel, comma])
def test_levels_and_both_codes_come_in_and_a_second_run_changes_nothing(
    country, tmp_path, quiet, made
) -> None:
    path = made(tmp_path)
    result = loaders.import_services(country, [path], quiet, agency="H13")
    assert (result.accepted, result.rejected) == (3, {})
    told = {
        (service.procedure, service.level, service.local_code)
        for service in Service.objects.filter(agency="H13")
    }
    assert told == {
        ("1.004194", "full", "BTP-001"), ("1.000110", "partial", "BTP-002"), ("BTP-003", "information", ""),
    }  # fmt: skip
    published = snapshot_file.read(country.snapshot_path)
    assert published.local_codes["H13", "BTP-001"] == "1.004194"
    again = loaders.import_services(country, [path], quiet, agency="H13")
    assert (again.accepted, again.duplicates) == (0, 3)


def test_a_catalogue_needs_to_be_somebodys(country, tmp_path, quiet) -> None:
    with pytest.raises(ThuocdoError, match="does not say whose") as error:
        loaders.import_services(country, [excel(tmp_path)], quiet)
    assert error.value.code == "agency_needed"
    result = loaders.import_services(country, [excel(tmp_path)], quiet, agency="Z99")
    assert result.rejected == {"unknown_agency": 3}


def test_a_quote_that_never_closes_swallows_no_service(country, tmp_path, quiet) -> None:
    path = tmp_path / "s.csv"
    path.write_text(
        'agency,procedure,level,name\nH13,1.000001,4,"open\nH13,1.000002,4,b\nH13,1.000003,4,c\n'
    )
    result = loaders.import_services(country, [path], quiet)
    assert (result.accepted, result.rejected) == (2, {"malformed": 1})
    assert '"line":2' in result.rejects_file.read_text()


def test_two_columns_of_one_name_are_refused(country, tmp_path, quiet) -> None:
    path = tmp_path / "s.csv"
    path.write_text("agency,procedure,level,level\nH13,1.000001,4,3\n")
    with pytest.raises(ThuocdoError, match="two columns for “Mức độ”"):
        loaders.import_services(country, [path], quiet)


def test_names_in_the_windows_code_page_come_in_whole_and_it_is_said(
    country, tmp_path, quiet
) -> None:
    path = tmp_path / "s.csv"
    text = "agency,procedure,level,name\nH13,1.000001,4,Chứng thực\n"
    path.write_bytes(text.replace("ứ", "ư\u0301").replace("ự", "ư\u0323").encode("cp1258"))
    result = loaders.import_services(country, [path], quiet)
    assert Service.objects.get(procedure="1.000001").name == "Chứng thực"
    assert result.notes == ("s.csv: read as cp1258",)
