"""The command an operator types, on a real instance; the workbook an agency opens."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
from pathlib import Path

import openpyxl
import pytest
from tests.command import thuocdo
from tests.measure.reconcile.world import SECRET, SYSTEM, Planted, Province

WHEN = ("--period", "2026-09")


@pytest.fixture
def province(planted: Planted, tmp_path: Path) -> Province:
    return planted.province.copy(tmp_path)


def run(province: Province, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"THUOCDO_HOME": str(province.home), "THUOCDO_SECRET_KEY": SECRET}
    return thuocdo("reconcile", *arguments, environment=environment)


def test_a_reconciliation_is_printed_for_people_and_for_machines(
    province: Province, planted: Planted
) -> None:
    table = run(province, "000.00.00.H29", *WHEN).stdout
    assert "Hồ sơ tiếp nhận" in table
    assert "−7" in table
    assert "Hồ sơ chỉ có bản tin bị từ chối" in table
    found = json.loads(run(province, "H29", *WHEN, "--format", "json").stdout)
    received = found["comparisons"][0]
    assert (received["measured"], received["to_declared"]["difference"]) == (
        len(planted.own) - 7,
        -7,
    )
    rows = list(csv.DictReader(io.StringIO(run(province, "H29", *WHEN, "--format", "csv").stdout)))
    gaps = [
        int(r["gap"]) for r in rows if (r["list"], r["indicator"]) == ("days", "dossiers_received")
    ]
    assert sum(gaps) == -7


def test_the_workbook_says_the_same_in_vietnamese(province: Province, tmp_path: Path) -> None:
    file = tmp_path / "doi-soat.xlsx"
    decided = run(
        province, "agree", "H29", "dossiers_received", *WHEN, "--decision", "disputed",
        "--role", "agency", "--office", "Văn phòng UBND",
    )  # fmt: skip
    assert decided.returncode == 0, decided.stderr
    assert run(province, "H29", *WHEN, "--format", "xlsx", "-o", file).stdout == f"{file}\n"
    book = openpyxl.load_workbook(file)
    assert book.sheetnames == [
        "Thông tin chung", "Tổng hợp", "Theo dịch vụ", "Theo ngày", "Nguyên nhân", "Ý kiến hai bên",
    ]  # fmt: skip
    rows = [[cell.value for cell in row] for row in book["Tổng hợp"].iter_rows(min_row=4)]
    assert rows[0][:6] == ["Chỉ tiêu", "Số đo", "Cơ quan báo cáo", "Chênh lệch", "Chênh lệch (%)", "Kết quả"]  # fmt: skip
    assert rows[1][0] == "Hồ sơ tiếp nhận"
    assert (rows[1][3], rows[1][5]) == (-7, "Lệch")
    days = [row[4].value for row in book["Theo ngày"].iter_rows(min_row=5)]
    assert sum(value for value in days if value) == -7


def test_numbers_are_matched_and_tagged_without_being_repeated(
    province: Province, planted: Planted, tmp_path: Path
) -> None:
    numbers = [str(case[0]["dossier"]) for case in planted.own]
    path = tmp_path / "list.txt"
    path.write_text("\n".join(numbers))
    printed = run(province, "match", SYSTEM, path, *WHEN)
    assert printed.stdout.count("Chưa từng nhận được") == 5
    book = tmp_path / "doi-chieu.xlsx"
    assert run(province, "match", SYSTEM, path, *WHEN, "-o", book).returncode == 0
    tags = run(province, "tags", SYSTEM, path).stdout
    assert len(tags.splitlines()) == len(numbers) + 1
    sheets = openpyxl.load_workbook(book)
    cells = [str(cell.value) for sheet in sheets for row in sheet.iter_rows() for cell in row]
    said = "\n".join([printed.stdout, tags, *cells])
    assert not [number for number in numbers if number in said]


def test_what_is_asked_wrongly_is_one_clear_line(province: Province, tmp_path: Path) -> None:
    for arguments, word in (
        (("H99", *WHEN), "not registered"),
        (("H29", *WHEN, "--format", "xlsx"), "-o doi-soat.xlsx"),
        (("match", SYSTEM, tmp_path / "none.csv", *WHEN), "There is no file"),
        (("H29",), "--period"),
    ):
        refused = run(province, *arguments)
        assert refused.returncode in (1, 2)
        assert word in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
