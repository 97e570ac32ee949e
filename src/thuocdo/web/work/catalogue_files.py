"""The catalogue as files to take away: what is on record today, and an empty table to fill in.

Both are made of the very headings and words that the upload reads (`lake/data/service_sheet.yaml`), so
what was taken away can be handed in again and changes nothing.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any, Final

import xlsxwriter
from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from thuocdo.lake.importing import headings
from thuocdo.lake.importing.headings import Field
from thuocdo.registry.models import LEVEL_LABELS, Service
from thuocdo.web import choosing
from thuocdo.web.spreadsheets import inert
from thuocdo.web.work import catalogue, frame

_FONT: Final = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
_XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_WIDTHS: Final = {"name": 60, "url": 30, "reason_not_full": 30}
_WIDTH: Final = 18
_ROWS: Final = 20_000
_DAY_FORMAT: Final = "%d/%m/%Y"


@require_safe
@frame.of_agency
def current(request: HttpRequest, place: frame.Place, form: str) -> HttpResponse:
    """The rows of today of an agency and all below it."""
    if form not in ("csv", "xlsx"):
        raise Http404
    rows = (
        catalogue.services_of(request, place).on(choosing.today()).order_by("agency", "procedure")
    )
    table = [[_cell(row, name) for name in _fields()] for row in rows]
    name = f"danh-muc-{place.code}-{choosing.today():%Y-%m-%d}.{form}"
    if form == "xlsx":
        return _answer(_workbook(table), _XLSX, name)
    return _answer(_csv(table), "text/csv; charset=utf-8", name)


@require_safe
@frame.of_agency
def template(_request: HttpRequest, place: frame.Place) -> HttpResponse:  # noqa: ARG001
    """An empty table with its headings, the list of levels and what each column wants."""
    return _answer(_workbook([]), _XLSX, "mau-danh-muc-dich-vu-cong.xlsx")


def _fields() -> dict[str, Field]:
    return dict(headings.wording("service_sheet").fields)


def _cell(row: Service, name: str) -> str:
    value = getattr(row, name)
    if name == "level":
        return str(LEVEL_LABELS[value])
    if name in ("valid_from", "valid_to"):
        return value.strftime(_DAY_FORMAT) if value else ""
    return str(value)


def _csv(table: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow([field.headings[0] for field in _fields().values()])
    writer.writerows([[inert(cell) for cell in row] for row in table])
    return text.getvalue().encode("utf-8-sig")


def _workbook(table: list[list[str]]) -> bytes:
    made = io.BytesIO()
    book = xlsxwriter.Workbook(made, {"in_memory": True, "strings_to_formulas": False})
    sheet, guide = book.add_worksheet("Danh mục"), book.add_worksheet("Hướng dẫn")
    head = book.add_format(
        {**_FONT, "bold": True, "text_wrap": True, "border": 1, "bg_color": "#D8ECEA"}
    )
    text = book.add_format({**_FONT, "num_format": "@"})
    for place, (name, field) in enumerate(_fields().items()):
        sheet.set_column(place, place, _WIDTHS.get(name, _WIDTH), text)
        sheet.write_string(0, place, field.headings[0], head)
        if name == "level":
            levels = [str(words) for words in LEVEL_LABELS.values()]
            sheet.data_validation(1, place, _ROWS, place, {"validate": "list", "source": levels})
    for line, row in enumerate(table, 1):
        for place, cell in enumerate(row):
            if cell:
                sheet.write_string(line, place, cell, text)
    sheet.freeze_panes(1, 0)
    _guide(guide, head, book.add_format({**_FONT, "text_wrap": True}))
    book.close()
    return made.getvalue()


def _guide(sheet: Any, head: Any, text: Any) -> None:
    sheet.set_column(0, 0, 26)
    sheet.set_column(1, 1, 70)
    sheet.set_column(2, 2, 22)
    for place, words in enumerate(("Cột", "Ghi gì", "Ví dụ")):
        sheet.write_string(0, place, words, head)
    for line, field in enumerate(_fields().values(), 1):
        needed = " (bắt buộc)" if field.needed else ""
        cells = (f"{field.headings[0]}{needed}", field.help, field.example)
        for place, cell in enumerate(cells):
            sheet.write_string(line, place, cell, text)


def _answer(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
