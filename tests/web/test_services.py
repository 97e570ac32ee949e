"""Services across agencies, search without accents, and comparisons."""

from __future__ import annotations

import re

import pytest
from django.utils.html import escape

SERVICE = "/dich-vu/1.004194/"


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def row_of(page: str, agency: str) -> str:
    row = page[page.index(f"/co-quan/{agency}/") :]
    return row[: row.index("</tr>")]


def test_a_service_is_shown_across_agencies_with_level_volume_and_share(client, country):
    page = text_of(client, SERVICE)
    assert "Đăng ký tạm trú" in page
    row = row_of(page, "H26")
    assert "Toàn trình" in row
    assert 'data-label="Hồ sơ">100<' in row
    assert "80/100" in row


def test_a_figure_of_a_service_leads_to_its_passport(client, country):
    row = row_of(text_of(client, SERVICE), "H26")
    (address,) = set(re.findall(r'href="(/con-so/online_dossier_rate[^"]+)"', row))
    page = text_of(client, address)
    assert "Tính lại bây giờ vẫn ra đúng con số đã công bố." in page
    assert "Đăng ký tạm trú" in page


def test_a_service_with_few_dossiers_tells_none_of_them(client, country):
    row = row_of(text_of(client, SERVICE), "H12")
    assert "1/3" not in row
    assert ">3<" not in row


def test_the_busiest_services_are_listed(client, country):
    assert f'href="{SERVICE}"' in text_of(client, "/dich-vu/")


def test_an_unknown_procedure_is_told_what_to_do(client, country):
    response = client.get("/dich-vu/9.999999/")
    assert response.status_code == 404
    assert "trang Tìm kiếm" in response.content.decode()


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("can tho", "Cần Thơ"),
        ("CẦN THƠ", "Cần Thơ"),
        ("da nang", "Đà Nẵng"),
        ("đà nẵng", "Đà Nẵng"),
        ("dang ky tam tru", "Đăng ký tạm trú"),
        ("1.004194", "Đăng ký tạm trú"),
        ("ho so truc tuyen", "Tỷ lệ hồ sơ trực tuyến"),
        ("000.00.00.H26", "Hà Nội"),
        ("H26", "Hà Nội"),
    ],
)
def test_search_needs_no_accents(client, country, wanted, found):
    page = text_of(client, f"/tim-kiem/?q={wanted}")
    assert f">{found}</a>" in page


def test_search_says_when_nothing_matches(client, country):
    assert "Không tìm thấy gì khớp với" in text_of(client, "/tim-kiem/?q=zzzzqq")
    assert "Nothing matches" in text_of(client, "/en/search/?q=zzzzqq")


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", "' OR 1=1 --", "%", "\\", "../../etc/passwd", "{{7*7}}"],
)
def test_a_hostile_search_is_only_text(client, country, hostile):
    response = client.get("/tim-kiem/", {"q": hostile})
    assert response.status_code == 200
    page = response.content.decode()
    assert "<script>alert" not in page
    assert escape(hostile) in page


@pytest.mark.parametrize("wanted", ["x" * 5000, "a\x00b"])
def test_a_search_that_is_none_is_told_what_to_do(client, country, wanted):
    assert client.get("/tim-kiem/", {"q": wanted}).status_code == 400


def test_two_agencies_stand_side_by_side(client, country):
    page = text_of(client, "/so-sanh/?a=H26&a=H14")
    assert "80/100" in page
    assert "20/60" in page
    assert "Các cơ quan thuộc hai khối" not in page
    assert "Các cơ quan thuộc hai khối" in text_of(client, "/so-sanh/?a=H26&a=G02")


def test_one_agency_asks_for_another(client, country):
    assert "Chọn thêm ít nhất một cơ quan nữa" in text_of(client, "/so-sanh/?a=H26")


@pytest.mark.parametrize("asked", ["a=H26&a=nowhere", "a=H26&a=H14&a=H29&a=G01&a=G02", "a=%27"])
def test_a_comparison_of_what_is_not_there_is_told_what_to_do(client, country, asked):
    response = client.get(f"/so-sanh/?{asked}")
    assert response.status_code == 400
    assert 'class="notice warn"' in response.content.decode()
