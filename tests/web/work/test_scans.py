"""An agency asks for a scan of its own system, waits its turn, and reads what to mend; nobody else reads it."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import msgspec
import pytest
from django.test import Client
from django.urls import translate_url
from django.utils import timezone
from tests.web import held_round
from tests.web.people import enter, someone

from thuocdo.assess.criteria.model import criteria_set, criteria_sets
from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.hosts.policy import policy
from thuocdo.assess.models import Round, ShadowScan
from thuocdo.assess.rounds import office
from thuocdo.assess.rounds.office import System
from thuocdo.assess.scans.policy import policy as scanning_policy
from thuocdo.registry.models import Change, Site
from thuocdo.registry.rights import Role

SET = criteria_set("2024")
PAGE = "/lam-viec/co-quan/H26/quet-thu/"
ASK = f"{PAGE}yeu-cau"
SYSTEM = "H26-portal"


@pytest.fixture
def instance(country, settings):
    """The country, with somebody to write to about scans."""
    settings.THUOCDO = replace(country, scan_contact="mailto:emc@a.gov.vn")
    yield settings.THUOCDO
    country.scanner_bell_path.unlink(missing_ok=True)
    country.scanner_beat_path.unlink(missing_ok=True)


def signed_in(role: Role, agency: str = "H26", **asked) -> Client:
    found = Client(**asked)
    enter(found, someone(role, agency))
    return found


@pytest.fixture
def admin(instance) -> Client:
    return signed_in(Role.AGENCY_ADMIN)


def read(client: Client, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, path
    return answer.content.decode()


def asked(client: Client, system: str = SYSTEM, url: str = ""):
    return client.post(ASK, {"system": system, "url": url})


def done(found, weakness: int = 1, **values) -> ShadowScan:
    """A scan of Hà Nội's portal that has ended."""
    row = {
        **{"agency": "H26", "system": SYSTEM, "name": "Cổng Hà Nội", "url": "https://h26.vn/"},
        **{"contact": "mailto:a@b.vn", "lab_runs": 5, "who": "lan", "state": "done"},
        "finished_at": timezone.now(),
        "results": msgspec.to_builtins(held_round.results(found, SET, weakness)),
    }
    return ShadowScan.objects.create(**(row | values))


def test_a_scan_is_asked_for_with_its_trace_and_the_bell_is_rung(admin, instance):
    answer = asked(admin)
    assert answer.status_code == 302
    scan = ShadowScan.objects.get()
    assert (scan.system, scan.url, scan.agency) == (SYSTEM, "https://h26.vn/", "H26")
    assert scan.lab_runs == scanning_policy().lab_runs
    assert instance.scanner_bell_path.exists()
    assert Change.objects.get(what="shadow_scan").key == str(scan.pk)
    page = read(admin, answer.url)
    assert "chờ, kế tiếp" in page
    assert '<meta http-equiv="refresh"' in page
    assert "Không nghe thấy máy quét" in page
    instance.scanner_beat_path.touch()
    assert "Không nghe thấy máy quét" not in read(admin, answer.url)
    assert asked(admin).url == answer.url  # pressed twice, it is one


def test_the_place_in_the_queue_is_told(admin, instance):
    done(instance, system="H29-portal", agency="H29", state="queued", finished_at=None)
    page = read(admin, asked(admin).url)
    assert "chờ, sau 1 lần khác" in page


@pytest.mark.parametrize(
    ("system", "url", "said"),
    [
        ("H29-portal", "", "Cơ quan không có hệ thống này."),
        (SYSTEM, "https://evil.example/", "không nằm trên tên miền đã đăng ký"),
        (SYSTEM, "ftp://h26.vn/", "không phải địa chỉ web"),
        ("", "", "Cơ quan không có hệ thống này."),
    ],
)
def test_what_cannot_be_scanned_is_said_and_leaves_no_trace(admin, system, url, said):
    answer = asked(admin, system, url)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not ShadowScan.objects.exists()
    assert not Change.objects.filter(what="shadow_scan").exists()


def test_a_system_without_an_address_is_told_where_to_register_one(admin):
    Site.objects.filter(system=SYSTEM).update(hostnames="")
    assert "chưa có địa chỉ" in read(admin, PAGE)
    answer = asked(admin)
    assert answer.status_code == 400
    assert "chưa đăng ký tên miền nào" in answer.content.decode()


def test_a_spent_budget_is_said_and_tomorrow_there_is_more(admin, instance):
    for number in range(policy().budgets.agency[0].most):
        done(instance, system=f"s{number}", url=f"https://s{number}.vn/")
    assert "còn 0 trong 20 lần của 24 giờ" in read(admin, PAGE)
    refused = asked(admin)
    assert refused.status_code == 400
    assert "đã dùng hết số lần quét thử" in refused.content.decode()
    ShadowScan.objects.update(asked_at=timezone.now() - timedelta(days=1))
    assert asked(admin).status_code == 302


def test_a_spent_host_is_said_with_the_hour_from_which_on_it_may_be_asked_again(admin, instance):
    for number in range(policy().budgets.host[0].most // policy().scan_weight):
        done(instance, system=f"s{number}")
    asked_at = timezone.now() - timedelta(minutes=50)
    ShadowScan.objects.filter(system="s0").update(asked_at=asked_at)
    again = f"{timezone.localtime(asked_at + timedelta(hours=1)):%H:%M}"
    assert f"Quét tiếp được từ {again}" in read(admin, PAGE)
    refused = asked(admin).content.decode()
    assert "Máy chủ này vừa được quét và kiểm tra nhiều lần" in refused
    assert f"Có thể yêu cầu tiếp từ {again}" in refused
    ShadowScan.objects.filter(system="s0").update(asked_at=timezone.now() - timedelta(hours=1))
    assert asked(admin).status_code == 302


def test_who_waits_for_a_host_that_is_being_looked_at_is_told_so(admin, instance):
    address = asked(admin).url
    assert "đang được một lượt đo khác" not in read(admin, address)
    with Hosts.of(instance).held("https://h26.vn/"):
        assert "đang được một lượt đo khác" in read(admin, address)
        assert "begins by itself" in read(admin, translate_url(address, "en"))


def test_without_a_contact_nothing_is_scanned(admin, settings, instance):
    settings.THUOCDO = replace(instance, scan_contact="")
    answer = asked(admin)
    assert answer.status_code == 400
    assert "chưa có địa chỉ" in answer.content.decode()


def test_a_form_from_elsewhere_is_refused(instance):
    strict = signed_in(Role.AGENCY_ADMIN, enforce_csrf_checks=True)
    assert asked(strict).status_code == 403
    assert read(strict, ASK, 405) == ""
    assert not ShadowScan.objects.exists()


def test_the_result_says_every_check_and_whose_fault_and_how_to_mend(admin, instance):
    scan = done(instance, 2)
    page = read(admin, f"{PAGE}{scan.pk}/")
    assert "Kết quả không chính thức" in page
    assert "50,00 điểm do người đánh giá chấm" in page
    assert "chưa đạt" in page
    assert "Cách sửa" in page
    assert "Ai khắc phục được" in page
    assert "<script>alert(1)" not in page  # a hostile site wrote it
    assert "&lt;script&gt;alert(1)" in page
    assert "refresh" not in page
    for each in criteria_sets():
        assert each.name.vi in read(admin, f"{PAGE}{scan.pk}/?bo={each.code}")
    read(admin, f"{PAGE}{scan.pk}/?bo=nothing", 404)


def test_what_moved_since_the_last_scan_and_since_the_published_round_and_why(admin, instance):
    held = held_round.begun(instance, "2026-1", [System(SYSTEM, "Cổng", "province", "https://h26.vn/")], SET)  # fmt: skip
    held_round.published(instance, held)
    first = done(instance, 2)
    scan = done(instance, 1, finished_at=timezone.now() + timedelta(minutes=1))
    page = read(admin, f"{PAGE}{scan.pk}/")
    assert "So với lần quét trước" in page
    assert f"{PAGE}{first.pk}/" in page
    assert "So với đợt công bố gần nhất" in page
    assert "/chat-luong/2026-1/" in page
    assert "kết quả đo khác" in page
    told = json.loads(admin.get(f"{PAGE}{scan.pk}/ket-qua.json").content)
    assert told["since_scan"]["scan"] == first.pk
    assert told["since_round"]["round"] == "2026-1"
    moved = sum(
        Decimal(each["after"] or 0) - Decimal(each["before"] or 0)
        for each in told["since_scan"]["compared"]["changes"]
    )
    sides = told["since_scan"]["compared"]
    assert moved == Decimal(sides["after"]["points"]) - Decimal(sides["before"]["points"])
    assert not any(  # what people judge no scan sees: it did not "get lost"
        each["key"].startswith("functions.") for each in told["since_round"]["compared"]["changes"]
    )


def test_the_result_comes_as_files_and_with_its_evidence(admin, instance):
    scan = done(instance)
    answer = admin.get(f"{PAGE}{scan.pk}/ket-qua.csv")
    lines = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    told = json.loads(admin.get(f"{PAGE}{scan.pk}/ket-qua.json").content)
    given = sum(Decimal(each["points"]) for each in lines if each["points"])
    assert given == Decimal(told["points"])
    assert told["system"] == SYSTEM
    (sha,) = {sha for each in lines for sha in each["evidence"].split()}
    assert "HTTP/1.1 200 OK" in read(admin, f"{PAGE}{scan.pk}/bang-chung/{sha}")
    piece = admin.get(f"{PAGE}{scan.pk}/bang-chung/{sha}?file")
    assert piece["Content-Disposition"].startswith("attachment")
    assert piece.content.startswith(b"HTTP/1.1 200 OK")
    read(admin, f"{PAGE}{scan.pk}/bang-chung/{'0' * 64}", 404)
    read(admin, f"{PAGE}{scan.pk}/ket-qua.exe", 404)
    waiting = done(instance, state="queued", results=None, finished_at=None)
    read(admin, f"{PAGE}{waiting.pk}/ket-qua.csv", 404)


def test_a_scan_that_failed_says_why(admin, instance):
    scan = done(instance, state="failed", results=None, failure="interrupted")
    assert "bị gián đoạn nhiều lần" in read(admin, f"{PAGE}{scan.pk}/")
    assert "không thành" in read(admin, PAGE)


def test_another_agency_and_other_roles_read_nothing(admin, instance):
    scan = done(instance)
    theirs = signed_in(Role.AGENCY_ADMIN, "H29")
    for path in (PAGE, f"{PAGE}{scan.pk}/", f"{PAGE}{scan.pk}/ket-qua.json"):
        read(theirs, path, 403)
    read(theirs, f"/lam-viec/co-quan/H29/quet-thu/{scan.pk}/", 404)
    assert theirs.post(ASK, {"system": SYSTEM}).status_code == 403
    for role in (Role.ANALYST, Role.VIEWER):
        read(signed_in(role), f"{PAGE}{scan.pk}/", 403)
    for role in (Role.PUBLISHER, Role.ASSESSOR):
        read(signed_in(role, ""), f"{PAGE}{scan.pk}/", 403)
    assert Client().get(f"{PAGE}{scan.pk}/").status_code == 302


def test_the_keeper_reads_and_does_not_ask(instance):
    scan = done(instance)
    keeper = signed_in(Role.ROUND_KEEPER, "")
    assert "Kết quả không chính thức" in read(keeper, f"{PAGE}{scan.pk}/")
    assert "yeu-cau" not in read(keeper, PAGE)
    assert keeper.post(ASK, {"system": SYSTEM}).status_code == 403


def test_an_officer_asks_too_and_the_pages_are_there_in_english(instance):
    officer = signed_in(Role.OFFICER)
    assert asked(officer).status_code == 302
    scan = done(instance, for_appeal=True)
    page = read(officer, "/en/work/agencies/H26/scans/")
    assert "for an appeal" in page
    assert "Unofficial" in read(officer, f"/en/work/agencies/H26/scans/{scan.pk}/")


def test_the_round_is_not_changed_by_what_a_scan_finds(admin, instance):
    held = office.plan("2026-3", SET, [System(SYSTEM, "x", "province", "https://h26.vn/")], is_trial=False)  # fmt: skip
    done(instance)
    assert Round.objects.get(pk=held.pk).entries.get().results is None
