"""The letter that asks an agency to raise its services: complete, addressed, and on paper as prescribed."""

from __future__ import annotations

import io
from datetime import date
from pathlib import Path

import msgspec
import openpyxl
import pytest
from docx import Document

from thuocdo.core.clock import parse_instant
from thuocdo.measure.advice.model import (
    Advice,
    Gain,
    Losses,
    Peer,
    Recommendation,
    Uptake,
)
from thuocdo.report.letter import addressee, letter, wordings
from thuocdo.report.letter_making import file_name
from thuocdo.report.render import letter_template
from thuocdo.report.render.letter_docx import docx
from thuocdo.report.render.letter_xlsx import xlsx

KNOWN = parse_instant("2026-10-02T08:30:00+07:00")
ISSUED = date(2026, 10, 5)


def service(procedure: str, gain: int, **more: object) -> Recommendation:
    given: dict[str, object] = {
        "procedure": procedure,
        "name": f"Thủ tục {procedure}",
        "level": "partial",
        "mixed": False,
        "target": "full",
        "rules": ("peers_at_full", "high_volume"),
        "dossiers": 100,
        "online": 60,
        "full_online": 0,
        "ready": gain,
        "rate": 0.0,
        "gain": Gain(gain, gain / 10, gain / 100),
        "uptake": Uptake(8, 10, 80, Gain(gain + 5, (gain + 5) / 10, None)),
        "peers_at_full": 5,
        "peers": (Peer("H29", "TP. Hồ Chí Minh", 9, 8), Peer("H57", "Huế", 1, 1)),
        "reach": (gain, 35.0),
    }
    return Recommendation(**given | more)


def advice(**more: object) -> Advice:
    given: dict[str, object] = {
        "agency": "H36",
        "name": "Lâm Đồng",
        "block": "province",
        "period_first": date(2026, 7, 1),
        "period_last": date(2026, 9, 30),
        "as_organised": date(2026, 9, 30),
        "as_known": None,
        "trust": "any",
        "version": "2024-11",
        "policy": "2026-07",
        "dossiers": 1_000,
        "full_online": 300,
        "rate": 30.0,
        "block_dossiers": 20_000,
        "block_full_online": 9_000,
        "block_rate": 45.0,
        "losses": Losses(500, 40, 60, 0, 100),
        "to_full": (
            service("1.000001", 90, reach=(90, 39.0)),
            service("1.000002", 10, reach=(100, 40.0), rules=("full_by_default",), uptake=None),
        ),
        "to_partial": (service("1.000003", 0, level="information", target="partial", reach=None),),
        "apart": (service("1.000004", 7, reason_not_full="Luật yêu cầu", reach=None, rules=()),),
        "not_listed": (),
    }
    return Advice(**given | more)


def made(**more: object):
    return letter(
        advice(**more), date=ISSUED, number=None, known=KNOWN, remark="", software="thuocdo 0"
    )


def test_what_is_asked_for_is_told_in_numbers():
    one = made()
    assert one.addressee == "Ủy ban nhân dân tỉnh Lâm Đồng"
    assert "Luật Chuyển đổi số số 148/2025/QH15" in one.opening
    assert "tiếp nhận 1.000 hồ sơ, trong đó 300 hồ sơ" in one.results[0]
    assert "đạt 30,00%" in one.results[0]
    assert "500 hồ sơ không nộp trực tuyến" in one.results[1]
    assert "bưu chính" not in one.results[1], "what took nobody out is not told"
    first, second, third = one.asks
    assert first.startswith("a) Nâng 2 dịch vụ công trực tuyến một phần lên toàn trình (Mục I ")
    assert "thêm 100 hồ sơ toàn trình" in first
    assert "tăng 10,00 điểm phần trăm, đạt 40,00%" in first
    assert "riêng 1 dịch vụ đầu tiên trong danh sách đóng góp 90,00%" in first
    assert "(Mục II của Phụ lục)" in second
    assert "1 dịch vụ đã được cơ quan khác cùng khối cung cấp toàn trình" in third
    assert one.asks_heading < one.methods_heading
    assert "đến 08 giờ 30 ngày 02/10/2026" in one.methods


def test_the_appendix_lists_every_service_under_its_heading():
    one = made()
    assert [len(part.lines) for part in one.parts] == [2, 1, 1]
    line = one.parts[0].lines[0]
    assert len(line.cells) == len(one.columns) == 12
    assert line.cells[4:11] == ["100", "60", "0", "90", "9,00", "39,00", "9,50"]
    assert line.cells[11] == (
        "5 cơ quan khác cùng khối đã cung cấp toàn trình (TP. Hồ Chí Minh, Huế và 3 cơ quan khác)"
    )
    assert one.parts[0].lines[1].cells[10] == "–", "no second scenario is not nought"
    assert (
        one.parts[2].lines[0].cells[11].startswith("Lý do nêu trong danh mục: Luật yêu cầu; 5 cơ")
    )


def test_nothing_to_ask_for_is_said_too():
    one = made(to_full=(), to_partial=(), apart=())
    assert one.asks == ["Trong kỳ không có dịch vụ nào cần đề nghị nâng mức độ."]
    assert one.parts == []
    silent = made(dossiers=0, full_online=0, rate=None, to_full=(), to_partial=(), apart=())
    assert silent.results == [
        "Từ ngày 01/07/2026 đến ngày 30/09/2026, Hệ thống EMC chưa ghi nhận hồ sơ nào của Lâm Đồng."
    ]


@pytest.mark.parametrize(
    ("code", "name", "day", "whom"),
    [
        ("H26", "Hà Nội", ISSUED, "Ủy ban nhân dân thành phố Hà Nội"),
        ("H29", "TP. Hồ Chí Minh", ISSUED, "Ủy ban nhân dân Thành phố Hồ Chí Minh"),
        ("H05", "Bắc Ninh", ISSUED, "Ủy ban nhân dân thành phố Bắc Ninh"),
        ("H05", "Bắc Ninh", date(2026, 9, 1), "Ủy ban nhân dân tỉnh Bắc Ninh"),
        ("H36.01", "Sở Y tế", ISSUED, "Sở Y tế"),
    ],
)
def test_a_letter_goes_to_whoever_answers(code, name, day, whom):
    assert addressee(wordings()[0], advice(agency=code, name=name), day) == whom


def test_word_has_the_letter_upright_and_the_appendix_sideways():
    document = Document(io.BytesIO(docx(made())))
    upright, sideways = document.sections
    assert upright.page_width < upright.page_height
    assert sideways.page_width > sideways.page_height
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert "Kính gửi: Ủy ban nhân dân tỉnh Lâm Đồng" in texts
    assert "DANH MỤC DỊCH VỤ CÔNG TRỰC TUYẾN ĐỀ NGHỊ NÂNG MỨC ĐỘ" in texts
    assert not [text for text in texts if "{" in text], "no tag is left"
    tables = [table for table in document.tables if len(table.columns) == 12]
    assert [len(table.rows) for table in tables] == [4, 3, 3]
    assert document.core_properties.created.date() == ISSUED
    assert docx(made()) == docx(made())


def test_excel_has_numbers_to_reckon_on():
    book = openpyxl.load_workbook(io.BytesIO(xlsx(made())))
    assert book.sheetnames == ["Thông tin chung", "Lên toàn trình", "Lên một phần", "Có lý do"]
    rows = list(book["Lên toàn trình"].iter_rows(min_row=4, values_only=True))
    assert rows[0][4:11] == (100, 60, 0, 90, 9, 39, 9.5)
    assert rows[1][10] is None


def test_the_template_kept_is_the_one_that_is_made(tmp_path: Path):
    letter_template.make(tmp_path / "made.docx")
    assert (tmp_path / "made.docx").read_bytes() == letter_template.TEMPLATE.read_bytes()


def test_a_file_is_named_by_agency_and_period():
    assert file_name(advice(), "docx") == "de-nghi-nang-muc-do-H36-2026-07-01-2026-09-30.docx"
    assert msgspec.json.decode(msgspec.json.encode(advice()), type=Advice) == advice()
