"""A published round in four formats: JSON, PDF, Word, Excel, all from one publication."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any, Final

import msgspec
import typst
import xlsxwriter
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.shared import Mm, Pt

from thuocdo.assess.rounds.publication import Publication
from thuocdo.core.clock import local_day
from thuocdo.report.assessment import AssessmentView, Sheet, view
from thuocdo.report.editions import FONTS, TEMPLATES
from thuocdo.report.render.packing import dated_document
from thuocdo.report.render.sheets import Column, notes_of, sheet_of
from thuocdo.report.render.word import styles
from thuocdo.report.render.xlsx import FONT, STYLES

_TEMPLATE: Final = TEMPLATES / "assessment.typ"
_TEXT_WIDTH: Final = 265  # mm: A4 lying, less 16 mm on either side
_SMALL: Final = Pt(8.5)


def json(found: Publication) -> bytes:
    return msgspec.json.format(msgspec.json.encode(found), indent=2)


def pdf(found: Publication) -> bytes:
    """A PDF dated with the publication, not with the clock."""
    inputs = {"document": msgspec.json.encode(_printed(view(found))).decode()}
    made: bytes = typst.compile(
        _TEMPLATE,
        font_paths=[FONTS],
        ignore_system_fonts=True,
        sys_inputs=inputs,
        timestamp=datetime.combine(local_day(found.published_at), time(), UTC),
        pdf_standards=["1.7"],
    )
    return made


def docx(found: Publication) -> bytes:
    shown, doc = view(found), Document()
    section = doc.sections[0]
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Mm(16)
    styles(doc)
    doc.add_heading(shown.title, level=1)
    for line in filter(None, (shown.remark, *shown.facts)):
        doc.add_paragraph(line)
    for sheet in shown.tables:
        _table(doc, sheet)
    doc.add_heading("Cách đọc", level=2)
    for note in shown.notes:
        doc.add_paragraph(note)
    doc.add_heading("Chi tiết từng hệ thống", level=1)
    for sheet in shown.details:
        _table(doc, sheet)
    day = local_day(found.published_at)
    return dated_document(doc, day, title=shown.title, software=found.software)


def xlsx(found: Publication) -> bytes:
    shown, made = view(found), io.BytesIO()
    workbook = xlsxwriter.Workbook(made, {"in_memory": True})
    created = datetime.combine(local_day(found.published_at), time())
    workbook.set_properties({"title": shown.title, "comments": found.software, "created": created})
    formats = {name: workbook.add_format(FONT | one) for name, one in STYLES.items()}
    below = shown.remark or shown.facts[0]
    rows = [("", line) for line in (*shown.facts, shown.remark, *shown.notes)]
    notes_of(workbook.add_worksheet("Thông tin chung"), formats, shown.title, 4, rows)
    for sheet in (*shown.tables, *shown.details):
        columns = [
            Column(name, width) for name, width in zip(sheet.columns, sheet.widths, strict=True)
        ]
        sheet_of(
            workbook.add_worksheet(sheet.tab), formats, sheet.caption, below, columns, sheet.rows
        )
    workbook.close()
    return made.getvalue()


RENDERERS: Final[dict[str, Callable[[Publication], bytes]]] = {
    "json": json,
    "pdf": pdf,
    "docx": docx,
    "xlsx": xlsx,
}


def _printed(shown: AssessmentView) -> dict[str, Any]:
    whole: dict[str, Any] = msgspec.to_builtins(shown)
    for name in ("tables", "details"):
        for sheet, plain in zip(getattr(shown, name), whole[name], strict=True):
            plain["rows"] = sheet.printed
    return whole


def _table(doc: Any, sheet: Sheet) -> None:
    doc.add_heading(sheet.caption, level=2)
    table = doc.add_table(rows=0, cols=len(sheet.columns))
    table.style, table.autofit = "Table Grid", False
    whole = sum(sheet.widths)
    for number, row in enumerate([sheet.columns, *sheet.printed]):
        for cell, text, width in zip(table.add_row().cells, row, sheet.widths, strict=True):
            cell.width = Mm(_TEXT_WIDTH * width / whole)
            run = cell.paragraphs[0].add_run(text)
            run.font.size, run.font.bold = _SMALL, number == 0
