"""The keeper has a round measured from its page; an appeal orders a second look, and changes nothing by it."""

from __future__ import annotations

from dataclasses import replace

import msgspec
import pytest
from django.test import Client
from django.utils import timezone
from tests.web import held_round
from tests.web.people import enter, read, signed_in, someone

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.hosts import budget
from thuocdo.assess.models import Appeal, Entry, Round, ShadowScan
from thuocdo.assess.results import Fault, unmeasured
from thuocdo.assess.rounds import grading, office
from thuocdo.registry.models import Change
from thuocdo.registry.rights import Role

SET = criteria_set("2024")
CODE, SYSTEM = "2027-1", "H26-one_stop"
ROUND = f"/lam-viec/dot-danh-gia/{CODE}/"
RESULT = f"/lam-viec/co-quan/H26/danh-gia/{CODE}/{SYSTEM}/"
START = {"do": "start", "contact": "emc@a.gov.vn", "lab_runs": "5"}
MACHINE, PEOPLE = "security.hsts", "functions.signing"


@pytest.fixture
def held(country, settings) -> Round:
    settings.THUOCDO = replace(country, scan_contact="mailto:emc@a.gov.vn")
    yield office.plan(CODE, SET, held_round.fleet()[:2], is_trial=False)
    country.scanner_bell_path.unlink(missing_ok=True)


@pytest.fixture
def announced(held, country) -> Round:
    held_round.scanned(country, held)
    Round.objects.filter(pk=held.pk).update(contact="mailto:emc@a.gov.vn")
    return held_round.announced(held)


@pytest.fixture
def keeper(held) -> Client:
    return signed_in(Role.ROUND_KEEPER)


@pytest.fixture
def agency(held) -> Client:
    return signed_in(Role.AGENCY_ADMIN, "H26")


def appealed(agency: Client, key: str) -> Appeal:
    given = {"key": key, "text": "Không đúng."}
    assert agency.post(f"{RESULT}kien-nghi/", given).status_code == 302
    return Appeal.objects.latest("pk")


def test_the_keeper_starts_pauses_and_goes_on_and_each_step_is_on_record(held, keeper, country):
    page = read(keeper, ROUND)
    assert 'value="mailto:emc@a.gov.vn"' in page
    assert 'value="5"' in page
    assert keeper.post(ROUND, START).status_code == 302
    assert country.scanner_bell_path.exists()
    held.refresh_from_db()
    assert (held.scanning, held.contact, held.lab_runs) == ("on", "mailto:emc@a.gov.vn", 5)
    page = read(keeper, ROUND)
    assert "Tạm dừng" in page
    assert "Không nghe thấy máy quét" in page
    assert keeper.post(ROUND, {"do": "pause"}).status_code == 302
    assert "Đang tạm dừng." in read(keeper, ROUND)
    assert keeper.post(ROUND, {"do": "resume"}).status_code == 302
    steps = Change.objects.filter(what="round", key=CODE).order_by("at")
    assert [each.after["do"] for each in steps] == ["start", "pause", "resume"]
    assert (steps[1].before["scanning"], steps[1].after["scanning"]) == ("on", "paused")


def test_the_second_who_presses_start_is_told_that_it_runs(held, keeper):
    other = Client()
    enter(other, someone(Role.OPERATOR))
    assert keeper.post(ROUND, START).status_code == 302
    late = other.post(ROUND, START | {"contact": "khac@a.gov.vn"})
    assert late.status_code == 400
    assert "đang được đo rồi" in late.content.decode()
    assert Round.objects.get(pk=held.pk).contact == "mailto:emc@a.gov.vn"
    assert Change.objects.filter(what="round").count() == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"contact": ""}, "liên hệ với ai"),
        ({"contact": "ai đó"}, "Địa chỉ liên hệ của máy quét không đúng."),
        ({"lab_runs": "2"}, "quá ít thì không thành phép đo"),
        ({"lab_runs": "năm"}, "quá ít thì không thành phép đo"),
        ({"lab_runs": "9" * 30}, "quá ít thì không thành phép đo"),
        ({"do": "pause"}, "không còn ở bước ấy"),
        ({"do": "resume"}, "không còn ở bước ấy"),
    ],
)
def test_a_start_that_cannot_be_is_refused_in_words(held, keeper, wrong, said):
    answer = keeper.post(ROUND, START | wrong)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert Round.objects.get(pk=held.pk).scanning == "off"
    assert not Change.objects.filter(what="round").exists()


def test_a_form_from_elsewhere_starts_nothing_and_nobody_else_does(held, agency):
    strict = signed_in(Role.ROUND_KEEPER, enforce_csrf_checks=True)
    assert strict.post(ROUND, START).status_code == 403
    assert agency.post(ROUND, START).status_code == 403
    assert agency.get(f"{ROUND}tien-do/").status_code == 403
    assert Round.objects.get(pk=held.pk).scanning == "off"


def test_progress_has_a_page_that_loads_itself_anew_without_script(held, keeper):
    keeper.post(ROUND, START)
    Entry.objects.filter(pk=held.entries.first().pk).update(state="running", started_at=timezone.now())  # fmt: skip
    page = read(keeper, f"{ROUND}tien-do/")
    assert '<noscript><meta http-equiv="refresh" content="10"></noscript>' in page
    assert "0 trong 2 hệ thống đã đo, 1 đang đo, 1 còn chờ" in page
    Entry.objects.filter(round=held).update(state="done", fault="dns")
    page = read(keeper, f"{ROUND}tien-do/")
    assert "http-equiv" not in page
    assert "Mọi hệ thống đã đo xong." in page


def test_an_appeal_against_a_machine_orders_a_re_scan_that_others_share(announced, agency):
    first, second = appealed(agency, MACHINE), appealed(agency, "security.csp")
    scan = ShadowScan.objects.get()
    assert first.rescan == second.rescan == scan
    assert (scan.system, scan.agency, scan.for_appeal) == (SYSTEM, "H26", True)
    trace = Change.objects.get(what="rescan")
    assert trace.after["reason"].startswith(f"appeal {first.pk}")
    assert Change.objects.filter(what="appeal").latest("at").after["rescan"] == scan.pk
    assert appealed(agency, PEOPLE).rescan is None  # no scan sees what people judge


def test_keeper_and_agency_see_what_the_re_scan_found_and_the_result_stays(
    announced, agency, keeper, country
):
    before = {each.code: each.points for each in grading.graded(announced)}
    made = appealed(agency, MACHINE)
    waiting = read(keeper, ROUND)
    assert "Quét lại đang chờ đến lượt." in waiting
    assert "Quét lại lần nữa" not in waiting
    found = held_round.results(country, SET, 3)
    ShadowScan.objects.update(
        state="done", results=msgspec.to_builtins(found), finished_at=timezone.now()
    )
    for page in (read(keeper, ROUND), read(agency, RESULT)):
        assert f"Quét lại, số {made.rescan_id}" in page
        assert "Trong đợt" in page
        assert f"/lam-viec/co-quan/H26/quet-thu/{made.rescan_id}/bang-chung/" in page
    assert {each.code: each.points for each in grading.graded(announced)} == before
    assert Appeal.objects.get().verdict == "open"
    again = {"do": "rescan", "appeal": made.pk}
    assert keeper.post(ROUND, again).status_code == 302
    made.refresh_from_db()
    assert ShadowScan.objects.count() == 2
    assert made.rescan.state == "queued"
    assert keeper.post(ROUND, again).status_code == 302  # one that is open is shared
    assert ShadowScan.objects.count() == 2
    decided = {"do": "decide", "appeal": made.pk, "because": "Quét lại vẫn chưa đạt."}
    assert keeper.post(ROUND, decided).status_code == 302
    assert keeper.post(ROUND, again).status_code == 400  # it is decided


def test_the_keeper_opens_the_rounds_own_evidence(announced, agency, keeper):
    appealed(agency, MACHINE)
    results = announced.entries.get(code=SYSTEM).results
    sha = next(each["sha256"] for result in results for each in result["evidence"])
    assert "HTTP/1.1" in keeper.get(f"{ROUND}bang-chung/{sha}").content.decode()
    assert keeper.get(f"{ROUND}bang-chung/{sha}?file").content.startswith(b"HTTP/1.1")
    assert keeper.get(f"{ROUND}bang-chung/{'0' * 64}").status_code == 404
    assert agency.get(f"{ROUND}bang-chung/{sha}").status_code == 403


def test_a_re_scan_of_another_rounds_appeal_is_not_ordered_here(announced, agency, keeper, country):
    made = appealed(agency, MACHINE)
    office.plan("2027-2", SET, held_round.fleet()[:1], is_trial=False)
    other = keeper.post("/lam-viec/dot-danh-gia/2027-2/", {"do": "rescan", "appeal": made.pk})
    assert other.status_code == 404


def test_the_keeper_sees_who_kept_too_much_from_being_measured_and_has_it_measured_again(
    held, keeper
):
    hidden = [
        unmeasured(check, Fault.TIMEOUT, "10 s", 1) for check in ("security.tls", "security.csp")
    ]
    found = msgspec.to_builtins(hidden)
    held.entries.update(state=Entry.State.DONE, results=found)
    page = read(keeper, ROUND)
    assert "Chưa đo trọn" in page
    assert "Không đo được 6,00 điểm vì phía trang" in page
    given = {"do": "again", "system": SYSTEM, "because": ""}
    assert keeper.post(ROUND, given).status_code == 400
    assert keeper.post(ROUND, given | {"because": "Đường truyền hỏng"}).status_code == 302
    assert held.entries.get(code=SYSTEM).state == Entry.State.QUEUED
    kept = Change.objects.filter(what="round", key=CODE).first()
    assert (kept.after["because"], kept.after["open_by_site"]) == ("Đường truyền hỏng", "6")


def test_the_progress_page_says_until_when_a_host_that_had_its_share_waits(held, keeper, country):
    url = held.entries.get(code=SYSTEM).url
    for _ in range(4):
        budget.look_by_hand(country, url, "lan")
    assert "máy chủ đã được hỏi nhiều" in read(keeper, f"{ROUND}tien-do/")
