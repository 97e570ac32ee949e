"""The pages about the data, the badge and the widget: in both languages, without a script or a third party."""

from __future__ import annotations

import hashlib
import json
import re
from xml.etree import ElementTree

import pytest

from thuocdo.measure.service import Measure
from thuocdo.web.opendata.making import make

BADGE = "/badge/online_dossier_rate/H26.svg"
WIDGET = "/widget/online_dossier_rate/H26"


@pytest.fixture
def edition(country, today):
    folder = country.opendata_dir / today.isoformat()
    if not folder.exists():
        make(country, Measure(country), today)
    return folder


@pytest.mark.parametrize(
    ("address", "language", "words"),
    [
        ("/du-lieu-mo/", "vi", "Giấy phép:"),
        ("/en/open-data/", "en", "Licence:"),
        ("/api/", "vi", "Xếp hạng đầy đủ của một khối"),
        ("/en/api/", "en", "The whole ranking of a block"),
    ],
)
def test_the_pages_speak_the_readers_language(client, country, address, language, words):
    response = client.get(address)
    page = response.content.decode()
    assert response.status_code == 200
    assert f'<html lang="{language}"' in page
    assert page.count("<h1") == 1
    assert words in page
    assert "script-src 'self'" in response["Content-Security-Policy"]


@pytest.mark.parametrize("address", ["/du-lieu-mo/", "/api/", WIDGET])
def test_nothing_is_loaded_from_elsewhere_and_no_script_runs(client, country, address):
    page = client.get(address).content.decode()
    loaded = re.findall(r'<(?:link rel="stylesheet"|script|img|iframe)[^>]*>', page)
    assert all("://" not in tag for tag in loaded)
    assert "<script>" not in page
    assert "<script src" not in page


def test_an_empty_site_says_that_there_is_no_open_data_yet(client, empty):
    assert "Chưa có bản dữ liệu mở nào." in client.get("/du-lieu-mo/").content.decode()


def test_every_download_is_the_file_that_the_page_tells_of(client, edition, today):
    page = client.get("/du-lieu-mo/").content.decode()
    told = re.findall(rf'href="(/du-lieu-mo/{today}/[\w.]+)"', page)
    assert len(told) >= 14
    sums = dict(
        reversed(line.split("  ")) for line in (edition / "SHA256SUMS").read_text().splitlines()
    )
    for address in told:
        response = client.get(address)
        content = response.getvalue()
        assert response.status_code == 200
        assert response["Access-Control-Allow-Origin"] == "*"
        name = address.rpartition("/")[2]
        if name in sums:
            assert hashlib.sha256(content).hexdigest() == sums[name]


def test_the_page_tells_search_engines_of_the_dataset(client, edition):
    page = client.get("/du-lieu-mo/").content.decode()
    block = re.search(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    told = json.loads(block[1])
    assert told["@type"] == "Dataset"
    assert told["license"] == "https://creativecommons.org/licenses/by/4.0/"
    assert all(each["contentUrl"].startswith("http://testserver/") for each in told["distribution"])


def test_the_newest_edition_has_an_address_that_never_changes(client, edition, today):
    response = client.get("/du-lieu-mo/moi-nhat/figures.csv")
    assert response["Location"] == f"/du-lieu-mo/{today}/figures.csv"


@pytest.mark.parametrize("name", ["../secret.key", "edition.json", "x.csv"])
def test_nothing_else_can_be_downloaded(client, edition, today, name):
    assert client.get(f"/du-lieu-mo/{today}/{name}").status_code == 404


@pytest.mark.parametrize(
    ("query", "words"), [("", ("hạng 1/", "80,00%")), ("?lang=en", ("rank 1 of", "80.00%"))]
)
def test_a_badge_says_value_and_rank_in_both_languages(client, country, query, words):
    response = client.get(BADGE + query)
    assert response["Content-Type"] == "image/svg+xml"
    drawn = ElementTree.fromstring(response.content)
    label = drawn.attrib["aria-label"]
    assert all(word in label for word in words)
    assert client.get(BADGE + query, headers={"if-none-match": response["ETag"]}).status_code == 304


def test_only_the_widget_may_be_framed_and_it_leads_to_the_ranking(client, country):
    response = client.get(WIDGET)
    page = response.content.decode()
    assert "frame-ancestors *" in response["Content-Security-Policy"]
    assert "X-Frame-Options" not in response
    assert "http://testserver/xep-hang/online_dossier_rate/?block=province" in page
    assert "80,00%" in page
    english = client.get(WIDGET + "?lang=en").content.decode()
    assert "http://testserver/en/rankings/online_dossier_rate/" in english
    assert "See the whole ranking" in english
    assert "frame-ancestors 'none'" in client.get("/")["Content-Security-Policy"]
    assert client.get("/")["X-Frame-Options"] == "DENY"


def test_a_small_count_is_in_neither(client, country):
    for address in ("/badge/online_dossier_rate/H12.svg", "/widget/online_dossier_rate/H12"):
        shown = client.get(address).content.decode()
        assert "33,33" not in shown
        assert "quá nhỏ" in shown


@pytest.mark.parametrize(
    "address",
    [
        "/badge/no_such/H26.svg",
        "/badge/online_dossier_rate/H999.svg",
        "/widget/online_dossier_rate/H999",
        "/widget/online_dossier_rate/%3Cscript%3E",
    ],
)
def test_what_nobody_knows_says_so_in_its_own_form(client, country, address):
    response = client.get(address)
    assert response.status_code == 404
    assert b"<script" not in response.content
    if address.endswith(".svg"):
        ElementTree.fromstring(response.content)


def test_every_parameter_is_explained_in_both_languages(client, country):
    vietnamese = client.get("/api/").content.decode()
    english = client.get("/en/api/").content.decode()
    assert "Tổ chức bộ máy của ngày này; để trống là hôm nay." in vietnamese
    assert "The map of this day; today unless given." in english
    assert "today unless given" not in vietnamese
