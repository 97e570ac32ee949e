"""A published round as everybody sees it: ranking, systems, vendors, rules, changes, files, badge."""

from __future__ import annotations

import gzip
import hashlib
import re
from decimal import Decimal

import pytest
from django.conf import settings
from tests.web import held_round
from tests.web.held_round import CODE, EARLIER, HOSTILE, OURS

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.models import Round
from thuocdo.assess.rounds import office
from thuocdo.core.signing import Signer, payload_of
from thuocdo.registry.models import Agency, System
from thuocdo.web import rounds
from thuocdo.web.templatetags.quality import points

SYSTEM = "H26-one_stop"
MOST_BYTES = 60_000


@pytest.fixture
def held(country):
    return held_round.hold(country)


def text(client, path, status=200):
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def plain(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def test_the_quality_page_lists_published_rounds_alone(client, country, held):
    office.plan("2027-1", criteria_set("2024"), held_round.fleet(), is_trial=False)
    page = text(client, "/chat-luong/")
    for code in (CODE, EARLIER, OURS):
        assert f'href="/chat-luong/{code}/"' in page
    assert "2027-1" not in page
    text(client, "/chat-luong/2027-1/", 404)
    text(client, f"/chat-luong/2027-1/{SYSTEM}/", 404)


def test_a_ranking_names_ranks_levels_points_vendors_and_our_own_site_as_row_0(client, held):
    page = text(client, f"/chat-luong/{CODE}/")
    first = re.findall(r"<tr class=\"own\">.*?</tr>", page, re.DOTALL)
    assert len(first) == 2  # one for each block
    assert "hệ thống này, ngoài xếp hạng" in first[0]
    assert f"/chat-luong/{OURS}/emc/" in first[0]
    words = plain(page)
    assert "Hệ thống im lặng" in words
    assert "Máy chủ không nhận kết nối" in words
    assert "Nhà A" in words


def test_points_that_are_open_leave_the_level_open_and_say_which_are_possible(client, held):
    page = plain(text(client, f"/chat-luong/{CODE}/H14-one_stop/"))
    assert "điểm để ngỏ vì không đo được" in page
    assert re.search(r"chưa rõ mức \? [A-D]–[B-E]", page), page[900:1500]


def test_a_system_shows_every_criterion_with_evidence_and_how_to_mend_it(client, held):
    page = text(client, f"/chat-luong/{CODE}/H14-one_stop/")
    for _group, criterion in criteria_set("2024").criteria():
        assert criterion.name.vi.replace("'", "&#x27;") in page
    assert "Cách sửa" in page
    assert HOSTILE not in page
    assert "cơ quan chủ quản" in page  # who may allow the load test


def test_the_same_defect_in_many_systems_of_a_vendor_is_one_line(client, held):
    page = text(client, f"/chat-luong/{CODE}/nha-cung-cap/")
    rows = re.findall(r"<tr><th scope=\"row\">([^<]+)</th>.*?</tr>", page, re.DOTALL)
    assert rows
    assert len(rows) == len(office.published(held, settings.THUOCDO).vendors)


def test_a_correction_stands_beside_what_was_signed(client, held):
    page = plain(text(client, f"/chat-luong/{CODE}/"))
    assert "Cộng nhầm một mục." in page
    assert "Cộng nhầm một mục." in plain(text(client, f"/chat-luong/{CODE}/{SYSTEM}/"))
    assert "Cộng nhầm một mục." not in plain(text(client, f"/chat-luong/{CODE}/H14-one_stop/"))


def test_what_is_downloaded_is_what_was_signed(client, held, country):
    signed = client.get(f"/chat-luong/{CODE}.jws").content.decode()
    assert payload_of(signed, Signer.of(country.home).public) is not None
    for kind in ("json", "docx", "pdf", "xlsx"):
        one = client.get(f"/chat-luong/{CODE}.{kind}").content
        assert one
        assert one == client.get(f"/chat-luong/{CODE}.{kind}").content
    rules = client.get(f"/chat-luong/{CODE}.rules")
    assert hashlib.sha256(rules.content).hexdigest() == held.rules_sha256
    assert rules["Content-Disposition"] == f'attachment; filename="{CODE}.rules.json"'
    text(client, f"/chat-luong/{CODE}.exe", 404)


def test_two_rounds_are_compared_each_under_its_own_rules_and_both_under_one(client, held):
    page = plain(text(client, f"/chat-luong/{CODE}/so-sanh/?voi={EARLIER}"))
    assert "Hai đợt theo cùng một bộ tiêu chí." in page
    assert "Cộng nhầm" not in page
    assert "kết quả đo khác" in page
    other = plain(text(client, f"/chat-luong/{CODE}/so-sanh/?voi={OURS}"))
    assert "Không hệ thống nào có trong cả hai đợt." in other
    text(client, f"/chat-luong/{CODE}/so-sanh/?voi=nowhere", 404)


def test_what_only_one_of_two_rounds_has_is_named_with_who_took_its_agency_over(client, held):
    """A province that was merged between the rounds must not just be missing."""
    page = plain(text(client, f"/chat-luong/{CODE}/so-sanh/?voi={EARLIER}"))
    assert f"Chỉ có trong đợt {CODE}" in page
    assert "Hệ thống im lặng" in page
    assert f"Chỉ có trong đợt {EARLIER}" not in page
    ended = Agency.objects.exclude(successor="").first()
    System.objects.create(code="G03-dead", agency=ended.code, kind="one_stop", name="x")
    back = plain(text(client, f"/chat-luong/{EARLIER}/so-sanh/?voi={CODE}"))
    heir = Agency.objects.filter(code=ended.successor).last()
    assert f"Hệ thống im lặng : cơ quan chủ quản nay thuộc {heir.name}" in back


def test_other_rules_are_tried_and_say_why_totals_move(client, held):
    page = plain(text(client, f"/chat-luong/{CODE}/thu-doi/?bo=site-2026"))
    assert "điểm tối đa khác" in page
    given = "functions=40&interface=15&page_load=10&system_performance=10&security=15&wcag=5&emc=5"
    assert "(điểm tối đa khác)" in plain(text(client, f"/chat-luong/{CODE}/thu-doi/?{given}"))


def test_the_set_of_another_year_is_tried_and_is_not_taken_for_that_years_results(client, held):
    page = plain(text(client, f"/chat-luong/{CODE}/thu-doi/?bo=2023"))
    assert "tiêu chí bị bỏ" in page
    assert "Kết quả công bố năm 2023 không được chấm bằng bộ này" in page
    assert "None" not in page  # its groups are others than the round's


def test_points_that_stand_in_no_document_are_marked(client, held):
    mark = '<abbr title="điểm do hệ thống này cấu hình, không có trong văn bản">*</abbr>'
    rules = text(client, f"/chat-luong/{CODE}/bo-tieu-chi/")
    assert f">1,5{mark}<" in rules  # a criterion of 2024
    assert f">50{mark} " not in rules  # a group of 2024: published
    assert mark in text(client, f"/chat-luong/{CODE}/{SYSTEM}/")


@pytest.mark.parametrize(
    "query",
    [
        "functions=1",
        "functions=-1&interface=101",
        "functions=x",
        "functions=NaN",
        "bo=nowhere",
        "functions=50&interface=5&page_load=10&system_performance=10&security=15&wcag=5&emc=99",
    ],
)
def test_rules_that_cannot_be_tried_say_so(client, held, query):
    text(client, f"/chat-luong/{CODE}/thu-doi/?{query}", 400)


def test_an_agencys_page_names_the_newest_level_of_its_systems(client, held):
    page = text(client, "/co-quan/H26/")
    assert f"/chat-luong/{CODE}/{SYSTEM}/" in page
    assert f"/chat-luong/{EARLIER}/{SYSTEM}/" not in page


def test_the_rules_of_a_round_stand_in_words(client, held):
    page = plain(text(client, f"/en/quality/{CODE}/criteria/"))
    assert "at least two assessors" in page
    assert "in a window the owner allowed" in page


def test_a_badge_follows_the_newest_round_and_may_be_embedded(client, held):
    answer = client.get(f"/badge/level/latest/{SYSTEM}.svg")
    assert answer["Content-Type"] == "image/svg+xml"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert f"đợt {CODE}" in answer.content.decode()
    assert f"đợt {EARLIER}" in client.get(f"/badge/level/{EARLIER}/{SYSTEM}.svg").content.decode()
    missing = client.get("/badge/level/latest/nobody.svg")
    assert (missing.status_code, missing["Content-Type"]) == (404, "image/svg+xml")


def test_after_a_correction_badge_and_agency_page_tell_what_stands_now(client, held):
    """Else a portal would go on wearing a level that was taken back."""
    for key in ("functions.handling", "functions.utilities", "security.tls"):
        office.correct(held, SYSTEM, key, Decimal(0), "Chấm nhầm hệ thống.", "Lan")
    signed = rounds.line_of(rounds.find(CODE), SYSTEM).standing.grade
    now = rounds.corrected(rounds.find(CODE), SYSTEM)
    assert now.points < signed.points - 15
    badge = text(client, f"/badge/level/latest/{SYSTEM}.svg")
    assert points(now.points) in badge
    assert "đã tính các đính chính" in badge
    assert points(now.points) in plain(text(client, "/co-quan/H26/"))
    assert "Tính cả các đính chính" in plain(text(client, f"/chat-luong/{CODE}/{SYSTEM}/"))
    other = text(client, "/badge/level/latest/H29-one_stop.svg")
    assert "đính chính" not in other


def test_a_publication_that_was_changed_is_not_shown(client, held):
    signed = Round.objects.get(code=CODE).publication
    Round.objects.filter(code=CODE).update(publication=signed[:-8] + "AAAAAAAA")
    assert client.get(f"/chat-luong/{CODE}/").status_code >= 400


def test_pages_of_a_round_are_light_and_have_both_languages(client, held):
    for path in ("", f"{SYSTEM}/", "nha-cung-cap/", "bo-tieu-chi/", "so-sanh/", "thu-doi/"):
        page = client.get(f"/chat-luong/{CODE}/{path}").content
        assert len(gzip.compress(page)) < MOST_BYTES
        english = re.search(r'hreflang="en" href="([^"]+)"', page.decode())[1]
        assert client.get(english).status_code == 200


def test_published_rounds_are_on_the_map_of_the_site(client, held):
    assert f"/chat-luong/{CODE}/" in text(client, "/sitemap.xml")


def test_the_api_lists_published_rounds(client, held):
    found = client.get("/api/v1/assessments").json()["rounds"]
    assert [each["code"] for each in found][:1] == [CODE]
