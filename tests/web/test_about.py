"""What a state's site owes its readers, and what programs look for at fixed places."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.urls import Resolver404, resolve
from tests.web.people import enter, someone

from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.rights import Role
from thuocdo.web import feedback, owner, site_map
from thuocdo.web.access import VIEWS, is_plainly_public
from thuocdo.web.models import Feedback
from thuocdo.web.owner import Owner
from thuocdo.web.views import feedback as form

PAGES = ("/tro-giup/", "/lien-he/", "/gop-y/", "/quyen-rieng-tu/", "/kha-nang-tiep-can/")
NOT_ON_THE_MAP = {
    *("health", "robots", "favicon", "set_language", "theme", "live", "live-stream"),
    *("sitemap-xml", "security-txt", "load-test", "alerts-unsubscribe", "invitation"),
    *(
        "report",
        "report-page",
        "report-edition",
        "service",
        "passport",
        "site",
        "site-download",
        "advice",
    ),
    *("quality-round", "quality-file", "quality-vendors", "quality-rules", "quality-compare"),
    *("quality-simulate", "quality-evidence", "quality-system", "badge-level"),
    *("api-problem", "badge", "widget", "opendata-file", "opendata-latest"),
}
"""Public addresses that are no page of their own, or one of each of many things."""


@pytest.fixture(autouse=True)
def unhurried():
    form.forget()


@pytest.fixture
def reachable(settings):
    settings.OWNER = Owner(mail="emc@example.gov.vn", phone="024 3555 0100", address="1 phố Mẫu")
    return settings.OWNER


@pytest.mark.parametrize("path", PAGES)
def test_a_page_is_there_in_both_languages_without_a_word_of_the_other(client, country, path):
    page = client.get(path).content.decode()
    english = re.search(r'hreflang="en" href="([^"]+)"', page)[1]
    there = client.get(english).content.decode()
    main = re.search(r"<main.*</main>", there, re.DOTALL)[0]
    plain = re.sub(r'<(span|dd|option)[^>]*lang="vi".*?</\1>|<[^>]+>', " ", main)
    assert not re.search(
        r"[ăâđêôơưĂÂĐÊÔƠƯạ-ỹ]", plain.replace("Thước Đo", "").replace("Cần Thơ", "")
    )


def test_every_page_has_a_search_box_and_says_who_answers_for_it(client, country, reachable):
    for path in ("/", "/phuong-phap/", "/nowhere/", "/en/contact/"):
        page = client.get(path).content.decode()
        assert re.search(r'<form[^>]*role="search"[^>]*action="(/en)?/(tim-kiem|search)/"', page)
        assert 'href="mailto:emc@example.gov.vn"' in page
        assert 'href="tel:02435550100"' in page


def test_what_the_operator_has_not_set_is_named_and_not_invented(client, country, settings):
    settings.OWNER = Owner()
    page = client.get("/lien-he/").content.decode()
    assert "THUOCDO_CONTACT_PHONE" in page
    assert "mailto:" not in page
    answer = client.get("/.well-known/security.txt")
    assert answer.status_code == 404
    assert "THUOCDO_SECURITY_CONTACT" in answer.content.decode()


def test_security_txt_is_what_rfc_9116_asks_for(client, country, reachable):
    answer = client.get("/.well-known/security.txt")
    assert answer["Content-Type"].startswith("text/plain")
    fields = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert fields["Contact"] == "mailto:emc@example.gov.vn"
    assert fields["Canonical"].endswith("/.well-known/security.txt")
    left = datetime.fromisoformat(fields["Expires"]) - datetime.now(UTC)
    assert timedelta(days=30) < left < timedelta(days=365)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("THUOCDO_CONTACT_MAIL", "nobody"),
        ("THUOCDO_CONTACT_PHONE", "call me"),
        ("THUOCDO_SECURITY_CONTACT", "http://a.vn"),
        ("THUOCDO_OWN_SITE", "-1"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(setting, value):
    with pytest.raises(ThuocdoError, match=setting):
        owner.read({setting: value})


def test_an_owner_that_is_no_agency_is_refused():
    with pytest.raises(ThuocdoError, match="THUOCDO_OWNER"):
        _ = owner.read({"THUOCDO_OWNER": "G14"}).row  # merged in 2025


def test_the_sitemap_names_every_public_page_in_both_languages(client, country):
    answer = client.get("/sitemap.xml")
    places = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    root = ElementTree.fromstring(answer.content)
    found = [
        each.text.removeprefix("http://testserver") for each in root.findall("s:url/s:loc", places)
    ]
    assert len(found) == len(set(found))
    named = {resolve(path).view_name for path in found if not path.startswith("/en/")}
    wanted = {name for name in VIEWS if is_plainly_public(name)} - NOT_ON_THE_MAP
    assert named == wanted
    for path in found[:: len(found) // 40]:
        assert client.get(path).status_code == 200, path
    first = root.find("s:url", places)
    languages = [each.get("hreflang") for each in first if each.tag.endswith("link")]
    assert languages == ["vi", "en"]
    assert "Sitemap: http://testserver/sitemap.xml" in client.get("/robots.txt").content.decode()


def test_the_map_for_people_names_the_same_pages(client, country):
    page = client.get("/so-do-trang/").content.decode()
    for address in site_map.addresses():
        assert f'href="{address}"' in page


def test_feedback_is_kept_without_a_trace_of_its_sender_and_answered_under_its_number(
    client, country
):
    given = {"kind": "figure", "page": "/con-so/x", "text": "Số này sai."}
    kept = client.post("/gop-y/", given, headers={"x-forwarded-for": "203.0.113.9"}, follow=True)
    row = Feedback.objects.get()
    assert row.code in kept.content.decode()
    assert "203.0.113.9" not in str(vars(row))
    desk = Client()
    enter(desk, someone(Role.OPERATOR))
    address = f"/admin/web/feedback/{row.pk}/change/"
    assert "Số này sai." in desk.get(address).content.decode()
    assert desk.post(address, {"answer": "Đã sửa."}).status_code == 302
    shown = client.get("/gop-y/", {"so": row.code.lower().replace("-", " ")}).content.decode()
    assert "Đã sửa." in shown


def test_an_answer_is_given_once(country):
    row = feedback.keep("idea", "Một ý.", "")
    assert feedback.answer(row, "Cảm ơn.", "lan")
    assert not feedback.answer(row, "Khác.", "minh")
    row.refresh_from_db()
    assert (row.answer, row.answered_by) == ("Cảm ơn.", "lan")


@pytest.mark.parametrize("given", [{"text": " "}, {"text": "x" * 4001}, {"kind": "gift"}])
def test_feedback_that_cannot_be_kept_says_why_and_loses_nothing(client, country, given):
    answer = client.post("/gop-y/", {"kind": "idea", "page": "", "text": "Một ý.", **given})
    assert answer.status_code == 400
    assert not Feedback.objects.exists()
    assert given.get("text", "Một ý.").strip()[:50] in answer.content.decode()


def test_a_flood_of_feedback_is_held_back(client, country):
    given = {"kind": "idea", "page": "", "text": "Một ý."}
    codes = [client.post("/gop-y/", given).status_code for _ in range(5)]
    assert codes[:3] == [302] * 3
    assert 400 in codes[3:]


def test_who_may_not_answer_feedback_does_not_see_it(client, country):
    row = feedback.keep("idea", "Một ý.", "")
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    assert client.get(f"/admin/web/feedback/{row.pk}/change/").status_code in (302, 403)


def test_our_pages_carry_our_tracker_where_it_is_asked_for_and_nothing_else(
    client, country, settings
):
    assert "data-govaq" not in client.get("/").content.decode()
    settings.OWNER = replace(Owner(), site_id=9001)
    settings.THUOCDO = replace(country, collector_url="https://thu.example.gov.vn/emc")
    page = client.get("/")
    (script,) = re.findall(r"<script async src=\"([^\"]+)\"", page.content.decode())
    assert script.startswith("https://thu.example.gov.vn/emc/embed/")
    assert "data-govaq" not in client.get("/login").content.decode()


def test_the_map_holds_no_dead_address(country):
    for address in site_map.addresses():
        try:
            resolve(address)
        except Resolver404:
            pytest.fail(address)
