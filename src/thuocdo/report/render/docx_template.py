"""Makes `templates/weekly.docx`, the Word template that officials may edit by hand afterwards.

`python -m thuocdo.report.render.docx_template` writes it anew; what all templates share is word.py.
The template's `{{ … }}` and `{% … %}` are filled by docxtpl with `document.Document`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt

from thuocdo.report.render import word
from thuocdo.report.render.docx import TEMPLATE
from thuocdo.report.render.packing import write_template

_NAME_COLUMN, _VALUE_COLUMN = Mm(56), Mm(24)
_FOOTNOTE_NS = nsdecls("w")


def make(path: Path = TEMPLATE) -> None:
    """Write the template."""
    doc = Document()
    word.page(doc)
    word.styles(doc)
    _mark(word.letterhead(doc))
    _title(doc)
    _body(doc)
    word.closing(doc)
    _add_footnote(doc)
    write_template(doc, path)


def _mark(number: Any) -> None:
    """The frame below the number that says who may read it."""
    word.line(number.add_paragraph(), "{%p if mark %}", 13)
    mark = word.line(number.add_paragraph(), "{{ mark }}", 13, bold=True)
    mark.paragraph_format.space_before = Pt(6)
    mark.paragraph_format.left_indent = mark.paragraph_format.right_indent = Mm(8)
    word.border(mark, "top", "left", "bottom", "right")
    word.line(number.add_paragraph(), "{%p endif %}", 13)


def _title(doc: Any) -> None:
    first = word.line(doc.add_paragraph(), "{{ kind }}", 14, bold=True)
    first.paragraph_format.space_before = Pt(12)
    word.line(doc.add_paragraph(), "{{ week_line }}", 14, bold=True)
    word.line(doc.add_paragraph(), "{{ subject }}", 14, bold=True)
    word.rule(doc.add_paragraph(), word.TEXT_WIDTH, Mm(48))
    purpose = word.line(doc.add_paragraph(), "{{ purpose }}", 13, italic=True)
    purpose.paragraph_format.space_before, purpose.paragraph_format.space_after = Pt(4), Pt(8)
    word.tag(doc, "{%p if remark %}")
    remark = word.line(doc.add_paragraph(), "({{ remark }})", 12, italic=True)
    remark.paragraph_format.space_after = Pt(10)
    word.tag(doc, "{%p endif %}")


def _body(doc: Any) -> None:
    word.body_text(doc, "{{ intro }}")
    doc.add_heading("{{ topic }}", 1)
    word.each(doc, "narrative", "{{ item }}")
    doc.add_heading("{{ statistics_heading }}", 2)
    paragraph = word.body_text(doc, "{{ statistics }}")
    reference = paragraph.add_run(style="footnote reference")
    mark = OxmlElement("w:footnoteReference")
    mark.set(qn("w:id"), "1")
    reference._r.append(mark)
    paragraph.add_run(". {{ coverage }}")
    _sections(doc)
    _chart(doc)
    for name in ("quality", "methods"):
        word.tag(doc, f"{{%p if {name} %}}")
        doc.add_heading(f"{{{{ {name}_heading }}}}", 2)
        word.each(doc, f"{name}[:-1]", "- {{ item }}")
        # Its last lines go with the signature: a signature never stands on a page alone.
        word.body_text(doc, f"- {{{{ {name}[-1] }}}}").paragraph_format.keep_with_next = (
            name == "methods"
        )
        word.tag(doc, "{%p endif %}")
    word.body_text(doc, "{{ closing }}").paragraph_format.keep_with_next = True


def _sections(doc: Any) -> None:
    word.tag(doc, "{%p for section in sections %}")
    doc.add_heading("{{ section.heading }}", 3)
    word.tag(doc, "{%p if section.lead %}")
    word.body_text(doc, "{{ section.lead }}").paragraph_format.keep_with_next = True
    word.tag(doc, "{%p endif %}")
    word.tag(doc, "{%p for table in section.tables %}")
    _ranking(doc)
    word.tag(doc, "{%p endfor %}")
    word.each(doc, "section.notes", "Ghi chú: {{ item }}", italic=True)
    word.tag(doc, "{%p endfor %}")


def _chart(doc: Any) -> None:
    word.tag(doc, "{%p if chart %}")
    picture = word.line(doc.add_paragraph(), "{{ chart }}", 13)
    picture.paragraph_format.space_before, picture.paragraph_format.keep_with_next = Pt(6), True
    caption = word.line(doc.add_paragraph(), "Hình 1 – {{ chart_title }}", 13, italic=True)
    caption.paragraph_format.space_after = Pt(8)
    word.tag(doc, "{%p endif %}")


def _ranking(doc: Any) -> None:
    """Caption and two-sided table; rows stay together, a thin paragraph ends the chain."""
    caption = word.line(doc.add_paragraph(), "{{ table.caption }}", 13, italic=True)
    caption.paragraph_format.space_before = caption.paragraph_format.space_after = Pt(4)
    caption.paragraph_format.keep_with_next = True
    table = doc.add_table(rows=5, cols=4)
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    word.fix_widths(table, _NAME_COLUMN, _VALUE_COLUMN, _NAME_COLUMN, _VALUE_COLUMN)
    left, right = table.cell(0, 0).merge(table.cell(0, 1)), table.cell(0, 2).merge(table.cell(0, 3))
    for cell, field in ((left, "top_heading"), (right, "bottom_heading")):
        word.cell(cell, f"{{{{ table.{field} }}}}", bold=True)
    for column, field in enumerate(("name_heading", "value_heading") * 2):
        word.cell(table.cell(1, column), f"{{{{ table.{field} }}}}", bold=True)
    word.cell(table.cell(2, 0), "{%tr for line in table.lines %}")
    for column, field in enumerate(("top_name", "top_value", "bottom_name", "bottom_value")):
        align = WD_ALIGN_PARAGRAPH.RIGHT if column % 2 else WD_ALIGN_PARAGRAPH.LEFT
        word.cell(table.cell(3, column), f"{{{{ line.{field} }}}}", align=align)
    word.cell(table.cell(4, 0), "{%tr endfor %}")
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for row in table.rows[:2]:
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    word.tag(doc, "{%p for item in table.remarks %}")
    word.line(
        doc.add_paragraph(), "{{ item }}", 11, italic=True
    ).alignment = WD_ALIGN_PARAGRAPH.LEFT
    word.tag(doc, "{%p endfor %}")
    word.line(doc.add_paragraph(), "", 4)


def _add_footnote(doc: Any) -> None:
    """Word's own footnote, its text filled by the template."""
    separators = "".join(
        f'<w:footnote w:type="{kind}" w:id="{number}"><w:p><w:r><w:{mark}/></w:r></w:p></w:footnote>'
        for kind, number, mark in (
            ("separator", -1, "separator"),
            ("continuationSeparator", 0, "continuationSeparator"),
        )
    )
    style, mark = (doc.styles[name].style_id for name in ("footnote text", "footnote reference"))
    note = (
        f'<w:footnote w:id="1"><w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr>'
        f'<w:r><w:rPr><w:rStyle w:val="{mark}"/></w:rPr><w:footnoteRef/></w:r>'
        '<w:r><w:t xml:space="preserve"> {{ footnote }}</w:t></w:r></w:p></w:footnote>'
    )
    xml = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?><w:footnotes {_FOOTNOTE_NS}>{separators}{note}</w:footnotes>'
    part = Part(
        PackURI("/word/footnotes.xml"), CONTENT_TYPE.WML_FOOTNOTES, xml.encode(), doc.part.package
    )
    doc.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)


if __name__ == "__main__":
    make()
