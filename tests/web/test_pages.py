"""The public pages, in both languages, on real figures."""

from __future__ import annotations

import csv
import gzip
import io
import json

import pytest

from thuocdo.core.vietnamese import format_percent
from thuocdo.measure.service import Measure
from thuocdo.web import choosing

PAGES = (
    "/",
    "/xep-hang/online_dossier_rate/",
    "/xep-hang/portal_visits/?block=ministry",
    "/co-quan/",
    "/co-quan/H26/",
    "/bao-cao/",
    "/phuong-phap/",
    "/connect?site=391&style=external",
)
ENGLISH = (
    "/en/",
    "/en/rankings/online_dossier_rate/",
    "/en/rankings/portal_visits/?block=ministry",
    "/en/agencies/",
    "/en/agencies/H26/",
    "/en/reports/",
    "/en/methods/",
    "/en/connect?site=391",
)
LARGEST_PAGE = 60 * 1024


def text_of(client, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.content.decode()


@pytest.mark.parametrize("address", PAGES + ENGLISH)
def test_every_page_answers_in_its_language_and_stays_small(client, country, address):
    page = text_of(client, address)
    language = "en" if address.startswith("/en/") else "vi"
    assert f'<html lang="{language}"' in page
    assert page.count("<h1") == 1
    assert len(gzip.compress(page.encode())) < LARGEST_PAGE


@pytest.mark.parametrize("address", PAGES + ENGLISH)
def test_every_page_renders_before_anything_was_measured(client, empty, address):
    response = client.get(address)
    assert response.status_code == (404 if "H26" in address else 200)


def test_an_empty_overview_says_so_in_both_languages(client, empty):
    assert "Chưa có số liệu nào được đo." in text_of(client, "/")
    assert "Nothing has been measured yet." in text_of(client, "/en/")


def test_the_ranking_shows_measures_own_figures(client, country, today):
    page = text_of(client, "/xep-hang/online_dossier_rate/?block=province")
    period = choosing.preset_period(choosing.DEFAULT_PRESET, today)
    figures = Measure(country).figures("online_dossier_rate", period, block="province")
    ranked = [figure for figure in figures if figure.rank is not None]
    assert [(f.agency, f.numerator, f.denominator) for f in ranked] == [
        ("H26", 80, 100),
        ("H29", 44, 55),
        ("H31", 9, 19),
        ("H12", 1, 3),  # what Bạc Liêu had is Cà Mau's now
        ("H14", 20, 60),
    ]
    for figure in (figure for figure in ranked if figure.agency not in ("H12", "H31")):
        assert f'href="/co-quan/{figure.agency}/">{figure.name}<' in page
        assert f">{format_percent(figure.value)}</a>" in page
        assert f"<small>{figure.numerator}/{figure.denominator}</small>" in page
    assert page.index(ranked[0].name) < page.index(ranked[4].name)


def test_counts_that_are_too_small_are_published_nowhere(client, country):
    """One of three dossiers: a neighbour would know whose they are."""
    ranking = "/xep-hang/online_dossier_rate/?block=province"
    page = text_of(client, ranking)
    assert "không công bố vì số hồ sơ quá nhỏ" in page[page.index('id="unranked"') :]
    assert "1/3" not in page
    for row in json.loads(client.get(ranking + "&format=json").content)["rows"]:
        if row["agency"] == "H12":
            assert (row["numerator"], row["denominator"], row["value"]) == (None, None, None)
            assert (row["rank"], row["flags"]) == (None, ["suppressed"])
    own = text_of(client, "/co-quan/H12/")
    assert "1/3" not in own
    assert "33,33" not in own


def test_equals_share_a_rank_and_the_next_one_is_skipped(client, country):
    page = text_of(client, "/xep-hang/online_dossier_rate/?block=province")
    assert page.count('data-label="Hạng">1<') == 2
    assert 'data-label="Hạng">3<' in page
    assert 'data-label="Hạng">2<' not in page


def test_agencies_without_a_rank_are_listed_with_the_reason(client, country):
    page = text_of(client, "/xep-hang/online_dossier_rate/?block=province")
    unranked = page[page.index('id="unranked"') :]
    assert "Đà Nẵng" in unranked
    assert "chưa có số liệu trong kỳ" in unranked


def test_the_downloads_hold_exactly_the_table(client, country, today):
    address = "/xep-hang/online_dossier_rate/?block=province&format="
    table = client.get(address + "csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(table)))
    data = json.loads(client.get(address + "json").content)
    period = choosing.preset_period(choosing.DEFAULT_PRESET, today)
    figures = Measure(country).figures("online_dossier_rate", period, block="province")
    assert len(rows) == len(data["rows"]) == len(figures) == 34
    assert {row["agency"] for row in rows} == {figure.agency for figure in figures}
    assert [row["agency"] for row in data["rows"]][:3] == ["H26", "H29", "H14"]
    assert data["rows"][2]["value"] == 33.33
    assert rows[2]["value"] == "33.33"


def test_the_overview_counts_today_and_names_both_national_values(client, country):
    page = text_of(client, "/")
    assert '<dd data-value="views">10</dd>' in page
    assert '<dd data-value="visits">10</dd>' in page
    assert "64,44%" in page  # mean of 80, 80 and 33,33
    assert "66,98%" in page  # 144 of 215
    assert "<small>144/215</small>" in page
    assert json.loads(client.get("/live.json").content)["views"] == "10"


def test_a_chart_has_a_title_a_description_and_its_table(client, country):
    page = text_of(client, "/co-quan/H26/")
    chart = page[page.index('<svg class="chart"') :]
    assert "<title id=" in chart
    assert "<desc id=" in chart
    assert "Bảng số liệu" in chart


def test_an_agency_is_found_by_both_written_forms_of_its_code(client, country):
    response = client.get("/co-quan/000.00.00.H26/?period=30d")
    assert response.status_code == 302
    assert response["Location"] == "/co-quan/H26/?period=30d"


def test_an_agency_page_names_its_sites_and_when_they_were_last_heard(client, country):
    page = text_of(client, "/co-quan/H26/")
    assert "Cổng H26" in page
    assert "h26.vn" in page
    assert "Toàn trình" in page
    assert "00:00:04" in page


def test_a_merged_province_names_its_successor_and_the_successor_its_predecessors(client, country):
    assert 'href="/co-quan/H60/"' in text_of(client, "/co-quan/H22/")  # Hà Giang → Tuyên Quang
    assert "Hà Giang" in text_of(client, "/co-quan/H60/")


def test_english_pages_name_agencies_in_english(client, country):
    page = text_of(client, "/en/rankings/online_dossier_rate/?block=ministry")
    assert "Ministry of Industry and Trade" in page
    assert "Bộ Công Thương" not in page


def test_agencies_are_searched_without_accents(client, country):
    page = text_of(client, "/co-quan/?q=ha+noi")
    assert "Hà Nội" in page
    assert "Cao Bằng" not in page


def test_the_language_link_leads_to_the_same_page_and_choice(client, country):
    page = text_of(client, "/xep-hang/portal_visits/?block=ministry")
    assert 'href="/en/rankings/portal_visits/?block=ministry"' in page


def test_the_chosen_theme_is_kept_without_script(client, country):
    response = client.post("/theme", {"theme": "dark", "next": "/co-quan/"})
    assert response["Location"] == "/co-quan/"
    assert 'data-theme="dark"' in text_of(client, "/")
    client.post("/theme", {"theme": ""})
    assert "data-theme" not in text_of(client, "/")


def test_the_theme_never_sends_a_reader_to_a_foreign_site(client, db):
    response = client.post("/theme", {"theme": "dark", "next": "https://example.org/"})
    assert response["Location"] == "/"


def test_health_robots_and_the_mark_answer(client, db):
    assert client.get("/health").json()["status"] == "ok"
    assert b"User-agent" in client.get("/robots.txt").content
    assert client.get("/favicon.ico").status_code == 302
