"""A site's page tells what came of it, what was refused and what to do; and nothing of what was sent."""

from __future__ import annotations

import csv
import gzip
import io
import json
from typing import Any

import pyarrow as pa
import pytest
from playwright.sync_api import sync_playwright

from thuocdo.core import clock
from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import BotReason, Feed, RejectReason, Trust
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh
from thuocdo.registry.models import Agency, Site, System
from thuocdo.web import advice, sheets

HOUR_US = 3_600_000_000
NOW = clock.now_us()
HIDDEN_CELLS = """[...document.querySelectorAll("tbody td")]
    .filter((cell) => cell.textContent && !cell.getClientRects().length).length"""
SECRET_PAYLOAD = "payload-that-nobody-may-see"


def rows() -> dict[str, list[dict[str, Any]]]:
    """Views and robots of a portal, dossiers and refusals of a one-stop system, a stranger."""

    def landed(hours: float, feed: str, trust: str = "unverified") -> dict[str, Any]:
        at = NOW - int(hours * HOUR_US)
        return {"landed_at": clock.to_datetime(at), "segment": "w/1", "event_id": 0,
                "feed": feed, "trust": trust}  # fmt: skip

    def view(hours: float, site: int, bot: str | None = None) -> dict[str, Any]:
        at = NOW - int(hours * HOUR_US)
        return {"day": clock.local_day(at), "event_time": clock.to_datetime(at), "site_id": site,
                "visitor": 1, "kind": "view", "bot": bot, **landed(hours, "tracking")}  # fmt: skip

    def reject(hours: float, site: int, reason: str, feed: str = "mcdt") -> dict[str, Any]:
        at = NOW - int(hours * HOUR_US)
        return {"day": clock.local_day(at), "site_id": site, "reason": reason, "detail": "",
                "payload": SECRET_PAYLOAD, **landed(hours, feed)}  # fmt: skip

    at = clock.to_datetime(NOW)
    event = {"home_month": "2026-11", "dossier_hi": 1, "dossier_lo": 2, "system": "H26-one_stop",
             "agency": "H26", "procedure": "1.004194", "status": "received", "event_time": at,
             "quality": [], **landed(0, "canonical", "verified")}  # fmt: skip
    return {
        "page_views": [
            *(view(0, 391) for _ in range(7)),
            *(view(30, 391) for _ in range(3)),
            view(0, 391, "crawler"),
            *(view(24 * 2 + minute / 60, 392) for minute in range(600)),
            view(24 * 20, 394),
            view(0, 395, "headless"),
        ],
        "dossier_events": [event, event | {"dossier_hi": 2}],
        "rejects": [
            reject(0, 500, "unknown_procedure"),
            reject(24 * 3, 500, "unknown_procedure"),
            reject(0, 391, "foreign_host", "tracking"),
            reject(1, 931, "unknown_site", "tracking"),
            reject(0, 931, "unknown_site", "tracking"),
        ],
    }


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """An instance that heard those rows."""
    found = instance.load({"THUOCDO_HOME": str(tmp_path_factory.mktemp("sites") / "home")})
    found.make_folders()
    lake = Lake.open(found)
    lake.create()
    site = {"site_id": 500, "system": "H26-one_stop", "agency": "H26", "kind": "one_stop"}
    schema, _ = DIMENSIONS["sites"]
    hanoi = {"code": "H26", "name": "Hà Nội", "kind": "province"}
    agencies, _ = DIMENSIONS["agencies"]
    known = pa.Table.from_pylist([hanoi], schema=agencies).select(list(hanoi))
    dimensions.write(lake, "agencies", known)
    dimensions.write(lake, "sites", pa.Table.from_pylist([site], schema=schema).select(list(site)))
    for table, made in rows().items():
        schema = EVENT_TABLES[table][0]
        full = [dict.fromkeys(schema.names) | row for row in made]
        lake.append(table, pa.Table.from_pylist(full, schema=schema), app_id="test", version=0)
    refresh(found, lake)
    return found


@pytest.fixture
def sites(heard: Settings, settings: Any, db: None) -> None:
    """Their registry in the database, and Django pointed at the instance."""
    Agency.objects.create(code="H26", name="Hà Nội", name_en="Ha Noi", kind="province")
    System.objects.create(code="H26-portal", agency="H26", kind="portal", name="Cổng Hà Nội")
    System.objects.create(code="H26-one_stop", agency="H26", kind="one_stop", name="Một cửa")
    for site_id, system, name, hosts in (
        (391, "H26-portal", "Cổng Thủ đô", "hanoi.gov.vn"),
        (392, "H26-portal", "Cổng tự tải lại", ""),
        (396, "H26-portal", "Cổng chưa gắn mã", ""),
        (394, "H26-portal", "Cổng im lặng", ""),
        (395, "H26-portal", "Cổng của máy", ""),
        (500, "H26-one_stop", "Hệ thống một cửa Hà Nội", "motcua.vn"),
    ):
        Site.objects.create(site_id=site_id, system=system, name=name, hostnames=hosts)
    Site.objects.filter(site_id=500).update(needs_key=True, networks="10.1.2.0/24")
    settings.THUOCDO = heard


def text_of(client: Any, address: str, status: int = 200) -> str:
    response = client.get(address)
    assert response.status_code == status, address
    text: str = response.content.decode()
    return text


@pytest.mark.parametrize("prefix", ["", "/en"])
@pytest.mark.parametrize("path", ["/sites", "/sites/391", "/sites/392", "/sites/394", "/sites/500"])
def test_every_page_answers_in_both_languages_and_stays_small(client, sites, prefix, path):
    page = text_of(client, prefix + path)
    assert f'<html lang="{"en" if prefix else "vi"}"' in page
    assert page.count("<h1") == 1
    assert len(gzip.compress(page.encode())) < 20 * 1024


def test_a_portal_shows_what_was_accepted_what_robots_did_and_what_was_refused(client, sites):
    page = text_of(client, "/sites/391")
    today = page.split('class="today"')[1].split("</dl>")[0]
    assert [part.split("</dd>")[0] for part in today.split("<dd>")[1:4]] == ["7", "1", "1"]
    assert "trang gửi không thuộc tên miền đã khai của mã giám sát" in page
    assert advice.to_do("foreign_host") in page
    assert "trình thu thập dữ liệu (công cụ tìm kiếm" in page
    assert ">Hà Nội</a>" in page


def test_a_one_stop_system_is_heard_by_its_dossiers(client, sites):
    page = text_of(client, "/en/sites/500")
    assert "Records sent in batches (/v1)" in page
    assert "the procedure is not in the catalogue of services" in page
    assert "judged again once the catalogue is loaded" in page


def test_endless_reloads_are_told_among_the_robots(client, sites):
    page = text_of(client, "/en/sites/392").split('id="bots"')[1]
    assert "it reloaded by itself at a steady interval" in page
    assert "among the accepted; only a whole day tells them" in page
    assert "reloaded by itself" not in text_of(client, "/en/sites/391")


def test_what_a_site_asks_is_said_as_yes_or_no_alone(client, sites):
    page = text_of(client, "/en/sites/500")
    asks = page.split('id="asks"')[1]
    said = [cell.split("</td>")[0] for cell in asks.split('data-label="Yes or no">')[1:]]
    assert said == ["yes", "no", "yes", "no"]
    assert "10.1.2" not in page


def test_nothing_of_what_was_sent_is_public(client, sites):
    for address in ("/sites/500", "/sites/500.json", "/sites/500.csv", "/sites"):
        assert SECRET_PAYLOAD not in text_of(client, address)


def test_a_site_never_heard_a_silent_one_and_one_of_robots_say_so(client, sites):
    assert "Nothing has been received of this site yet." in text_of(client, "/en/sites/396")
    assert "Silent since" in text_of(client, "/en/sites/394")
    assert "nothing counts." in text_of(client, "/en/sites/395")
    assert "notice" not in text_of(client, "/en/sites/391").split("<main")[1]


def test_an_unregistered_id_says_what_was_seen_of_it(client, sites):
    page = text_of(client, "/en/sites/931", 404)
    assert "The site id 931 is not registered." in page
    assert "2 records with this id were refused" in page
    assert "were refused" not in text_of(client, "/en/sites/932", 404)
    text_of(client, "/sites/99999999999999999999", 404)


def test_the_list_finds_a_site_by_id_name_host_and_agency(client, sites):
    def found(wanted: str) -> set[int]:
        page = text_of(client, f"/sites?q={wanted}").split('id="strangers"')[0]
        return {n for n in (391, 392, 394, 395, 396, 500) if f'href="/sites/{n}"' in page}

    assert found("thu do") == {391}
    assert found("motcua") == {500}
    assert found("39") == {391, 392, 394, 395, 396}
    assert found("ha noi") == {391, 392, 394, 395, 396, 500}
    assert found("không có") == set()


def test_ids_nobody_registered_are_listed_until_somebody_does(client, sites):
    assert '<th scope="row">931</th>' in text_of(client, "/sites")
    Site.objects.create(site_id=931, system="H26-portal", name="Cổng mới")
    assert '<th scope="row">931</th>' not in text_of(client, "/sites")
    assert "mã giám sát (siteId) chưa được đăng ký" in text_of(client, "/sites/931")


def test_the_table_comes_as_csv_and_json_with_the_same_rows(client, sites):
    response = client.get("/en/sites/391.csv")
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    sheet = list(csv.DictReader(io.StringIO(response.content.decode("utf-8-sig"))))
    told = json.loads(text_of(client, "/en/sites/391.json"))
    assert told["agency"] == "H26"
    assert [row["records"] for row in sheet] == [str(row["records"]) for row in told["rows"]]
    assert sum(int(row["records"]) for row in sheet) == 12
    (refused,) = [row for row in sheet if row["outcome"] == "refused"]
    assert refused["reason"] == "foreign_host"
    assert refused["text"].startswith("the page is not on a host")
    assert refused["hour"].endswith(":00:00+07:00")
    assert client.get("/sites/391.xlsx").status_code == 404


def test_an_agency_leads_to_its_sites(client, sites):
    assert 'href="/sites/391"' in text_of(client, "/co-quan/H26/")
    assert 'href="/sites"' in text_of(client, "/co-quan/")


def test_an_empty_instance_has_a_list_that_says_so(client, empty):
    page = text_of(client, "/en/sites")
    assert "No site is registered yet." in page
    assert "No unregistered id was seen." in page


def test_every_reason_and_feed_has_its_words():
    for reason in RejectReason:
        assert len(advice.to_do(reason)) > 20
        assert advice.refusal(reason)
    assert all(advice.bot(reason) for reason in BotReason)
    assert {advice.feed(feed) for feed in Feed}.isdisjoint(set(Feed))
    assert {advice.trust(trust) for trust in Trust}.isdisjoint(set(Trust))


def test_no_page_is_wider_than_a_screen_and_every_column_stays(client, sites):
    css = sheets.joined("web/site.css").decode()
    style = f"<style>{css}</style></head>"
    pages = {
        address: text_of(client, address).replace("</head>", style)
        for address in ("/sites/500", "/en/sites/391", "/sites")
    }
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        page = browser.new_page()
        for address, html in pages.items():
            for width in (320, 390, 1280):
                page.set_viewport_size({"width": width, "height": 800})
                page.set_content(html)
                page.evaluate("for (const d of document.querySelectorAll('details')) d.open = true")
                assert page.evaluate("document.documentElement.scrollWidth") <= width, address
                assert page.evaluate(HIDDEN_CELLS) == 0, (address, width)
        browser.close()
