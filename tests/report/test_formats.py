"""The five formats of one report: real files, reopened by other programs, all saying the same."""

from __future__ import annotations

import io
import json
import re
from html.parser import HTMLParser

import openpyxl
import pypdf
import pytest
from docx import Document as open_docx
from docx.shared import Mm
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from thuocdo.report.document import document
from thuocdo.report.editions import FONTS
from thuocdo.report.render import Format, docx_template, render

NUMBER = re.compile(r"\d{1,3}(?:\.\d{3})+|\d+,\d{2}%")


class Tables(HTMLParser):
    """Cells of every table of a page, row by row."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: list[list[list[str]]] = []
        self._in_cell = False

    def handle_starttag(self, tag, attrs):
        if tag == "table":
            self.tables.append([])
        elif tag == "tr":
            self.tables[-1].append([])
        elif tag in ("td", "th"):
            self.tables[-1][-1].append("")
            self._in_cell = True

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self._in_cell = False

    def handle_data(self, data):
        if self._in_cell:
            self.tables[-1][-1][-1] += data


def printed_rows(report) -> list[list[list[str]]]:
    """What every page format must show in the bodies of its tables."""
    return [
        [
            [line.top_name, line.top_value, line.bottom_name, line.bottom_value]
            for line in table.lines
        ]
        for section in document(report).sections
        for table in section.tables
    ]


def docx_tables(report) -> list[list[list[str]]]:
    opened = open_docx(io.BytesIO(render(report, Format.DOCX)))
    ranking = [table for table in opened.tables if len(table.columns) == 4]
    return [[[cell.text for cell in row.cells] for row in table.rows[2:]] for table in ranking]


def html_tables(report) -> list[list[list[str]]]:
    parser = Tables()
    parser.feed(render(report, Format.HTML).decode())
    return [table[2:] for table in parser.tables]


def pdf_text(report) -> str:
    reader = pypdf.PdfReader(io.BytesIO(render(report, Format.PDF)))
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


def numbers(cells: list[list[list[str]]]) -> set[str]:
    return {
        found for table in cells for row in table for cell in row for found in NUMBER.findall(cell)
    }


@pytest.mark.parametrize("week", ["2022-W18", "2022-W40"])
def test_word_page_and_pdf_show_the_same_rows_as_the_data(make, week):
    report = make(week)
    expected = printed_rows(report)
    assert docx_tables(report) == html_tables(report) == expected
    assert numbers(expected) <= set(NUMBER.findall(pdf_text(report)))


@pytest.mark.parametrize("form", list(Format))
def test_the_same_report_gives_the_same_bytes(w18, form):
    assert render(w18, form) == render(w18, form)


def test_the_word_file_keeps_the_decree_to_the_letter(w18):
    opened = open_docx(io.BytesIO(render(w18, Format.DOCX)))
    section = opened.sections[0]
    sizes = [section.page_width, section.page_height, section.top_margin, section.bottom_margin]
    sizes += [section.left_margin, section.right_margin]
    for size, wanted in zip(sizes, [210, 297, 20, 20, 30, 20], strict=True):
        assert abs(size - Mm(wanted)) < Mm(0.1)
    assert section.different_first_page_header_footer
    assert "PAGE" in section.header._element.xml
    assert section.first_page_header.paragraphs[0].text == ""
    assert opened.styles["Normal"].font.name == "Times New Roman"
    assert opened.styles["Normal"].font.size.pt == 13
    body = opened.styles["Noi dung"].paragraph_format
    assert abs(body.first_line_indent - Mm(12.7)) < Mm(0.1)
    assert body.space_after.pt >= 6
    head = [cell.text for row in opened.tables[0].rows for cell in row.cells]
    assert "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM" in head[1]
    assert "Độc lập - Tự do - Hạnh phúc" in head[1]
    assert head[2].startswith("Số: 09/BC-UBQGCĐS")
    assert head[3] == "Hà Nội, ngày 06 tháng 5 năm 2022"
    assert "Nơi nhận:" in opened.tables[-1].rows[0].cells[0].text
    fonts = {run.font.name for paragraph in opened.paragraphs for run in paragraph.runs}
    assert fonts <= {None, "Times New Roman"}


def test_the_word_footnote_is_a_real_one(w18):
    opened = open_docx(io.BytesIO(render(w18, Format.DOCX)))
    notes = next(part for part in opened.part.package.iter_parts() if "footnotes" in part.partname)
    assert "Hệ thống EMC" in notes.blob.decode()
    assert 'w:footnoteReference w:id="1"' in opened.element.xml


def test_the_word_template_in_the_repository_is_what_its_script_makes(tmp_path):
    made = tmp_path / "weekly.docx"
    docx_template.make(made)
    assert made.read_bytes() == docx_template.TEMPLATE.read_bytes()


def test_the_pdf_embeds_its_fonts_and_numbers_pages_from_the_second(w18):
    reader = pypdf.PdfReader(io.BytesIO(render(w18, Format.PDF)))
    descriptors = []
    for page in reader.pages:
        for font in page["/Resources"]["/Font"].values():
            descriptors += [one.get_object() for one in font.get_object()["/DescendantFonts"]]
    assert descriptors
    for font in descriptors:
        assert "LiberationSerif" in font["/BaseFont"]
        assert "/FontFile2" in font["/FontDescriptor"]
    assert float(reader.pages[0].mediabox.width) == pytest.approx(595.28, abs=0.1)
    assert not reader.pages[0].extract_text().strip().startswith("1")
    assert reader.pages[1].extract_text().strip().startswith("2")
    assert reader.metadata.title == w18.report


def test_the_pdf_says_what_the_word_file_says(w18):
    text = pdf_text(w18)
    for part in (
        "CỘNG HÒA XÃ HỘI CHỦ NGHĨA VIỆT NAM",
        "Số: 09/BC-UBQGCĐS",
        "LƯU HÀNH NỘI BỘ",
        "Bảng 1 – Tổng số lượt truy cập Cổng Thông tin điện tử của các bộ",
        "24,89%",
        "Nơi nhận:",
        "- Lưu: VT",
    ):
        assert part in text


def test_the_workbook_holds_every_ranking_with_its_fractions(w18):
    book = openpyxl.load_workbook(io.BytesIO(render(w18, Format.XLSX)))
    assert book.sheetnames == ["Thông tin chung", *(table.sheet for table in w18.tables.values())]
    for table in w18.tables.values():
        sheet = book[table.sheet]
        read = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=5, max_col=10)]
        for row, cells in zip(table.ranking, read, strict=False):
            assert cells[:3] == [row.rank, row.agency, row.name]
            assert cells[3:6] == [row.value, row.numerator, row.denominator]
            assert cells[6:9] == [4, 5, 80]
    summary = " ".join(str(cell.value) for row in book["Thông tin chung"].rows for cell in row)
    assert "24.89" in summary
    assert "09/BC-UBQGCĐS" in summary


def test_the_page_stands_alone(w18):
    page = render(w18, Format.HTML).decode()
    assert '<html lang="vi">' in page
    assert "<script" not in page
    assert "http" not in re.sub(r"http://www\.w3\.org/\S+", "", page)
    assert page.count("<caption>") == 6


def test_a_report_without_a_single_value_is_still_a_report_and_says_so(empty):
    assert docx_tables(empty) == html_tables(empty) == [[]] * 6
    for text in (pdf_text(empty), render(empty, Format.HTML).decode()):
        assert "Chưa có cơ quan nào có số liệu được xếp hạng trong kỳ." in text
        assert "(Số liệu mô phỏng)" in text
    assert "Hình 1" not in pdf_text(empty)
    openpyxl.load_workbook(io.BytesIO(render(empty, Format.XLSX)))
    assert json.loads(render(empty, Format.JSON))["national"] == {
        "online_dossier_rate_mean": None,
        "online_dossier_rate_ratio_of_sums": None,
    }


# Typst, Word and browsers each have characters of their own to trip over.
AWKWARD = "<b>&{{x}} #*_$`@\\ {%p if %}"
LETTERS = st.characters(min_codepoint=33, max_codepoint=0x1EF9, exclude_categories=["C", "Z", "M"])


@settings(
    max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(LETTERS, min_size=1, max_size=40))
def test_a_name_of_any_letters_passes_through_unchanged(make, name):
    report = make("2022-W18")
    report.tables["1"].top[0] = (f"{name} {AWKWARD} {name}", 9_941_921)
    assert docx_tables(report) == html_tables(report) == printed_rows(report)


def test_a_name_that_looks_like_code_is_set_as_it_is_in_the_pdf(make):
    report = make("2022-W18")
    report.tables["1"].top[0] = (AWKWARD, 9_941_921)
    assert "".join(AWKWARD.split()) in "".join(pdf_text(report).split())


def test_the_fonts_come_with_their_licence():
    assert "SIL OPEN FONT LICENSE" in (FONTS / "LICENSE.txt").read_text(encoding="utf-8")
    assert len(list(FONTS.glob("LiberationSerif-*.ttf"))) == 4
