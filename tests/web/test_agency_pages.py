"""One agency whole: what it is held to, who is below it, what is not full, and what would help."""

from __future__ import annotations

from datetime import date

import pytest

from thuocdo.registry.models import Agency, Service
from thuocdo.web.aims import aim


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


def test_an_agency_page_shows_its_units_with_their_part(client, country):
    Agency.objects.create(code="H26.01", name="Văn phòng", kind="department", parent="H26")
    page = text_of(client, "/co-quan/H26/")
    assert "Tỷ lệ hồ sơ giải quyết đúng hạn" in page
    assert 'href="/co-quan/H26/khuyen-nghi/"' in page
    assert 'href="/so-sanh/?a=H26"' in page


def test_services_that_are_not_full_are_listed_with_the_reason(client, country):
    Service.objects.create(
        agency="H26",
        procedure="1.000009",
        level="partial",
        name="Cấp giấy phép",
        reason_not_full="Phải kiểm tra tại chỗ",
    )
    page = text_of(client, "/co-quan/H26/")
    assert 'href="/dich-vu/1.000009/"' in page
    assert "Phải kiểm tra tại chỗ" in page


def test_advice_names_no_service_with_few_dossiers(client, country):
    page = text_of(client, "/co-quan/H26/khuyen-nghi/")
    assert "Không có dịch vụ nào đủ hồ sơ để khuyến nghị" in page
    assert "Recommendations" in text_of(client, "/en/agencies/H26/advice/")


def test_advice_to_nobody_is_told_what_to_do(client, country):
    assert client.get("/co-quan/H999/khuyen-nghi/").status_code == 404


@pytest.mark.parametrize(
    ("day", "block", "agency", "value"),
    [
        (date(2024, 12, 1), "province", "H26", 30.0),
        (date(2025, 1, 1), "province", "H26", 70.0),
        (date(2026, 1, 1), "ministry", "G01", 85.0),
        (date(2026, 1, 1), "province", "H36", 70.0),
    ],
)
def test_a_line_is_held_against_the_next_target_else_the_last(db, day, block, agency, value):
    found = aim("full_online_rate", day, block=block, agency=agency)
    assert found is not None
    assert found.value == value


def test_an_indicator_without_a_target_has_none(db):
    assert aim("portal_visits", date(2026, 1, 1), block="province") is None


def test_the_target_is_drawn_and_said(client, country):
    page = text_of(client, "/co-quan/H26/")
    assert 'class="target"' in page
    assert "Chỉ tiêu 70%, đến 31/12/2025" in page
