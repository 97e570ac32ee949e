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
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.shared import Mm, Pt

from thuocdo.assess.rounds.publication import Publication
from thuocdo.core.clock import local_day
from thuocdo.report.assessment import AssessmentView, Sheet, view
from thuocdo.report.editions import FONTS, TEMPLATES
from thuocdo.report.render import word
from thuocdo.report.render.packing import dated_document
from thuocdo.report.render.sheets import Column, notes_of, sheet_of
from thuocdo.report.render.xlsx import FONT, STYLES

_TEMPLATE: Final = TEMPLATES / "assessment.typ"
_TEXT_WIDTH: Final = 265  # mm: A4 lying, less 16 mm on either side
_SMALL: Final = 8.5  # pt
_TEXT: Final = 12
_HEAD_COLOUR: Final = "E3EDED"


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
    section.footer_distance = Mm(8)
    word.page_number(section.footer.paragraphs[0])
    word.styles(doc)
    for level in (2, 3):
        doc.styles[f"Heading {level}"].paragraph_format.first_line_indent = Mm(0)
    doc.add_heading(shown.title, level=1)
    if shown.remark:
        word.line(doc.add_paragraph(), shown.remark, 13, bold=True)
    for line in shown.facts:
        _said(doc, line)
    for sheet in shown.tables:
        _table(doc, sheet)
    doc.add_heading("Cách đọc", level=2)
    for note in shown.notes:
        _said(doc, note)
    doc.add_heading("Chi tiết từng hệ thống", level=1).paragraph_format.page_break_before = True
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
            plain["rows"], plain["numeric"] = sheet.printed, sheet.numeric
    return whole


def _said(doc: Any, text: str) -> None:
    paragraph = doc.add_paragraph()
    paragraph.paragraph_format.space_after = Pt(3)
    word.font(paragraph.add_run(text), _TEXT)


def _table(doc: Any, sheet: Sheet) -> None:
    """Headings on every page; no row is split between two; numbers stand to the right."""
    doc.add_heading(sheet.caption, level=2)
    printed, numeric = [sheet.columns, *sheet.printed], sheet.numeric
    table = doc.add_table(rows=len(printed), cols=len(sheet.columns))
    table.style = "Table Grid"
    whole = sum(sheet.widths)
    word.fix_widths(table, *(Mm(_TEXT_WIDTH * width / whole) for width in sheet.widths))
    for number, (row, texts) in enumerate(zip(table.rows, printed, strict=True)):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if number == 0:
            properties.append(OxmlElement("w:tblHeader"))
        for cell, text, is_number in zip(row.cells, texts, numeric, strict=True):
            paragraph = cell.paragraphs[0]
            word.narrow(cell)
            word.font(run := paragraph.add_run(text), _SMALL)
            if number == 0:
                run.bold, paragraph.alignment = True, WD_ALIGN_PARAGRAPH.CENTER
                word.shade(cell, _HEAD_COLOUR)
            elif is_number:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
