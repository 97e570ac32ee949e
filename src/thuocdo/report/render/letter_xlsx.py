"""The appendix of the letter as a workbook to reckon on: one sheet a list, and what it says of itself.

Values are numbers in the column's unit (40.54 means 40,54 percentage points).
"""

from __future__ import annotations

import io
from datetime import datetime, time
from typing import Any, Final

import xlsxwriter

from thuocdo.report.letter import Letter, Part
from thuocdo.report.render.sheets import notes_of
from thuocdo.report.render.xlsx import FONT, STYLES, paper

_SUMMARY: Final = "Thông tin chung"
_WIDTHS: Final = (6, 14, 60, 16, 12, 12, 12, 12, 12, 12, 12, 70)
_HEADER_ROW: Final = 2


def xlsx(letter: Letter) -> bytes:
    """A workbook dated with the letter's own date, not with the clock."""
    made = io.BytesIO()
    workbook = xlsxwriter.Workbook(made, {"in_memory": True})
    workbook.set_properties(
        {
            "title": letter.title,
            "author": " ".join(letter.organisation),
            "comments": letter.software,
            "created": datetime.combine(letter.date, time()),
        }
    )
    styles = {name: workbook.add_format(FONT | change) for name, change in STYLES.items()}
    _summary(workbook.add_worksheet(_SUMMARY), letter, styles)
    for part in letter.parts:
        _list(workbook.add_worksheet(part.sheet), part, letter, styles)
    workbook.close()
    return made.getvalue()


def _summary(sheet: Any, letter: Letter, styles: dict[str, Any]) -> None:
    rows = [
        ("Kèm theo", letter.appendix_of.strip("()")),
        ("Kính gửi", letter.addressee),
        *(("Kết quả đo lường", one) for one in letter.results),
        *(("Nội dung đề nghị", one) for one in letter.asks),
        ("Cách tính", letter.methods),
        ("Các cột", letter.unit_note),
        ("Ghi chú chung", letter.remark),
        ("Phần mềm", letter.software),
    ]
    notes_of(sheet, styles, letter.appendix_title, 24, rows)


def _list(sheet: Any, part: Part, letter: Letter, styles: dict[str, Any]) -> None:
    sheet.write_string(0, 0, part.heading, styles["title"])
    for column, (heading, width) in enumerate(zip(letter.columns, _WIDTHS, strict=True)):
        sheet.set_column(column, column, width)
        sheet.write_string(_HEADER_ROW, column, heading, styles["head"])
    for row, line in enumerate(part.lines, start=_HEADER_ROW + 1):
        for column, value in enumerate(line.values):
            if value is None:
                sheet.write_blank(row, column, None, styles["cell"])
            elif isinstance(value, str):
                sheet.write_string(row, column, value, styles["cell"])
            else:
                style = "percent" if isinstance(value, float) else "count"
                sheet.write_number(row, column, value, styles[style])
    last = _HEADER_ROW + len(part.lines)
    sheet.autofilter(_HEADER_ROW, 0, last, len(letter.columns) - 1)
    sheet.freeze_panes(_HEADER_ROW + 1, 3)
    sheet.repeat_rows(_HEADER_ROW)
    paper(sheet)
