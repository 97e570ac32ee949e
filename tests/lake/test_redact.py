"""Personal numbers go, codes and dates stay."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from thuocdo.lake.enrich import Place, client_of, host_of, place_of
from thuocdo.lake.redact import redact


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("/ho-so/001099012345", "/ho-so/{id}"),
        ("/ho-so/001 099 012345/x", "/ho-so/{id}/x"),
        ("/cmnd/123456789.html", "/cmnd/{id}.html"),
        ("/dn/0101234567", "/dn/{tax}"),
        ("/dn/0101234567-001", "/dn/{tax}"),
        ("/dn/0101234567001", "/dn/{tax}"),
        ("/goi/0912345678", "/goi/{phone}"),
        ("/goi/0912.345.678", "/goi/{phone}"),
        ("/goi/091 234 5678", "/goi/{phone}"),
        ("/goi/+84912345678", "/goi/{phone}"),
        ("/goi/84912345678", "/goi/{phone}"),
        ("/goi/024.3822.1234", "/goi/{phone}"),
        ("/goi/(0234)3822123", "/goi/{phone}"),
        ("/thu/nguyen.van.a@gmail.com/xem", "/thu/{email}/xem"),
        ("/tra-cuu/000.00.16.H40-220430-0012", "/tra-cuu/{dossier}"),
        ("/tra-cuu/H40.16-220430-0012", "/tra-cuu/{dossier}"),
    ],
)
def test_a_personal_number_is_replaced(text: str, clean: str) -> None:
    assert redact(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "/thu-tuc/1.004194",
        "/thu-tuc/2.000635.000.00.00.H13",
        "/co-quan/000.00.16.H40",
        "/tin/2022-04-30",
        "/tin/30-04-2022",
        "/tin/20220430",
        "/tin/2022/04/30/bai-12345",
        "/tin/ngay-05-05-2022",
        "/tin/bai-viet-119220430141516125.htm",
        "/tin/20220430123456",
        "/H57.98.38/gioi-thieu",
    ],
)
def test_codes_dates_and_article_numbers_stay(text: str) -> None:
    assert redact(text) == text


@given(st.integers(1, 96), st.integers(0, 10**9 - 1), st.sampled_from(["/", "-", "_", "=", " "]))
@settings(max_examples=60)
def test_no_citizen_number_survives_whatever_stands_around_it(
    province: int, rest: int, edge: str
) -> None:
    number = f"{province:03d}{rest:09d}"
    assert number not in redact(f"x{edge}{number}{edge}y")


def test_an_address_loses_its_query_but_for_the_allowed_names() -> None:
    assert place_of("https://WWW.Hue.gov.vn:443/tin/?tabid=7&ten=Nguyen+Van+A#x") == Place(
        "www.hue.gov.vn", "/tin/?tabid=7", None
    )


def test_encoding_hides_nothing() -> None:
    assert place_of("http://a.vn/x/nguyen%40gmail.com") == Place("a.vn", "/x/{email}", None)
    assert place_of("http://a.vn/x?id=001099012345").path == "/x?id={id}"
    assert place_of("http://nguyen.van.a:pw@a.vn/x").host == "a.vn"


def test_a_service_page_names_its_procedure() -> None:
    assert place_of("https://dvc.vn/tt?ma_thu_tuc=1.004194.000.00.00.H13").procedure == "1.004194"
    assert place_of("https://dvc.vn/tt?maTTHC=2.000635").procedure == "2.000635"
    assert place_of("https://dvc.vn/tt?maTTHC=abc").procedure is None


def test_vietnamese_paths_are_kept_readable() -> None:
    assert place_of("http://a.vn/th%E1%BB%A7-t%E1%BB%A5c").path == "/thủ-tục"


def test_a_referrer_leaves_only_its_host() -> None:
    assert host_of("https://www.google.com/search?q=nguyen") == "www.google.com"
    assert host_of("") is None


CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0.0.0 Safari/537.36"


def test_people_and_machines_are_told_apart() -> None:
    human = client_of(CHROME)
    assert (human.device, human.browser, human.os, human.bot) == (
        "desktop",
        "Chrome",
        "Windows",
        None,
    )
    assert client_of("").bot == "empty_agent"
    assert client_of(CHROME.replace("Chrome", "HeadlessChrome")).bot is None
    assert client_of(f"{CHROME} Puppeteer").bot == "automation"
    assert client_of("Mozilla/5.0 (compatible; Googlebot/2.1)").bot == "crawler"
    assert client_of("curl/8.0").bot == "crawler"
    assert client_of("Mozilla/5.0 (compatible; UptimeRobot/2.0)").bot == "monitor"
    assert client_of(f"{CHROME} Chrome-Lighthouse").bot == "monitor"
    assert client_of("Mozilla/5.0 (Unknown; Linux) PhantomJS/2.1.1 Safari/538.1").bot == "headless"
