"""A round on the web from marks to corrections: each does their own part and sees no more than that."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone
from tests.web import held_round
from tests.web.people import read, signed_in

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set
from thuocdo.assess.evidence import Kept
from thuocdo.assess.models import Appeal, Entry, Mark, Round
from thuocdo.assess.results import Fault, Outcome, Remark, Result, measured, unmeasured
from thuocdo.assess.rounds import grading, office
from thuocdo.registry.models import Change
from thuocdo.registry.rights import Role
from thuocdo.web import rounds

SET = criteria_set("2024")
FIXTURES = Path(__file__).parents[1] / "assess" / "fixtures"
CODE, SYSTEM = "2027-1", "H26-one_stop"
KEY = "functions.signing"
ROUND = f"/lam-viec/dot-danh-gia/{CODE}/"
MARKING = f"/lam-viec/cham-diem/{CODE}/{SYSTEM}/"
RESULT = f"/lam-viec/co-quan/H26/danh-gia/{CODE}/{SYSTEM}/"


@pytest.fixture
def held(country) -> Round:
    return held_round.measured_round(country, CODE)


@pytest.fixture
def keeper(held) -> Client:
    return signed_in(Role.ROUND_KEEPER)


@pytest.fixture
def agency(held) -> Client:
    return signed_in(Role.AGENCY_ADMIN, "H26")


def deadline_gone(held: Round) -> None:
    Round.objects.filter(pk=held.pk).update(appeals_until=timezone.now() - timedelta(minutes=1))


def test_an_assessor_marks_once_with_evidence_and_sees_nobody_elses_marks(held):
    office.mark(held, SYSTEM, "somebody", KEY, points=Decimal(5), evidence="Bí mật của người kia.")
    assessor = signed_in(Role.ASSESSOR)
    page = read(assessor, MARKING)
    assert "Bí mật của người kia." not in page
    given = {"key": KEY, "found": ["remote", "officer"], "evidence": "Trang ký số, 9 giờ."}
    assert assessor.post(MARKING, given).status_code == 302
    assert "Trang ký số, 9 giờ." in read(assessor, MARKING)
    again = assessor.post(MARKING, given)
    assert again.status_code == 400
    assert "mỗi người chấm một tiêu chí một lần" in again.content.decode()
    mark = Mark.objects.get(evidence="Trang ký số, 9 giờ.")
    assert (mark.points, mark.assessor) == (Decimal("3.25"), "assessor-ca-nuoc-True")
    assert "1/9" in read(assessor, "/lam-viec/cham-diem/")


def test_a_question_without_a_list_is_marked_by_points(held):
    rules = criteria_set("losi-2024")
    key = next(
        f"{group.code}.{each.code}"
        for group, each in rules.criteria()
        if each.method == "manual" and not each.items
    )
    office.plan("losi", rules, held_round.fleet()[:1], is_trial=False)
    assessor, path = signed_in(Role.ASSESSOR), f"/lam-viec/cham-diem/losi/{SYSTEM}/"
    assert 'name="points"' in read(assessor, path)
    given = {"key": key, "evidence": "Trang chủ."}
    assert assessor.post(path, given | {"points": "x"}).status_code == 400
    kept = assessor.post(path, given | {"points": "1"})
    assert Mark.objects.get().points == 1
    _, place = kept["Location"].split("#")
    page = read(assessor, path)
    assert f'id="{place}"' in page
    assert "đã chấm 1/" in page


def losi_held(country) -> Round:
    """A round under the United Nations' questions, measured: one found, one proposed, one not seen."""
    kept = Kept(country.home).keep("page", "<p>Đăng ký khai sinh</p>".encode())
    hostile = {"text": "<b>Khai sinh</b>", "href": "javascript:alert(1)", "url": "https://a.vn/"}
    seen = [
        measured("losi.217", Decimal(1), 1, evidence=[kept]),
        Result("losi.259", Outcome.UNMEASURED, None, 1, Fault.PROPOSED, "9",
               (Remark("losi_link", hostile),), evidence=(kept,)),
        unmeasured("losi.295", Fault.NOT_SEEN, "9", 1),
    ]  # fmt: skip
    made = office.plan("losi", criteria_set("losi-2024"), held_round.fleet()[:1], is_trial=False)
    made.entries.update(state=Entry.State.DONE, results=msgspec.to_builtins(seen))
    return made


def test_what_the_machine_proposes_stands_beside_the_question_and_what_it_found_is_not_asked(
    held, country
):
    made = losi_held(country)
    assessor, path = signed_in(Role.ASSESSOR), f"/lam-viec/cham-diem/losi/{SYSTEM}/"
    page = read(assessor, path)
    assert "Máy đã tìm thấy 1 câu" in page
    assert 'value="content_provision.217"' not in page
    assert "Máy đề xuất xem" in page
    assert "Dễ nhầm với: trang chỉ hướng dẫn, không nộp trực tuyến được." in page
    assert "&lt;b&gt;Khai sinh&lt;/b&gt;" in page
    assert 'href="https://a.vn/"' in page
    assert 'href="javascript' not in page
    assert "Máy không thấy trên các trang đã xem (9 trang)" in page
    assert "checked" not in page  # nothing is chosen for anybody
    english = read(assessor, f"/en/work/marking/losi/{SYSTEM}/")
    assert "The machine proposes to look at" in english
    assert "0/93" in read(assessor, "/lam-viec/cham-diem/")
    given = {"key": "services_provision.259", "points": "1", "evidence": "Trang chủ, 9 giờ."}
    assert assessor.post(path, given).status_code == 302
    assert grading.graded(made)[0].points["services_provision.259"] is None
    found = {"key": "content_provision.217", "points": "0", "evidence": "x"}
    assert assessor.post(path, found).status_code == 400


ASKED = "Chỉ hướng dẫn hoặc cho tải biểu mẫu thì không tính."
ASKED_IN_ENGLISH = "Explanations or forms to download alone do not count."


def test_what_a_question_asks_stands_under_its_name_where_it_is_marked(held, country):
    losi_held(country)
    assessor = signed_in(Role.ASSESSOR)
    page = read(assessor, f"/lam-viec/cham-diem/losi/{SYSTEM}/")
    assert ASKED in page
    assert page.index("Đăng ký khai sinh trực tuyến") < page.index(ASKED, page.index("khai sinh"))
    assert ASKED_IN_ENGLISH in read(assessor, f"/en/work/marking/losi/{SYSTEM}/")


def test_what_a_question_asks_and_how_to_mend_stand_in_the_rules_of_a_round(client, country):
    made = office.plan("losi", criteria_set("losi-2024"), held_round.fleet()[:1], is_trial=True)
    made.entries.update(state=Entry.State.DONE, results=[])
    office.publish(made, country)
    page = read(client, "/chat-luong/losi/bo-tieu-chi/")
    assert ASKED in page
    assert page.count("<small>") == 95
    assert "đặt liên kết thẳng tới chỗ nộp hồ sơ" in page
    assert ASKED_IN_ENGLISH in read(client, "/en/quality/losi/criteria/")


def test_rules_that_were_frozen_before_they_said_it_are_shown_without(held, country):
    frozen = (FIXTURES / "losi-2024-second.json").read_bytes()
    rules = msgspec.json.decode(frozen, type=CriteriaSet)
    office.plan("cu", rules, held_round.fleet()[:1], is_trial=False)
    made = office.plan("cu-thu", rules, held_round.fleet()[:1], is_trial=True)
    made.entries.update(state=Entry.State.DONE, results=[])
    office.publish(made, country)
    assessor = signed_in(Role.ASSESSOR)
    for path in (f"/lam-viec/cham-diem/cu/{SYSTEM}/", "/chat-luong/cu-thu/bo-tieu-chi/"):
        page = read(assessor, path)
        assert "Giấy khai sinh" in page
        assert ASKED not in page
        assert "UNSET" not in page


def test_what_people_judge_where_no_machine_found_it_stands_in_its_group(held, country):
    rules = criteria_set("losi-2024")
    (line,) = office.as_it_stands(losi_held(country), 1).systems
    told = {each.code: len(each.checks) for each in rounds.by_group(rules, line)}
    machines = {"technology": 1}  # yes or no by a machine, which did not look here
    assert told == {
        group.code: len(group.criteria) - machines.get(group.code, 0) for group in rules.groups
    }


def test_evidence_of_a_proposal_is_handed_out_to_assessors_alone(held, country):
    losi_held(country)
    sha = Kept(country.home).keep("page", "<p>Đăng ký khai sinh</p>".encode()).sha256
    other = Kept(country.home).keep("page", b"somebody else's").sha256
    path = f"/lam-viec/cham-diem/losi/{SYSTEM}/bang-chung/"
    assessor = signed_in(Role.ASSESSOR)
    assert "&lt;p&gt;Đăng ký khai sinh" in assessor.get(path + sha).content.decode()
    assert assessor.get(f"{path}{sha}?file").content.decode() == "<p>Đăng ký khai sinh</p>"
    assert assessor.get(path + other).status_code == 404
    assert signed_in(Role.AGENCY_ADMIN, "H26").get(path + sha).status_code == 403


@pytest.mark.parametrize(
    "given",
    [
        {"key": KEY, "found": "remote"},
        {"key": KEY, "found": "nothing-like-it", "evidence": "x"},
        {"key": "security.hsts", "evidence": "x"},
        {},
    ],
)
def test_a_mark_that_cannot_be_given_is_refused_in_words(held, given):
    answer = signed_in(Role.ASSESSOR).post(MARKING, given)
    assert answer.status_code == 400
    assert 'role="alert"' in answer.content.decode()
    assert not Mark.objects.exists()


def test_the_keeper_sees_how_far_assessors_are_and_settles_what_lies_apart(held, keeper):
    office.mark(held, SYSTEM, "Lan", KEY, points=Decimal(5))
    office.mark(held, SYSTEM, "Minh", KEY, points=Decimal(2))
    page = read(keeper, ROUND)
    assert "Lan: 1/18" in page
    assert "2,00 và 5,00" in page
    refused = keeper.post(ROUND, {"do": "announce", "days": "10"})
    assert "Còn chênh lệch" in refused.content.decode()
    given = {"do": "settle", "system": SYSTEM, "key": KEY, "points": "3,5", "because": "Cùng xem."}
    assert keeper.post(ROUND, given).status_code == 302
    assert office.differences(held) == []
    trace = Change.objects.filter(what="round").latest("at")
    assert (trace.key, trace.after["points"]) == (CODE, "3.5")


def test_an_agency_is_told_nothing_before_the_announcement(held, agency):
    assert SYSTEM not in read(agency, "/lam-viec/co-quan/H26/danh-gia/")
    read(agency, RESULT, 404)


def test_an_agency_sees_its_own_preliminary_result_and_no_other(held, agency):
    held_round.announced(held)
    assert RESULT in read(agency, "/lam-viec/co-quan/H26/danh-gia/")
    page = read(agency, RESULT)
    assert "Chính sách nội dung" in page
    assert "Cơ quan kiến nghị được đến" in page
    read(agency, f"/lam-viec/co-quan/H26/danh-gia/{CODE}/H29-one_stop/", 404)
    read(agency, f"/lam-viec/co-quan/H29/danh-gia/{CODE}/H29-one_stop/", 403)
    assert Client().get(f"/chat-luong/{CODE}/").status_code == 404  # the public is not told yet


def test_an_agency_reads_what_assessors_saw_but_not_who_saw_it(held, agency):
    for who in ("lan-bo-khcn", "minh-bo-khcn"):
        office.mark(held, SYSTEM, who, KEY, points=Decimal(2), evidence="Chỉ có ký số của cán bộ.")
    held_round.announced(held)
    page = read(agency, RESULT)
    assert page.count("Chỉ có ký số của cán bộ.") == 1
    assert "bo-khcn" not in page


def test_an_appeal_is_kept_once_and_answered_with_a_reason(held, agency, keeper):
    held_round.announced(held)
    given = {"key": "security.hsts", "text": "Tiêu đề đã có từ tháng 3."}
    assert agency.post(f"{RESULT}kien-nghi/", given).status_code == 302
    twice = agency.post(f"{RESULT}kien-nghi/", given)
    assert twice.status_code == 400
    assert "đang có một kiến nghị chờ trả lời" in twice.content.decode()
    (made,) = Appeal.objects.all()
    assert given["text"] in read(keeper, ROUND)
    early = keeper.post(ROUND, {"do": "publish"})
    assert early.status_code == 400
    decided = {"do": "decide", "appeal": made.pk, "points": "1,5", "because": "Đã quét lại."}
    assert keeper.post(ROUND, decided).status_code == 302
    assert keeper.post(ROUND, decided).status_code == 400  # it is answered already
    page = read(agency, RESULT)
    assert "Đã quét lại." in page
    graded = {each.code: each for each in grading.graded(held)}
    assert graded[SYSTEM].points["security.hsts"] == Decimal("1.5")


def test_who_may_only_look_cannot_appeal(held):
    held_round.announced(held)
    officer = signed_in(Role.OFFICER, "H26")
    assert "kien-nghi/" not in read(officer, RESULT)
    given = {"key": "security.hsts", "text": "Không."}
    assert officer.post(f"{RESULT}kien-nghi/", given).status_code == 403
    assert not Appeal.objects.exists()


def test_after_the_deadline_nobody_appeals_and_the_keeper_publishes(held, agency, keeper):
    held_round.announced(held)
    deadline_gone(held)
    late = agency.post(f"{RESULT}kien-nghi/", {"key": "security.hsts", "text": "Muộn."})
    assert late.status_code == 400
    assert "Đã hết hạn kiến nghị" in late.content.decode()
    assert keeper.post(ROUND, {"do": "publish"}).status_code == 302
    assert Client().get(f"/chat-luong/{CODE}/").status_code == 200
    given = {
        "do": "correct",
        "system": SYSTEM,
        "key": "security.hsts",
        "points": "0",
        "because": "Nhầm.",
    }
    assert keeper.post(ROUND, given).status_code == 302
    assert "Nhầm." in read(Client(), f"/chat-luong/{CODE}/")


@pytest.mark.parametrize(
    "given",
    [
        {"do": "announce", "days": "0"},
        {"do": "announce", "days": "9999999999"},
        {"do": "decide", "appeal": "x"},
        {"do": "publish"},
        {"do": "correct", "system": SYSTEM, "key": KEY, "points": "1", "because": "x"},
        {"do": "nothing"},
        {},
    ],
)
def test_a_step_that_is_not_due_is_refused_and_leaves_no_trace(held, keeper, given):
    answer = keeper.post(ROUND, given)
    assert answer.status_code == 400
    held.refresh_from_db()
    assert held.state == Round.State.MEASURING
    assert not Change.objects.filter(what="round").exists()


def test_progress_is_told_while_systems_wait(held, keeper):
    first = held.entries.first()
    Entry.objects.filter(pk=first.pk).update(state=Entry.State.RUNNING)
    page = read(keeper, ROUND)
    assert "1 trong 2 hệ thống đã đo, 1 đang đo, 0 còn chờ" in page
    assert "data-renew" in page
    assert "http-equiv" not in page  # what the keeper is writing must not be lost
    Entry.objects.filter(pk=first.pk).update(state=Entry.State.QUEUED)
    assert "Bắt đầu đo" in read(keeper, ROUND)
    assert CODE in read(keeper, "/lam-viec/dot-danh-gia/")


def test_the_pages_are_there_in_english(held, keeper, agency):
    held_round.announced(held)
    assert "preliminary" in read(keeper, "/en/work/rounds/")
    assert "The agency may appeal until" in read(
        agency, f"/en/work/agencies/H26/assessments/{CODE}/{SYSTEM}/"
    )


def plan(keeper, content, code="2027-9", criteria="2024"):
    upload = SimpleUploadedFile("he-thong.csv", content)
    given = {"code": code, "criteria": criteria, "systems": upload}
    return keeper.post("/lam-viec/dot-danh-gia/", given)


def test_a_round_is_planned_from_a_file_and_its_rules_are_frozen(held, keeper):
    lines = "code,name,block,url,vendor\nH26-one_stop,Hà Nội,province,hanoi.example.gov.vn,Nhà A\n"
    assert plan(keeper, lines.encode("utf-8-sig")).status_code == 302
    made = Round.objects.get(code="2027-9")
    assert made.entries.get().url == "https://hanoi.example.gov.vn"
    assert made.rules_sha256
    assert Change.objects.get(what="round", key="2027-9").after["systems"] == 1
    twice = plan(keeper, lines.encode())
    assert "Đã có một đợt mang tên này." in twice.content.decode()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"code,name\na,b\n", "thiếu cột này"),
        (b"code,name,block,url\na,b,moon,https://a.vn/\n", "khối phải là"),
        (b"code,name,block,url\na,b,province,ftp://a\n", "không phải địa chỉ web"),
        (b"code,name,block,url\na,b,province,a.vn\na,c,province,b.vn\n", "đã có ở dòng trên"),
        (b"code,name,block,url,site_id\na,b,province,a.vn,x\n", "không phải số"),
        (b"code,name,block,url\n,b,province,a.vn\n", "để trống"),
        (b"code,name,block,url\n", "chưa có hệ thống nào"),
        (b"\xff\xfe\x00", "không đọc được"),
        (b"x" * 1_000_002, "không đọc được"),
        (b"", "thiếu cột này"),
    ],
)
def test_a_file_that_cannot_be_planned_from_names_its_faults(held, keeper, content, said):
    answer = plan(keeper, content)
    assert answer.status_code == 400
    assert said in answer.content.decode()
    assert not Round.objects.filter(code="2027-9").exists()


@pytest.mark.parametrize("code", ["", "A b", "../x", "x" * 41])
def test_a_round_needs_a_proper_name(held, keeper, code):
    lines = b"code,name,block,url\na,b,province,a.vn\n"
    assert "Tên đợt không hợp lệ." in plan(keeper, lines, code).content.decode()
