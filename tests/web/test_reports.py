"""Published weekly reports: listed, shown under their own policy, downloaded; drafts are none of them."""

from __future__ import annotations

import json

import pytest
from tests.web.desk import CHECKER, PERIOD, draft, publish

from thuocdo.core.signing import Signer, payload_of
from thuocdo.measure.service import Measure
from thuocdo.report.making import make_weekly, revise
from thuocdo.report.render import Format
from thuocdo.web.states import state_now

WEEK = "2025-W40"
NUMBER = "40/BC-CĐSQG"
WHY = "Một cơ quan gửi bù số liệu."


@pytest.fixture
def drafted(country):
    """The measured country with a draft on the desk, and nothing else of that week."""
    draft(country, WEEK, NUMBER, formats=(Format.HTML, Format.XLSX))
    return country


@pytest.fixture
def reported(drafted):
    """The same, published."""
    publish(drafted, WEEK)
    return drafted


@pytest.fixture
def revised(reported):
    """The same, and revised since; the names of the old edition and the new."""
    revise(reported, Measure(reported), WEEK, CHECKER, WHY)
    new = publish(reported, WEEK)
    [old] = {one.name for one in (reported.publication_dir / WEEK).iterdir() if one.is_dir()} - {
        new[:12]
    }
    return old, new[:12]


def test_a_draft_is_on_no_public_page_and_in_no_answer(client, drafted):
    assert WEEK not in client.get("/bao-cao/").content.decode()
    assert WEEK not in client.get("/api/v1/reports").content.decode()
    assert WEEK not in client.get("/tinh-trang/").content.decode()
    for address in (
        f"/bao-cao/{WEEK}.json",
        f"/bao-cao/{WEEK}/",
        f"/api/v1/reports/{WEEK}",
        f"/api/v1/reports/{WEEK}/{WEEK}.json",
    ):
        assert client.get(address).status_code == 404


def test_a_published_report_is_listed_in_every_format(client, reported):
    page = client.get("/bao-cao/").content.decode()
    for form in Format:
        assert f'href="/bao-cao/{WEEK}.{form}"' in page
    assert f'href="/bao-cao/{WEEK}/"' in page
    assert f'href="/en/reports/{WEEK}.html"' in client.get("/en/reports/").content.decode()


def test_the_page_of_a_report_is_shown_with_only_its_own_styles_allowed(client, reported):
    response = client.get(f"/bao-cao/{WEEK}.html")
    assert response["Content-Disposition"].startswith("inline")
    assert "style-src 'sha256-" in response["Content-Security-Policy"]
    assert "unsafe" not in response["Content-Security-Policy"]
    assert " style=" not in response.content.decode()


def test_a_report_says_who_signed_it_and_gives_the_signature(client, reported):
    page = client.get(f"/bao-cao/{WEEK}/").content.decode()
    assert "lanh-dao" in page
    assert "hoa-soan-thao" not in page
    [edition] = client.get(f"/api/v1/reports/{WEEK}").json()["editions"]
    assert f"/bao-cao/{WEEK}/{edition['edition']}.jws" in page
    token = client.get(f"/bao-cao/{WEEK}/{edition['edition']}.jws").content.decode()
    assert token == edition["signature"]
    told = json.loads(payload_of(token, Signer.of(reported.home).public))
    assert (told["who"], told["digest"]) == ("lanh-dao", edition["sha256"])


def test_a_new_draft_of_a_published_week_changes_nothing_for_the_public(client, reported):
    before = client.get(f"/bao-cao/{WEEK}.json").content
    make_weekly(reported, Measure(reported), WEEK, period=PERIOD, number="41/BC-CĐSQG")
    assert client.get(f"/bao-cao/{WEEK}.json").content == before
    assert "41/BC" not in client.get("/bao-cao/").content.decode()


def test_a_replaced_report_stays_reachable_and_says_that_it_is_replaced(client, revised):
    old, new = revised
    page = client.get(f"/bao-cao/{WEEK}/").content.decode()
    assert WHY in page
    assert "Bản đã bị thay" in page
    kept = client.get(f"/bao-cao/{WEEK}/{old}.xlsx")
    assert "da-bi-thay-the" in kept["Content-Disposition"]
    assert "successor-version" in kept["Link"]
    assert "Link" not in client.get(f"/bao-cao/{WEEK}/{new}.xlsx")
    first, second = client.get(f"/api/v1/reports/{WEEK}").json()["editions"]
    assert (first["state"], first["replaced_by"]) == ("revised", new)
    assert (second["replaces"], second["reason"]) == (old, WHY)
    assert client.get(first["files"][0]["url"]).status_code == 200


def test_the_other_formats_are_downloaded_as_they_were_printed(client, reported):
    response = client.get(f"/bao-cao/{WEEK}.xlsx")
    assert response["Content-Disposition"] == 'attachment; filename="bao-cao-tuan-40-2025.xlsx"'
    [kept] = reported.publication_dir.glob(f"{WEEK}/*/bao-cao-tuan-40-2025.xlsx")
    assert response.content == kept.read_bytes()


@pytest.mark.parametrize(
    "address",
    [f"/bao-cao/{WEEK}.zip", "/bao-cao/2025-W99/", f"/bao-cao/{WEEK}/abc.json", "/bao-cao/x/"],
)
def test_what_was_not_published_is_a_clear_404(client, reported, address):
    response = client.get(address)
    assert response.status_code == 404
    assert "Chưa" in response.content.decode()


def test_a_page_kept_for_its_readers_is_made_anew_when_a_report_is_published(drafted):
    before = state_now(drafted)
    publish(drafted, WEEK)
    assert state_now(drafted) != before
