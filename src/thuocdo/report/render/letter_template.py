"""Makes `templates/recommendation.docx`, the Word template of the letter and its appendix.

`python -m thuocdo.report.render.letter_template` writes it anew; what all templates share is
word.py. The template's `{{ … }}` and `{% … %}` are filled by docxtpl with `letter.Letter`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from thuocdo.report.editions import TEMPLATES
from thuocdo.report.render import word
from thuocdo.report.render.packing import write_template

TEMPLATE: Final = TEMPLATES / "recommendation.docx"

_LEFT, _RIGHT = WD_ALIGN_PARAGRAPH.LEFT, WD_ALIGN_PARAGRAPH.RIGHT
_WIDE: Final = Mm(247)  # A4 landscape less 30 mm left and 20 mm right
_CELL_SIZE: Final = 10
_COLUMNS: Final = (
    (Mm(10), word.CENTER),
    (Mm(19), _LEFT),
    (Mm(52), _LEFT),
    (Mm(15), word.CENTER),
    (Mm(13), _RIGHT),
    (Mm(13), _RIGHT),
    (Mm(13), _RIGHT),
    (Mm(13), _RIGHT),
    (Mm(13), _RIGHT),
    (Mm(14), _RIGHT),
    (Mm(14), _RIGHT),
    (Mm(58), _LEFT),
)
"""Width and alignment of each column of the appendix."""


def make(path: Path = TEMPLATE) -> None:
    """Write the template."""
    doc = Document()
    word.page(doc)
    word.styles(doc)
    subject = word.line(word.letterhead(doc).add_paragraph(), "{{ subject }}", 12)
    subject.paragraph_format.space_before = Pt(6)
    _body(doc)
    word.closing(doc)
    _appendix(doc)
    write_template(doc, path)


def _body(doc: Any) -> None:
    to = word.line(doc.add_paragraph(), "Kính gửi: {{ addressee }}", 13)
    to.paragraph_format.space_before = to.paragraph_format.space_after = Pt(14)
    word.body_text(doc, "{{ opening }}")
    for name in ("results", "asks"):
        doc.add_heading(f"{{{{ {name}_heading }}}}", 2)
        word.each(doc, name, "{{ item }}")
    doc.add_heading("{{ methods_heading }}", 2)
    word.body_text(doc, "{{ methods }}")
    word.tag(doc, "{%p if remark %}")
    word.body_text(doc, "({{ remark }})").runs[0].italic = True
    word.tag(doc, "{%p endif %}")
    word.body_text(doc, "{{ closing }}").paragraph_format.keep_with_next = True


def _appendix(doc: Any) -> None:
    """On paper turned sideways, its pages numbered by themselves (NĐ 30/2020, Phụ lục I)."""
    word.tag(doc, "{%p if parts %}")
    section = doc.add_section(WD_SECTION.NEW_PAGE)
    section.orientation = WD_ORIENT.LANDSCAPE
    section.page_width, section.page_height = Mm(297), Mm(210)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    numbers = OxmlElement("w:pgNumType")
    numbers.set(qn("w:start"), "1")
    section._sectPr.append(numbers)
    word.line(doc.add_paragraph(), "{{ appendix }}", 14, bold=True)
    word.line(doc.add_paragraph(), "{{ appendix_title }}", 13, bold=True)
    of = word.line(doc.add_paragraph(), "{{ appendix_of }}", 13, italic=True)
    of.paragraph_format.space_after = Pt(4)
    word.rule(doc.add_paragraph(), _WIDE, Mm(48))
    note = word.line(doc.add_paragraph(), "{{ unit_note }}", 11, italic=True)
    note.alignment = word.JUSTIFY
    note.paragraph_format.space_before, note.paragraph_format.space_after = Pt(6), Pt(2)
    word.tag(doc, "{%p for part in parts %}")
    heading = word.line(doc.add_paragraph(), "{{ part.heading }}", 12, bold=True)
    heading.alignment, heading.paragraph_format.keep_with_next = _LEFT, True
    heading.paragraph_format.space_before = heading.paragraph_format.space_after = Pt(6)
    _table(doc)
    word.tag(doc, "{%p endfor %}")
    word.tag(doc, "{%p endif %}")


def _table(doc: Any) -> None:
    """Headings and their numbers on every page; a service's row is never split between pages."""
    table = doc.add_table(rows=5, cols=len(_COLUMNS))
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    word.fix_widths(table, *(width for width, _ in _COLUMNS))
    for place in range(len(_COLUMNS)):
        _cell(table.cell(0, place), f"{{{{ columns[{place}] }}}}", word.CENTER, bold=True)
        _cell(table.cell(1, place), f"{{{{ numbers[{place}] }}}}", word.CENTER, italic=True)
        _cell(table.cell(3, place), f"{{{{ line.cells[{place}] }}}}", _COLUMNS[place][1])
    _cell(table.cell(2, 0), "{%tr for line in part.lines %}", _LEFT)
    _cell(table.cell(4, 0), "{%tr endfor %}", _LEFT)
    for place, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(OxmlElement("w:cantSplit"))
        if place < 2:
            properties.append(OxmlElement("w:tblHeader"))
    for cell in table._cells:
        word.narrow(cell)


def _cell(cell: Any, text: str, align: Any, *, bold: bool = False, italic: bool = False) -> None:
    paragraph = word.line(cell.paragraphs[0], text, _CELL_SIZE, bold=bold, italic=italic)
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    cell.vertical_alignment = 1  # WD_ALIGN_VERTICAL.CENTER


if __name__ == "__main__":
    make()
