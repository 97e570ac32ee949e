"""Whatever the address says, the answer is a page that says what is wrong and what to do."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

IMPOSSIBLE = (
    "/ban-do/online_dossier_rate/?from=2022-05-01&to=2022-04-30",
    "/dich-vu/1.004194/?period=9999",
    "/chat-luong/?from=0001-01-01&to=9999-12-31",
    "/so-sanh/?a=H26&a=%00",
    "/co-quan/H26/khuyen-nghi/?trust=some",
    "/?from=2022-05-01&to=2022-04-30",
    "/?from=yesterday",
    "/?period=9999",
    "/?period=2022-W99",
    "/?period=0001",
    "/?from=0001-01-01&to=9999-12-31",
    "/?as_organised=31/12/2025",
    "/?trust=some",
    "/xep-hang/online_dossier_rate/?block=planet",
    "/xep-hang/online_dossier_rate/?version=1999-01",
    "/xep-hang/online_dossier_rate/?format=exe",
    "/xep-hang/online_dossier_rate/?block=%00",
    "/xep-hang/online_dossier_rate/?period=" + "9" * 5000,
)
NOWHERE = (
    "/ban-do/no_such_indicator/",
    "/phuong-phap/no_such_indicator/",
    "/dich-vu/no-such-procedure/",
    "/dich-vu/a%00b/",
    "/co-quan/a%00b/",
    "/co-quan/H999/khuyen-nghi/",
    "/con-so/nothing",
    "/con-so/%3Cscript%3E",
    "/nowhere/",
    "/xep-hang/no_such_indicator/",
    "/co-quan/H999/",
    "/co-quan/%3Cscript%3Ealert(1)%3C%2Fscript%3E/",
    "/bao-cao/2022-W18.pdf",
    "/bao-cao/2022-W18.exe",
)


@pytest.mark.parametrize("address", IMPOSSIBLE)
def test_an_impossible_choice_is_refused_with_a_way_out(client, country, address):
    response = client.get(address)
    page = response.content.decode()
    assert response.status_code == 400
    assert "Yêu cầu chưa đúng" in page
    assert "Về trang Tổng quan" in page
    assert "Traceback" not in page


@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_that_leads_nowhere_is_a_clear_404(client, country, address):
    response = client.get(address)
    assert response.status_code == 404
    assert "Không tìm thấy" in response.content.decode()
    assert "<script>alert" not in response.content.decode()


def test_refusals_speak_the_readers_language(client, country):
    page = client.get("/en/?from=2022-05-01&to=2022-04-30").content.decode()
    assert "This is not a possible period." in page
    assert "Kỳ báo cáo" not in page
    assert "There is no agency with the code" in client.get("/en/agencies/H999/").content.decode()


def test_our_own_fault_is_a_page_in_words(client, country, monkeypatch):
    from thuocdo.web import board

    monkeypatch.setattr(board, "headline", lambda: 1 / 0)
    client.raise_request_exception = False
    response = client.get("/")
    assert response.status_code == 500
    assert "Hệ thống gặp lỗi" in response.content.decode()
    assert "ZeroDivisionError" not in response.content.decode()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(
        ["period", "from", "to", "block", "version", "as_organised", "held", "trust", "format"]
    ),
    st.text(max_size=60),
)
def test_no_query_string_makes_the_site_fail(client, country, name, value):
    response = client.get("/xep-hang/portal_visits/", {name: value})
    assert response.status_code in {200, 400}


def test_a_foreign_host_name_is_refused_in_words(client, country):
    client.raise_request_exception = False
    response = client.get("/", headers={"host": "elsewhere.example"})
    assert response.status_code == 400
    assert "Máy chủ không đọc được yêu cầu này." in response.content.decode()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/co-quan/%00/", 404),
        ("/en/agencies/H26%00/", 404),
        ("/tim-kiem/?q=c%00n", 400),
        ("/api/v1/agencies/%00", 404),
        ("/api/v1/agencies?block=%00", 400),
    ],
)
def test_a_null_character_is_refused_before_anybody_looks_for_it(client, country, path, status):
    answer = client.get(path)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith(
        "application/problem+json" if path.startswith("/api") else "text/html"
    )


def test_a_null_character_in_a_form_is_refused(client, country):
    assert client.post("/login", {"login": "a\0b", "password": "x"}).status_code == 400
