"""Makes `templates/weekly.docx`, the Word template that officials may edit by hand afterwards.

`python -m thuocdo.report.render.docx_template` writes it anew. All of NĐ 30/2020, Phụ lục I that
can be set in Word is set here: paper, margins, letterhead, page number, indents, signature block.
The template's `{{ … }}` and `{% … %}` are filled by docxtpl with `document.Document`.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from docx import Document
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import CONTENT_TYPE, RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm, Pt, RGBColor

from thuocdo.report.render.docx import TEMPLATE, with_fixed_times

FONT = "Times New Roman"
_TEXT_WIDTH = Mm(160)  # A4 less 30 mm left and 20 mm right
_LEFT, _RIGHT = Mm(66), Mm(94)  # letterhead columns
_INDENT = Mm(12.7)
_MOTTO_WIDTH = Mm(58)  # of the motto, 13 pt bold in Times New Roman
_CENTER, _JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY
_NAME_COLUMN, _VALUE_COLUMN = Mm(56), Mm(24)
_FOOTNOTE_NS = nsdecls("w")


def make(path: Path = TEMPLATE) -> None:
    """Write the template."""
    doc = Document()
    _page(doc)
    _styles(doc)
    _letterhead(doc)
    _title(doc)
    _body(doc)
    _closing(doc)
    _add_footnote(doc)
    for key in [
        key
        for key, rel in doc.part.package.rels.items()
        if rel.reltype == RELATIONSHIP_TYPE.THUMBNAIL
    ]:
        del doc.part.package.rels[key]  # python-docx ships a picture of another document
    made = io.BytesIO()
    doc.save(made)
    path.write_bytes(with_fixed_times(made.getvalue()))


def _page(doc: Any) -> None:
    section = doc.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.header_distance, section.footer_distance = Mm(10), Mm(10)
    section.different_first_page_header_footer = True
    _line(section.first_page_header.paragraphs[0], "", 4)
    number = section.header.paragraphs[0]
    number.alignment = _CENTER
    number.paragraph_format.first_line_indent = Mm(0)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = number.add_run()
        _font(run, 13)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)


def _styles(doc: Any) -> None:
    normal = doc.styles["Normal"]
    _style_font(normal, 13)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = 1.0
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    normal.element.get_or_add_rPr().append(language)
    body = doc.styles.add_style("Noi dung", WD_STYLE_TYPE.PARAGRAPH)
    body.base_style = normal
    body.paragraph_format.alignment = _JUSTIFY
    body.paragraph_format.first_line_indent = _INDENT
    body.paragraph_format.space_before = Pt(0)
    body.paragraph_format.space_after = Pt(6)
    body.paragraph_format.line_spacing = 1.05
    reference = doc.styles.add_style("footnote reference", WD_STYLE_TYPE.CHARACTER)
    reference.font.superscript = True
    note = doc.styles.add_style("footnote text", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = normal
    note.paragraph_format.alignment = _JUSTIFY
    _style_font(note, 10)
    for level, centred in ((1, True), (2, False), (3, False)):
        heading = doc.styles[f"Heading {level}"]
        _style_font(heading, 13)
        heading.font.bold, heading.font.italic = True, level == 3
        heading.paragraph_format.space_before = heading.paragraph_format.space_after = Pt(6)
        heading.paragraph_format.keep_with_next = True
        if centred:
            heading.paragraph_format.alignment = _CENTER
        else:
            heading.paragraph_format.first_line_indent = _INDENT


def _letterhead(doc: Any) -> None:
    _line(
        doc.add_paragraph(), "", 1
    )  # LibreOffice adds a whole line above a table that comes first
    table = _layout_table(doc, 2, _LEFT, _RIGHT)
    issuer, nation = table.rows[0].cells
    _line(issuer.paragraphs[0], "{{ parent_organisation | join('\\n') }}", 12)
    _line(issuer.add_paragraph(), "{{ organisation | join('\\n') }}", 12, bold=True)
    _rule(issuer.add_paragraph(), _LEFT, Mm(24))
    _line(nation.paragraphs[0], "{{ national_name }}", 12, bold=True)
    _line(nation.add_paragraph(), "{{ national_motto }}", 13, bold=True)
    _rule(nation.add_paragraph(), _RIGHT, _MOTTO_WIDTH)
    number, place = table.rows[1].cells
    _line(number.paragraphs[0], "{{ number }}", 13)
    _line(place.paragraphs[0], "{{ place_and_date }}", 13, italic=True)
    _line(number.add_paragraph(), "{%p if mark %}", 13)
    mark = _line(number.add_paragraph(), "{{ mark }}", 13, bold=True)
    mark.paragraph_format.space_before = Pt(6)
    mark.paragraph_format.left_indent = mark.paragraph_format.right_indent = Mm(8)
    _border(mark, "top", "left", "bottom", "right")
    _line(number.add_paragraph(), "{%p endif %}", 13)


def _title(doc: Any) -> None:
    first = _line(doc.add_paragraph(), "{{ kind }}", 14, bold=True)
    first.paragraph_format.space_before = Pt(12)
    _line(doc.add_paragraph(), "{{ week_line }}", 14, bold=True)
    _line(doc.add_paragraph(), "{{ subject }}", 14, bold=True)
    _rule(doc.add_paragraph(), _TEXT_WIDTH, Mm(48))
    purpose = _line(doc.add_paragraph(), "{{ purpose }}", 13, italic=True)
    purpose.paragraph_format.space_before, purpose.paragraph_format.space_after = Pt(4), Pt(8)
    _tag(doc, "{%p if remark %}")
    remark = _line(doc.add_paragraph(), "({{ remark }})", 12, italic=True)
    remark.paragraph_format.space_after = Pt(10)
    _tag(doc, "{%p endif %}")


def _body(doc: Any) -> None:
    _text(doc, "{{ intro }}")
    doc.add_heading("{{ topic }}", 1)
    _each(doc, "narrative", "{{ item }}")
    doc.add_heading("{{ statistics_heading }}", 2)
    paragraph = _text(doc, "{{ statistics }}")
    reference = paragraph.add_run(style="footnote reference")
    mark = OxmlElement("w:footnoteReference")
    mark.set(qn("w:id"), "1")
    reference._r.append(mark)
    paragraph.add_run(". {{ coverage }}")
    _sections(doc)
    _chart(doc)
    for name in ("quality", "methods"):
        _tag(doc, f"{{%p if {name} %}}")
        doc.add_heading(f"{{{{ {name}_heading }}}}", 2)
        _each(doc, f"{name}[:-1]", "- {{ item }}")
        # Its last lines go with the signature: a signature never stands on a page alone.
        _text(doc, f"- {{{{ {name}[-1] }}}}").paragraph_format.keep_with_next = name == "methods"
        _tag(doc, "{%p endif %}")
    _text(doc, "{{ closing }}").paragraph_format.keep_with_next = True


def _sections(doc: Any) -> None:
    _tag(doc, "{%p for section in sections %}")
    doc.add_heading("{{ section.heading }}", 3)
    _tag(doc, "{%p if section.lead %}")
    _text(doc, "{{ section.lead }}").paragraph_format.keep_with_next = True
    _tag(doc, "{%p endif %}")
    _tag(doc, "{%p for table in section.tables %}")
    _ranking(doc)
    _tag(doc, "{%p endfor %}")
    _each(doc, "section.notes", "Ghi chú: {{ item }}", italic=True)
    _tag(doc, "{%p endfor %}")


def _chart(doc: Any) -> None:
    _tag(doc, "{%p if chart %}")
    picture = _line(doc.add_paragraph(), "{{ chart }}", 13)
    picture.paragraph_format.space_before, picture.paragraph_format.keep_with_next = Pt(6), True
    caption = _line(doc.add_paragraph(), "Hình 1 – {{ chart_title }}", 13, italic=True)
    caption.paragraph_format.space_after = Pt(8)
    _tag(doc, "{%p endif %}")


def _ranking(doc: Any) -> None:
    """Caption and two-sided table; rows stay together, a thin paragraph ends the chain."""
    caption = _line(doc.add_paragraph(), "{{ table.caption }}", 13, italic=True)
    caption.paragraph_format.space_before = caption.paragraph_format.space_after = Pt(4)
    caption.paragraph_format.keep_with_next = True
    table = doc.add_table(rows=5, cols=4)
    table.style, table.alignment = "Table Grid", WD_TABLE_ALIGNMENT.CENTER
    _fix_widths(table, _NAME_COLUMN, _VALUE_COLUMN, _NAME_COLUMN, _VALUE_COLUMN)
    left, right = table.cell(0, 0).merge(table.cell(0, 1)), table.cell(0, 2).merge(table.cell(0, 3))
    for cell, field in ((left, "top_heading"), (right, "bottom_heading")):
        _cell(cell, f"{{{{ table.{field} }}}}", bold=True)
    for column, field in enumerate(("name_heading", "value_heading") * 2):
        _cell(table.cell(1, column), f"{{{{ table.{field} }}}}", bold=True)
    _cell(table.cell(2, 0), "{%tr for line in table.lines %}")
    for column, field in enumerate(("top_name", "top_value", "bottom_name", "bottom_value")):
        align = WD_ALIGN_PARAGRAPH.RIGHT if column % 2 else WD_ALIGN_PARAGRAPH.LEFT
        _cell(table.cell(3, column), f"{{{{ line.{field} }}}}", align=align)
    _cell(table.cell(4, 0), "{%tr endfor %}")
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for row in table.rows[:2]:
        row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    _tag(doc, "{%p for item in table.remarks %}")
    _line(doc.add_paragraph(), "{{ item }}", 11, italic=True).alignment = WD_ALIGN_PARAGRAPH.LEFT
    _tag(doc, "{%p endfor %}")
    _line(doc.add_paragraph(), "", 4)


def _closing(doc: Any) -> None:
    _line(doc.add_paragraph(), "", 6).paragraph_format.keep_with_next = True
    recipients, signer = _layout_table(doc, 1, Mm(76), Mm(84)).rows[0].cells
    heading = _line(recipients.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True)
    heading.alignment = WD_ALIGN_PARAGRAPH.LEFT
    _line(recipients.add_paragraph(), "{%p for item in recipients %}", 11)
    _line(recipients.add_paragraph(), "{{ item }}", 11).alignment = WD_ALIGN_PARAGRAPH.LEFT
    _line(recipients.add_paragraph(), "{%p endfor %}", 11)
    _line(signer.paragraphs[0], "{{ signer | join('\\n') }}", 13, bold=True)
    for _ in range(5):  # room for the signature and the name
        _line(signer.add_paragraph(), "", 13)


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


def _layout_table(doc: Any, rows: int, *widths: Length) -> Any:
    table = doc.add_table(rows=rows, cols=len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    _fix_widths(table, *widths)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell in table._cells:
        margins = parse_xml(
            f'<w:tcMar {nsdecls("w")}><w:left w:w="0" w:type="dxa"/><w:right w:w="0" w:type="dxa"/></w:tcMar>'
        )
        cell._tc.get_or_add_tcPr().append(margins)
    return table


def _fix_widths(table: Any, *widths: Length) -> None:
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width


def _line(
    paragraph: Any, text: str, size: float, *, bold: bool = False, italic: bool = False
) -> Any:
    paragraph.alignment = _CENTER
    run = paragraph.add_run(text)
    _font(run, size)
    run.bold, run.italic = bold, italic
    if not text:
        paragraph.paragraph_format.line_spacing = Pt(size)
    return paragraph


def _cell(cell: Any, text: str, *, bold: bool = False, align: Any = _CENTER) -> None:
    paragraph = _line(cell.paragraphs[0], text, 12, bold=bold)
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    paragraph.paragraph_format.keep_with_next = True
    cell.vertical_alignment = 1  # WD_ALIGN_VERTICAL.CENTER


def _text(doc: Any, text: str) -> Any:
    return doc.add_paragraph(text, style="Noi dung")


def _tag(doc: Any, tag: str) -> None:
    doc.add_paragraph(tag)


def _each(doc: Any, items: str, text: str, *, italic: bool = False) -> None:
    _tag(doc, f"{{%p for item in {items} %}}")
    _text(doc, text).runs[0].italic = italic
    _tag(doc, "{%p endfor %}")


def _rule(paragraph: Any, column: Length, width: Length) -> None:
    """A line of a given width in the middle of a column: the top border of a thin paragraph."""
    _line(paragraph, "", 5)
    side = Length((column - width) // 2)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = side
    paragraph.paragraph_format.space_before = Pt(2)
    _border(paragraph, "top")


def _border(paragraph: Any, *edges: str) -> None:
    lines = "".join(
        f'<w:{edge} w:val="single" w:sz="6" w:space="1" w:color="000000"/>' for edge in edges
    )
    borders = parse_xml(f"<w:pBdr {nsdecls('w')}>{lines}</w:pBdr>")
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def _font(run: Any, size: float) -> None:
    run.font.name, run.font.size = FONT, Pt(size)
    _every_script(run._r.get_or_add_rPr().get_or_add_rFonts())


def _style_font(style: Any, size: float) -> None:
    style.font.name, style.font.size = FONT, Pt(size)
    style.font.color.rgb = RGBColor(0, 0, 0)
    _every_script(style.element.get_or_add_rPr().get_or_add_rFonts())


def _every_script(fonts: Any) -> None:
    for attribute in ("w:asciiTheme", "w:hAnsiTheme", "w:eastAsiaTheme", "w:cstheme"):
        fonts.attrib.pop(qn(attribute), None)
    for attribute in ("w:ascii", "w:hAnsi", "w:eastAsia", "w:cs"):
        fonts.set(qn(attribute), FONT)


if __name__ == "__main__":
    make()
