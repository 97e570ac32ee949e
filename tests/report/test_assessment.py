"""A published round in four formats: the same figures in each, the same bytes each time."""

from __future__ import annotations

import io
from decimal import Decimal

import docx
import msgspec
import openpyxl
import pytest
from docx.oxml.ns import qn
from pypdf import PdfReader

from thuocdo.assess import results as probed
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.results import Fault, Remark, measured, unmeasured
from thuocdo.assess.rounds.publication import Publication, publication
from thuocdo.assess.rounds.table import OWN, Graded
from thuocdo.assess.scoring import grade
from thuocdo.report.render.assessment import RENDERERS

SET = criteria_set("2024")
HOSTILE = "{detail} =cmd()|'/c calc'!A1 <script>#import \"x\"</script>"
UNFIT = "\x00\x0b\x1b\ud83d\ufffe\u202e"
"""What no XML, no UTF-8 and no reader should get; a page may hold it, and people paste it."""


def graded(code: str, name: str, *results, **points: Decimal) -> Graded:
    found = probed.points(SET, results) | {"functions": Decimal(40)}
    return Graded(
        code,
        name,
        "province",
        "Nhà cung cấp A",
        f"https://{code}.vn/",
        grade(SET, found),
        found,
        list(results),
    )


@pytest.fixture(scope="module")
def published() -> Publication:
    title = measured("interface.title", Decimal(1), 1)
    weak = measured("security.hsts", Decimal("0.5"), 1, Remark("hsts_short", {"seconds": "300", "wanted": "31536000"}))  # fmt: skip
    told = measured("security.exposed_version", Decimal(0), 1, Remark("version_shown", {"where": "server", "value": HOSTILE + UNFIT}, HOSTILE + UNFIT))  # fmt: skip
    dead = [
        unmeasured(check, Fault.TIMEOUT, "8 s", 1) for check in ("interface.title", "security.hsts")
    ]
    return publication(
        code="2026-1",
        is_trial=False,
        at=1_796_000_000_000_000,
        criteria=SET,
        rules_sha256="ab" * 32,
        software="thuocdo test",
        graded=[
            graded("a", "Cổng Cần Thơ", title, weak, told),
            graded("b", "Cổng Đắk Lắk", *dead),
        ],
    )


def text_of(form: str, made: bytes) -> str:
    if form == "pdf":
        return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(made)).pages)
    if form == "docx":
        found = docx.Document(io.BytesIO(made))
        cells = [cell.text for table in found.tables for row in table.rows for cell in row.cells]
        return " ".join([*(each.text for each in found.paragraphs), *cells])
    if form == "xlsx":
        book = openpyxl.load_workbook(io.BytesIO(made))
        rows = (row for sheet in book for row in sheet.iter_rows(values_only=True))
        return " ".join(str(cell) for row in rows for cell in row if cell is not None)
    return made.decode()


@pytest.mark.parametrize("form", RENDERERS)
def test_every_format_says_who_stands_where_and_what_was_seen(published, form):
    text = " ".join(text_of(form, RENDERERS[form](published)).split())
    for said in ("Cổng Cần Thơ", "Cổng Đắk Lắk", "2026-1", "31536000", "Nhà cung cấp A"):
        assert said in text
    if form != "json":
        assert "không xếp hạng" in text
        assert "Cách sửa: Đặt Strict-Transport-Security" in text
        assert "Trách nhiệm: đơn vị vận hành trang" in text


@pytest.mark.parametrize("form", RENDERERS)
def test_the_same_publication_gives_the_same_bytes(published, form):
    assert RENDERERS[form](published) == RENDERERS[form](published)


def test_numbers_are_numbers_in_the_workbook_and_what_a_page_said_is_text(published):
    book = openpyxl.load_workbook(io.BytesIO(RENDERERS["xlsx"](published)))
    sheet = book["Khối tỉnh thành phố"]
    row = next(row for row in sheet.iter_rows() if row[2].value == "Cổng Cần Thơ")
    assert (row[0].value, row[4].value) == (1, 41.25)
    cells = [cell for page in book for line in page.iter_rows() for cell in line]
    assert not any(cell.data_type == "f" for cell in cells)
    assert any(HOSTILE in str(cell.value) for cell in cells)


def test_the_json_is_the_publication(published):
    assert msgspec.json.decode(RENDERERS["json"](published), type=Publication) == published


def test_what_assessors_judge_is_listed_with_its_points_or_with_whose_turn_it_is():
    given = {
        "functions.account": Decimal(5),
        "functions.signing": Decimal(2),
        "functions.store": None,
    }
    found = Graded("a", "Cổng A", "province", "", "https://a.vn/", grade(SET, given), given, [])
    made = publication(
        code="x",
        is_trial=False,
        at=1,
        criteria=SET,
        rules_sha256="",
        software="",
        graded=[found],
    )
    lines = {each.check: each for each in made.systems[0].checks}
    told = [lines[f"functions.{name}"] for name in ("account", "signing", "store")]
    assert [(each.outcome, each.points) for each in told] == [
        ("pass", Decimal(5)),
        ("fail", Decimal(2)),
        ("unmeasured", None),
    ]
    assert told[1].fix is not None
    assert (told[2].fault, told[2].blame) == ("not_marked", "us")
    for render in RENDERERS.values():
        assert render(made)


def test_a_round_of_our_own_site_alone_is_printed_outside_the_ranking():
    rules = criteria_set("site-2026")
    found = Graded("emc", "Hệ thống EMC", OWN, "", "https://a.vn/", grade(rules, {}), {}, [])
    made = publication(
        code="own",
        is_trial=False,
        at=1,
        criteria=rules,
        rules_sha256="",
        software="",
        graded=[found],
    )
    assert made.blocks == []
    text = "".join(
        page.extract_text() for page in PdfReader(io.BytesIO(RENDERERS["pdf"](made))).pages
    )
    assert "ngoài xếp hạng" in text
    for render in RENDERERS.values():
        assert render(made)


def test_points_that_stand_in_no_document_are_marked_wherever_they_are_shown(published):
    word = docx.Document(io.BytesIO(RENDERERS["docx"](published)))
    heads = [[cell.text for cell in table.rows[0].cells] for table in word.tables]
    assert ["Tiêu chí", "Kết quả", "Điểm", "Trên (*)", "Điều đã thấy"] in heads
    assert not any(head.endswith(" *") for row in heads for head in row)  # its groups are published
    said = " ".join(paragraph.text for paragraph in word.paragraphs)
    assert "(*) Điểm tối đa do hệ thống này cấu hình" in said
    pdf = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(RENDERERS["pdf"](published))).pages)  # fmt: skip
    assert "Trên (*)" in pdf
    told = msgspec.json.decode(RENDERERS["json"](published))
    lines = {each["check"]: each for each in told["systems"][0]["checks"]}
    assert (told["configured_groups"], lines["security.hsts"]["configured"]) == ([], True)


def test_groups_whose_points_are_ours_are_marked_too():
    rules = criteria_set("2023")
    title = measured("interface.title", Decimal(1), 1)
    points = probed.points(rules, [title])
    system = Graded(
        "a", "A", "province", "", "https://a.vn/", grade(rules, points), points, [title]
    )
    made = publication(code="r", is_trial=False, at=1, criteria=rules, rules_sha256="", software="", graded=[system])  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(RENDERERS["xlsx"](made)))
    heads = [cell.value for cell in book.worksheets[2][4]]
    assert "Giao diện và hướng dẫn *" in heads


def test_what_was_published_before_marks_were_told_is_marked_by_its_rules(published):
    whole = msgspec.to_builtins(published)
    del whole["configured_groups"]
    for line in whole["systems"][0]["checks"]:
        del line["configured"]
    old = msgspec.convert(whole, Publication)
    assert all(each.is_configured(old.rules_official) for each in old.systems[0].checks if each.of)


def test_in_word_headings_are_on_every_page_and_no_row_is_split(published):
    word = docx.Document(io.BytesIO(RENDERERS["docx"](published)))
    for table in word.tables:
        first, *others = [row._tr.trPr for row in table.rows]
        assert first.find(qn("w:tblHeader")) is not None
        assert all(each.find(qn("w:cantSplit")) is not None for each in (first, *others))
        assert table.columns[0].width == table.rows[0].cells[0].width


def test_what_hindered_all_looks_at_a_system_is_said_once(published):
    word = docx.Document(io.BytesIO(RENDERERS["docx"](published)))
    rows = [[cell.text for cell in row.cells] for row in word.tables[-1].rows[1:]]
    (hindered,) = [row for row in rows if "8 s" in row[4]]
    assert hindered[0] == "Tiêu đề trang riêng, có nghĩa; HSTS"
    assert hindered[3] == "2,00"
