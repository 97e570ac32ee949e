"""One table on a worksheet: the shape that every workbook of lists shares."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any, Final, NamedTuple, TypeAlias

from thuocdo.report.render.xlsx import paper

Cell: TypeAlias = str | int | float | Decimal | date | None
_HEADER_ROW: Final = 3
_LINE_POINTS: Final = 17
_NOTE_WIDTH: Final = 110
_LETTERS_A_LINE: Final = 120


class Column(NamedTuple):
    """A heading and how wide its column is, in letters."""

    heading: str
    width: int


def sheet_of(
    sheet: Any,
    styles: dict[str, Any],
    title: str,
    below: str,
    columns: Sequence[Column],
    rows: Iterable[Sequence[Cell]],
    *,
    freeze: int = 1,
    marked: str = "",
) -> None:
    """Write a titled table: numbers as numbers, days as days, nothing where nothing is known.

    below   one line under the title
    freeze  columns that stay when the sheet is moved sideways
    marked  cells that say this stand out
    """
    sheet.write_string(0, 0, title, styles["title"])
    sheet.write_string(1, 0, below, styles["italic"])
    sheet.set_default_row(_LINE_POINTS)
    sheet.set_row(_HEADER_ROW, 2 * _LINE_POINTS)
    for place, column in enumerate(columns):
        sheet.set_column(place, place, column.width)
        sheet.write_string(_HEADER_ROW, place, column.heading, styles["head"])
    line = _HEADER_ROW
    for line, row in enumerate(rows, start=_HEADER_ROW + 1):
        height = 1
        for place, value in enumerate(row):
            _write(sheet, line, place, value, styles)
            if isinstance(value, str):
                height = max(height, -(-len(value) // columns[place].width))
        if height > 1:
            sheet.set_row(line, _LINE_POINTS * height)
    if line > _HEADER_ROW:
        if marked:
            rule = {"type": "cell", "criteria": "==", "value": f'"{marked}"'}
            area = (_HEADER_ROW + 1, 0, line, len(columns) - 1)
            sheet.conditional_format(*area, rule | {"format": styles["marked"]})
        sheet.autofilter(_HEADER_ROW, 0, line, len(columns) - 1)
    sheet.freeze_panes(_HEADER_ROW + 1, freeze)
    sheet.repeat_rows(_HEADER_ROW)
    paper(sheet)


def notes_of(
    sheet: Any, styles: dict[str, Any], title: str, width: int, rows: Iterable[tuple[str, str]]
) -> None:
    """Write what a workbook says of itself: label and note, row by row, without the empty ones.

    width  of the labels, in letters
    """
    sheet.set_column(0, 0, width)
    sheet.set_column(1, 1, _NOTE_WIDTH)
    sheet.write_string(0, 0, title, styles["title"])
    for place, (label, note) in enumerate(((label, note) for label, note in rows if note), 2):
        sheet.set_row(place, _LINE_POINTS * (1 + len(note) // _LETTERS_A_LINE))
        sheet.write_string(place, 0, label, styles["wrap"])
        sheet.write_string(place, 1, note, styles["wrap"])
    paper(sheet)


def _write(sheet: Any, line: int, place: int, value: Cell, styles: dict[str, Any]) -> None:
    if value is None or value == "":
        sheet.write_blank(line, place, None, styles["cell"])
    elif isinstance(value, str):
        sheet.write_string(line, place, value, styles["cell"])
    elif isinstance(value, date):
        sheet.write_datetime(line, place, datetime.combine(value, time()), styles["day"])
    elif isinstance(value, int):
        sheet.write_number(line, place, value, styles["count"])
    else:
        sheet.write_number(line, place, float(value), styles["percent"])
