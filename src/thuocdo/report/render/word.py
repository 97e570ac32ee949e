"""What every Word template of the house is made of: NĐ 30/2020, Phụ lục I, as far as Word can hold it.

Paper, margins, letterhead, page number, indents, signature block (facts: NĐ 30/2020 Phụ lục I).
The texts are tags that docxtpl fills, so an official can edit the template by hand afterwards.
"""

from __future__ import annotations

from typing import Any

from docx.enum.style import WD_STYLE_TYPE
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Length, Mm, Pt, RGBColor

FONT = "Times New Roman"
TEXT_WIDTH = Mm(160)  # A4 less 30 mm left and 20 mm right
CENTER, JUSTIFY = WD_ALIGN_PARAGRAPH.CENTER, WD_ALIGN_PARAGRAPH.JUSTIFY
_LEFT, _RIGHT = Mm(66), Mm(94)  # letterhead columns
_INDENT = Mm(12.7)
_MOTTO_WIDTH = Mm(58)  # of the motto, 13 pt bold in Times New Roman


def page(doc: Any) -> None:
    """A4 with NĐ 30/2020's margins; the page number centred above, from page 2 on."""
    section = doc.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin = section.bottom_margin = Mm(20)
    section.left_margin, section.right_margin = Mm(30), Mm(20)
    section.header_distance, section.footer_distance = Mm(10), Mm(10)
    section.different_first_page_header_footer = True
    line(section.first_page_header.paragraphs[0], "", 4)
    page_number(section.header.paragraphs[0])


def page_number(number: Any) -> None:
    """The page's number, centred in a paragraph of a header or a footer."""
    number.alignment = CENTER
    number.paragraph_format.first_line_indent = Mm(0)
    for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
        run = number.add_run()
        font(run, 13)
        if kind:
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
        else:
            mark = OxmlElement("w:instrText")
            mark.text = text
        run._r.append(mark)


def styles(doc: Any) -> None:
    """Normal, body text, headings and footnotes in the prescribed type."""
    normal = doc.styles["Normal"]
    _style_font(normal, 13)
    normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
    normal.paragraph_format.line_spacing = 1.0
    language = OxmlElement("w:lang")
    language.set(qn("w:val"), "vi-VN")
    normal.element.get_or_add_rPr().append(language)
    body = doc.styles.add_style("Noi dung", WD_STYLE_TYPE.PARAGRAPH)
    body.base_style = normal
    body.paragraph_format.alignment = JUSTIFY
    body.paragraph_format.first_line_indent = _INDENT
    body.paragraph_format.space_before = Pt(0)
    body.paragraph_format.space_after = Pt(6)
    body.paragraph_format.line_spacing = 1.05
    reference = doc.styles.add_style("footnote reference", WD_STYLE_TYPE.CHARACTER)
    reference.font.superscript = True
    note = doc.styles.add_style("footnote text", WD_STYLE_TYPE.PARAGRAPH)
    note.base_style = normal
    note.paragraph_format.alignment = JUSTIFY
    _style_font(note, 10)
    for level, centred in ((1, True), (2, False), (3, False)):
        heading = doc.styles[f"Heading {level}"]
        _style_font(heading, 13)
        heading.font.bold, heading.font.italic = True, level == 3
        heading.paragraph_format.space_before = heading.paragraph_format.space_after = Pt(6)
        heading.paragraph_format.keep_with_next = True
        if centred:
            heading.paragraph_format.alignment = CENTER
        else:
            heading.paragraph_format.first_line_indent = _INDENT


def letterhead(doc: Any) -> Any:
    """Who issues it, the nation and the motto, number and place; the cell that holds the number."""
    line(doc.add_paragraph(), "", 1)  # LibreOffice adds a whole line above a table that comes first
    table = layout_table(doc, 2, _LEFT, _RIGHT)
    issuer, nation = table.rows[0].cells
    line(issuer.paragraphs[0], "{{ parent_organisation | join('\\n') }}", 12)
    line(issuer.add_paragraph(), "{{ organisation | join('\\n') }}", 12, bold=True)
    rule(issuer.add_paragraph(), _LEFT, Mm(24))
    line(nation.paragraphs[0], "{{ national_name }}", 12, bold=True)
    line(nation.add_paragraph(), "{{ national_motto }}", 13, bold=True)
    rule(nation.add_paragraph(), _RIGHT, _MOTTO_WIDTH)
    number, place = table.rows[1].cells
    line(number.paragraphs[0], "{{ number }}", 13)
    line(place.paragraphs[0], "{{ place_and_date }}", 13, italic=True)
    return number


def closing(doc: Any) -> None:
    """Recipients on the left, the signature block on the right, kept together."""
    line(doc.add_paragraph(), "", 6).paragraph_format.keep_with_next = True
    recipients, signer = layout_table(doc, 1, Mm(76), Mm(84)).rows[0].cells
    heading = line(recipients.paragraphs[0], "Nơi nhận:", 12, bold=True, italic=True)
    heading.alignment = WD_ALIGN_PARAGRAPH.LEFT
    line(recipients.add_paragraph(), "{%p for item in recipients %}", 11)
    line(recipients.add_paragraph(), "{{ item }}", 11).alignment = WD_ALIGN_PARAGRAPH.LEFT
    line(recipients.add_paragraph(), "{%p endfor %}", 11)
    line(signer.paragraphs[0], "{{ signer | join('\\n') }}", 13, bold=True)
    for _ in range(5):  # room for the signature and the name
        line(signer.add_paragraph(), "", 13)


def layout_table(doc: Any, rows: int, *widths: Length) -> Any:
    """A table without lines that only places things; its cells have no side margins."""
    table = doc.add_table(rows=rows, cols=len(widths))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    fix_widths(table, *widths)
    for row in table.rows:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
    for cell in table._cells:
        narrow(cell, 0)
    return table


def narrow(cell: Any, margin: int = 57) -> None:
    """Less room at a cell's sides, in twentieths of a point (57 are a millimetre)."""
    sides = "".join(f'<w:{side} w:w="{margin}" w:type="dxa"/>' for side in ("left", "right"))
    cell._tc.get_or_add_tcPr().append(parse_xml(f"<w:tcMar {nsdecls('w')}>{sides}</w:tcMar>"))


def shade(cell: Any, colour: str) -> None:
    """A cell's background, as six hexadecimal digits."""
    cell._tc.get_or_add_tcPr().append(
        parse_xml(f'<w:shd {nsdecls("w")} w:val="clear" w:color="auto" w:fill="{colour}"/>')
    )


def fix_widths(table: Any, *widths: Length) -> None:
    """Give every column its width and let Word change none."""
    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = width
        for cell in column.cells:
            cell.width = width


def line(
    paragraph: Any, text: str, size: float, *, bold: bool = False, italic: bool = False
) -> Any:
    """A centred run of text in a paragraph; an empty one is only as high as `size`."""
    paragraph.alignment = CENTER
    run = paragraph.add_run(text)
    font(run, size)
    run.bold, run.italic = bold, italic
    if not text:
        paragraph.paragraph_format.line_spacing = Pt(size)
    return paragraph


def cell(cell: Any, text: str, *, bold: bool = False, align: Any = CENTER) -> None:
    """A cell's text, 12 pt; the row stays with the next one."""
    paragraph = line(cell.paragraphs[0], text, 12, bold=bold)
    paragraph.alignment = align
    paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(2)
    paragraph.paragraph_format.keep_with_next = True
    cell.vertical_alignment = 1  # WD_ALIGN_VERTICAL.CENTER


def body_text(doc: Any, text: str) -> Any:
    """A paragraph of the body."""
    return doc.add_paragraph(text, style="Noi dung")


def tag(doc: Any, tag: str) -> None:
    """A paragraph that holds a template's tag and vanishes with it."""
    doc.add_paragraph(tag)


def each(doc: Any, items: str, text: str, *, italic: bool = False) -> None:
    """A paragraph for every one of `items`."""
    tag(doc, f"{{%p for item in {items} %}}")
    body_text(doc, text).runs[0].italic = italic
    tag(doc, "{%p endfor %}")


def rule(paragraph: Any, column: Length, width: Length) -> None:
    """A line of a given width in the middle of a column: the top border of a thin paragraph."""
    line(paragraph, "", 5)
    side = Length((column - width) // 2)
    paragraph.paragraph_format.left_indent = paragraph.paragraph_format.right_indent = side
    paragraph.paragraph_format.space_before = Pt(2)
    border(paragraph, "top")


def border(paragraph: Any, *edges: str) -> None:
    """Lines around a paragraph."""
    lines = "".join(
        f'<w:{edge} w:val="single" w:sz="6" w:space="1" w:color="000000"/>' for edge in edges
    )
    borders = parse_xml(f"<w:pBdr {nsdecls('w')}>{lines}</w:pBdr>")
    paragraph._p.get_or_add_pPr().insert_element_before(
        borders, "w:shd", "w:tabs", "w:suppressAutoHyphens", "w:spacing", "w:ind", "w:jc", "w:rPr"
    )


def font(run: Any, size: float) -> None:
    """The prescribed face, at `size` points, in every script."""
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
