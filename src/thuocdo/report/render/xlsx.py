"""XLSX for those who reckon on: a sheet of facts about the report, then every table's full ranking.

Values are numbers in the table's unit (88.45 means 88,45%), so sums and sorts work; Excel shows
them with the reader's own separators, which in Vietnam are the report's.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

import xlsxwriter

from thuocdo.core.vietnamese import format_day
from thuocdo.report.document import document
from thuocdo.report.model import COUNT, Row, Table, WeeklyReport

FONT: dict[str, Any] = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
STYLES: dict[str, dict[str, Any]] = {
    "text": {},
    "wrap": {"text_wrap": True, "valign": "top", "align": "left"},
    "title": {"bold": True, "font_size": 14},
    "head": {
        "bold": True,
        "border": 1,
        "align": "center",
        "text_wrap": True,
        "bg_color": "#E3EDED",
    },
    "cell": {"border": 1, "text_wrap": True, "valign": "vcenter", "indent": 1},
    COUNT: {"border": 1, "num_format": "#,##0", "valign": "vcenter"},
    "percent": {"border": 1, "num_format": "0.00", "valign": "vcenter"},
    "rank": {"border": 1, "num_format": "0", "align": "center"},
    "percent_fact": {"num_format": "0.00", "align": "left"},
    "italic": {"italic": True},
}
_PAPER_A4 = 9
_HEADER_ROW = 3
_NOTE_WIDTH, _LETTERS_A_LINE, _LINE_POINTS = 100, 115, 17
_COLUMNS = (
    ("Hạng", 7),
    ("Mã cơ quan", 13),
    ("Cơ quan", 36),
    ("", 16),  # the table's own value heading
    ("Tử số", 14),
    ("Mẫu số", 14),
    ("Nguồn đã gửi", 13),
    ("Nguồn dự kiến", 13),
    ("Độ bao phủ (%)", 14),
    ("Nhóm công bố", 15),
    ("Ghi chú", 40),
)
_SUMMARY = "Thông tin chung"


def xlsx(report: WeeklyReport) -> bytes:
    """A workbook dated with the report's own date, not with the clock."""
    made = io.BytesIO()
    workbook = xlsxwriter.Workbook(made, {"in_memory": True})
    workbook.set_properties(
        {
            "title": report.report,
            "author": report.letterhead.organisation,
            "comments": report.software,
            "created": datetime.combine(report.date, time()),
        }
    )
    styles = {name: workbook.add_format(FONT | change) for name, change in STYLES.items()}
    _summary(workbook.add_worksheet(_SUMMARY), report, styles)
    for number, table in report.tables.items():
        _ranking(workbook.add_worksheet(table.sheet), number, table, report, styles)
    workbook.close()
    return made.getvalue()


def _summary(sheet: Any, report: WeeklyReport, styles: dict[str, Any]) -> None:
    view = document(report)
    sheet.set_column(0, 0, 34)
    sheet.set_column(1, 1, _NOTE_WIDTH)
    sheet.write_string(0, 0, report.report, styles["title"])
    facts: list[tuple[str, str | float | None]] = [
        ("Cơ quan ban hành", report.letterhead.organisation),
        ("Số, ký hiệu", view.number.removeprefix("Số: ")),
        ("Ngày báo cáo", format_day(report.date)),
        ("Kỳ số liệu", f"{format_day(report.period[0])} – {format_day(report.period[1])}"),
        ("Tổ chức bộ máy ngày", format_day(report.as_organised)),
        *((_national(name), value) for name, value in report.national.items()),
        ("Phạm vi lưu hành", report.texts.mark),
        ("Ghi chú chung", report.remark),
        ("Phần mềm", report.software),
    ]
    row = 2
    for label, value in facts:
        if value is None or value == "":
            continue
        sheet.write_string(row, 0, label, styles["text"])
        sheet.write(row, 1, value, styles["percent_fact" if isinstance(value, float) else "wrap"])
        row += 1
    notes = [("Nhận định", one) for one in report.texts.narrative]
    notes += [("Nguồn số liệu", report.texts.footnote), ("Độ bao phủ", report.texts.coverage)]
    notes += [("Chất lượng số liệu", one) for one in report.texts.quality]
    notes += [("Định nghĩa", one) for one in report.texts.methods]
    for label, note in notes:
        sheet.set_row(row, _LINE_POINTS * (1 + len(note) // _LETTERS_A_LINE))
        sheet.write_string(row, 0, label, styles["wrap"])
        sheet.write_string(row, 1, note, styles["wrap"])
        row += 1
    paper(sheet)


def _ranking(
    sheet: Any, number: str, table: Table, report: WeeklyReport, styles: dict[str, Any]
) -> None:
    sheet.write_string(0, 0, f"Bảng {number} – {table.title}", styles["title"])
    first, last = report.period
    sheet.write_string(
        1,
        0,
        f"Số liệu từ {format_day(first)} đến {format_day(last)}; chỉ số {table.indicator}",
        styles["italic"],
    )
    headings = [heading or _value_heading(table) for heading, _ in _COLUMNS]
    for column, (_, width) in enumerate(_COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEADER_ROW, column, headings[column], styles["head"])
    groups = {name: "Cao nhất" for name, _ in table.top} | {
        name: "Thấp nhất" for name, _ in table.bottom
    }
    line = _HEADER_ROW
    for row in (*table.ranking, *table.unranked):
        line += 1
        _row(sheet, line, row, table.measure, groups.get(row.name, ""), styles)
    if line > _HEADER_ROW:
        sheet.autofilter(_HEADER_ROW, 0, line, len(_COLUMNS) - 1)
    notes = [
        note for section in report.sections if number in section.tables for note in section.notes
    ]
    for remark in (*table.remarks, *(f"Ghi chú: {note}" for note in notes)):
        line += 1
        sheet.write_string(line + 1, 0, remark, styles["italic"])
    sheet.freeze_panes(_HEADER_ROW + 1, 3)
    sheet.repeat_rows(_HEADER_ROW)
    paper(sheet)


def _row(sheet: Any, line: int, row: Row, unit: str, group: str, styles: dict[str, Any]) -> None:
    share = (
        round(100 * row.reporting / row.expected, 2)
        if row.reporting is not None and row.expected
        else None
    )
    cells: Iterable[tuple[str | float | None, str]] = (
        (row.rank, "rank"),
        (row.agency, "cell"),
        (row.name, "cell"),
        (row.value, unit),
        (row.numerator, COUNT),
        (row.denominator, COUNT),
        (row.reporting, COUNT),
        (row.expected, COUNT),
        (share, "percent"),
        (group if row.rank is not None else "", "cell"),
        (row.remark, "cell"),
    )
    for column, (value, style) in enumerate(cells):
        if value is None or value == "":
            sheet.write_blank(line, column, None, styles[style])
        elif isinstance(value, str):
            sheet.write_string(line, column, value, styles[style])
        else:
            sheet.write_number(line, column, value, styles[style])


def _national(name: str) -> str:
    ratio = name.endswith("_ratio_of_sums")
    return "Tỷ lệ chung, tính gộp hồ sơ (%)" if ratio else "Tỷ lệ trung bình các cơ quan (%)"


def _value_heading(table: Table) -> str:
    return table.value_heading if table.measure == COUNT else f"{table.value_heading} (%)"


def paper(sheet: Any) -> None:
    """A4 landscape, as wide as the page."""
    sheet.set_paper(_PAPER_A4)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.hide_gridlines(2)
