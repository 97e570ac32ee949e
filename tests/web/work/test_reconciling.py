"""Reconciliation at the desk: both sides, statements within the subtree, decisions by side, lists that leave no trace."""

from __future__ import annotations

import io
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from tests.web.conftest import TODAY
from tests.web.people import enter, someone

from thuocdo.lake.store import Lake
from thuocdo.registry.models import Change
from thuocdo.registry.rights import Role
from thuocdo.registry.uploads import Upload
from thuocdo.web.memory_uploads import lent

FIRST = TODAY - timedelta(days=6)
PERIOD = {"from": str(FIRST), "to": str(TODAY)}
QUERY = f"?from={FIRST}&to={TODAY}"
BASE = "/lam-viec/co-quan/H26/doi-soat/"
SPAN = f"{FIRST}..{TODAY}"


@pytest.fixture(autouse=True)
def own(questioned, settings, tmp_path):
    """A copy of the measured country that a test may write to."""
    shutil.copytree(questioned.home, tmp_path / "home")
    settings.THUOCDO = replace(
        questioned, home=tmp_path / "home", lake_url=str(tmp_path / "home" / "lake")
    )
    return settings.THUOCDO


@pytest.fixture
def officer(client):
    enter(client, someone(Role.OFFICER, "H26"))
    return client


def state(client, rows: str, name: str = "so.csv"):
    text = "agency,indicator,period,value,source,said_by\n" + rows
    file = SimpleUploadedFile(name, text.encode())
    return client.post(f"{BASE}so-cong-bo/", {**PERIOD, "file": file})


def decide(client, **given: str):
    form = {
        "code": "dossiers_received",
        "role": "agency",
        "decision": "agreed",
        "office": "Văn phòng UBND thành phố",
        "note": "Đã kiểm tra.",
    }
    return client.post(f"{BASE}quyet-dinh/", PERIOD | form | given)


def match(client, content: bytes, name: str = "list.csv", **given: str):
    file = SimpleUploadedFile(name, content)
    form = {"system": "H26-one_stop", "do": "view", "file": file}
    return client.post(f"{BASE}so-ho-so/", PERIOD | form | given)


def test_both_sides_stand_beside_each_other(officer) -> None:
    state(officer, f"H26,dossiers_received,{SPAN},63,BC 1,\n")
    page = officer.get(BASE + QUERY)
    text = page.content.decode()
    assert ">60<" in text
    assert ">63<" in text
    assert "−3" in text
    assert "Lệch" in text
    english = officer.get(f"/en/work/agencies/H26/reconciliation/{QUERY}").content.decode()
    assert "Dossiers received" in english
    assert "Differs" in english


def test_whoever_asks_first_sees_a_page_that_comes_back_by_itself(officer, monkeypatch) -> None:
    monkeypatch.setattr("thuocdo.web.work.reconciling._PATIENCE_S", 0.0)
    page = officer.get(BASE + QUERY).content.decode()
    assert 'http-equiv="refresh"' in page
    monkeypatch.setattr("thuocdo.web.work.reconciling._PATIENCE_S", 60.0)
    assert ">60<" in officer.get(BASE + QUERY).content.decode()


def test_a_period_before_the_agency_was_there_is_told(officer) -> None:
    answer = officer.get(f"/lam-viec/co-quan/H60/doi-soat/{QUERY}")
    assert answer.status_code in (403, 404)
    assert officer.get(f"{BASE}?from=1900-01-01&to=1900-02-01").status_code == 400


def test_without_a_period_the_last_month_is_shown(officer) -> None:
    answer = officer.get(BASE)
    last = TODAY.replace(day=1) - timedelta(days=1)
    assert answer.url == f"{BASE}?from={last.replace(day=1)}&to={last}"


def test_the_minutes_come_as_a_workbook(officer) -> None:
    answer = officer.get(f"{BASE}bien-ban.xlsx{QUERY}")
    book = openpyxl.load_workbook(io.BytesIO(answer.content))
    assert "Thông tin chung" in book.sheetnames


# --- statements -----------------------------------------------------------------------------------


def test_figures_are_stated_for_one_s_own_agencies_only(officer, own) -> None:
    page = state(
        officer,
        f"H26,dossiers_received,{SPAN},63,BC 1,\n"
        f"H29,dossiers_received,{SPAN},1,BC 1,\n"
        f"H26,dossiers_received,{SPAN},70,BC 1,national_portal\n"
        f"H26,dossiers_received,{SPAN},2.764,BC 1,\n",
    )
    text = page.content.decode()
    assert text.count("Nằm ngoài phạm vi của bạn") == 2
    assert "Số đọc được hai cách" in text
    rows = Lake.open(own).read("declared").to_pylist()
    assert [(row["agency"], row["value"], row["said_by"]) for row in rows] == [("H26", "63", "agency")]  # fmt: skip
    assert Change.objects.get(what="declared").after["accepted"] == 1


def test_the_same_file_again_changes_nothing(officer, own) -> None:
    for _time in range(2):
        state(officer, f"H26,dossiers_received,{SPAN},63,BC 1,\n")
    assert Lake.open(own).read("declared").num_rows == 1
    assert Change.objects.filter(what="declared").count() == 1
    assert Upload.objects.filter(kind="declared", state="applied").count() == 2


def test_the_operator_states_what_the_national_portal_says(client, own) -> None:
    enter(client, someone(Role.OPERATOR))
    state(client, f"H26,dossiers_received,{SPAN},70,dichvucong.gov.vn,national_portal\n")
    assert Lake.open(own).read("declared").to_pylist()[0]["said_by"] == "national_portal"


def test_a_file_that_is_no_table_is_told_and_kept(officer) -> None:
    file = SimpleUploadedFile("so.csv", b"%PDF-1.7")
    answer = officer.post(f"{BASE}so-cong-bo/", {**PERIOD, "file": file})
    assert answer.status_code == 400
    assert "Đây là tệp PDF" in answer.content.decode()
    assert Upload.objects.get().state == "aside"
    assert "Chưa chọn tệp" in officer.post(f"{BASE}so-cong-bo/", PERIOD).content.decode()


# --- decisions ------------------------------------------------------------------------------------


def test_each_side_writes_down_its_own_decision(client, own) -> None:
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    assert decide(client).status_code == 302
    assert decide(client, role="ministry").status_code == 403
    enter(client, someone(Role.PUBLISHER))
    assert decide(client, role="agency").status_code == 403
    assert decide(client, role="ministry", office="Cục Chuyển đổi số quốc gia").status_code == 302
    rows = Lake.open(own).read("agreements").to_pylist()
    assert sorted((row["role"], row["agreed"]) for row in rows) == [("agency", "60"), ("ministry", "60")]  # fmt: skip
    assert "Cục Chuyển đổi số quốc gia" in client.get(BASE + QUERY).content.decode()
    assert {row.key.rpartition(" ")[2] for row in Change.objects.filter(what="agreement")} == {"agency", "ministry"}  # fmt: skip


def test_nobody_decides_for_both_sides(client) -> None:
    enter(client, someone(Role.OPERATOR))
    assert decide(client).status_code == 302
    answer = decide(client, role="ministry")
    assert answer.status_code == 403
    assert "Người khác phải ghi" in answer.content.decode()


def test_a_second_click_is_one_decision(client, own) -> None:
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    decide(client)
    decide(client)
    assert Lake.open(own).read("agreements").num_rows == 1
    decide(client, decision="disputed")
    assert Lake.open(own).read("agreements").num_rows == 2


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"decision": "corrected"}, "Chưa ghi con số"),
        ({"decision": "corrected", "figure": "nhiều"}, "không đọc được như một con số"),
        ({"office": ""}, "Tên đơn vị để trống"),
        ({"code": "nothing"}, "không có trong bảng"),
        ({"note": "x" * 600}, "quá 500 ký tự"),
        ({"decision": "perhaps"}, "không ghi được"),
    ],
)
def test_a_decision_that_cannot_be_kept_is_told(client, own, given, words) -> None:
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    answer = decide(client, **given)
    assert answer.status_code in (400, 403)
    assert words in answer.content.decode()
    assert Lake.open(own).read("agreements").num_rows == 0


@pytest.mark.parametrize(
    ("role", "agency", "see", "send"),
    [
        (Role.OFFICER, "H26", True, True),
        (Role.OFFICER, "H29", False, False),
        (Role.AGENCY_ADMIN, "H26", True, True),
        (Role.ANALYST, "", True, False),
        (Role.PUBLISHER, "", True, False),
        (Role.VIEWER, "H26", False, False),
    ],
)
def test_who_may_see_and_who_may_send(client, role, agency, see, send) -> None:
    enter(client, someone(role, agency))
    assert (client.get(BASE + QUERY).status_code == 200) is see
    assert (client.get(f"{BASE}bien-ban.xlsx{QUERY}").status_code == 200) is see
    rows = f"H26,dossiers_received,{SPAN},63,BC 1,\n"
    assert (state(client, rows).status_code == 200) is send
    assert (match(client, b"H26-1\n").status_code == 200) is send


# --- lists of numbers -----------------------------------------------------------------------------

SECRET_NUMBER = "H26-khong-ai-biet-777"


def test_a_list_is_answered_by_its_lines(officer) -> None:
    lines = [f"H26-{n}" for n in range(59)] + [SECRET_NUMBER]
    page = match(officer, "\n".join(lines).encode())
    text = page.content.decode()
    assert page.status_code == 200
    assert (page.context["found"].matched, len(page.context["found"].extra)) == (59, 1)
    assert [row["one"].line for row in page.context["missing"]] == [60]
    assert "Chưa từng nhận được" in text
    assert SECRET_NUMBER not in text


def test_a_list_leaves_no_byte_behind(officer, own, tmp_path, monkeypatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    written = "django.core.files.uploadhandler.TemporaryFileUploadHandler.new_file"
    monkeypatch.setattr(written, lambda *_args, **_kwargs: pytest.fail("it went to the disk"))
    big = "\n".join([SECRET_NUMBER] * 200_000).encode()  # larger than what Django keeps in memory
    assert len(big) > 2_621_440
    match(officer, big)
    for folder in (own.home, scratch):
        for path in folder.rglob("*"):
            assert not path.is_file() or SECRET_NUMBER.encode() not in path.read_bytes(), path
    assert list(scratch.iterdir()) == []
    assert not Upload.objects.exists()


def test_a_lent_file_lies_in_memory() -> None:
    with lent(SimpleUploadedFile("x.csv", b"1\n")) as path:
        assert path.suffix == ".csv"
        assert str(path.resolve()).startswith("/memfd:") or "/proc/" in str(path.readlink())
        assert path.read_bytes() == b"1\n"
    assert not Path(path).exists()


def test_the_result_and_the_tags_can_be_taken_away(officer) -> None:
    answer = match(officer, f"{SECRET_NUMBER}\nH26-1\n".encode(), do="xlsx")
    openpyxl.load_workbook(io.BytesIO(answer.content))
    assert answer["Cache-Control"] == "no-store"
    tags = match(officer, b"H26-1\nH26-2\n", do="tags").content.decode().splitlines()
    assert tags[0] == "line,tag"
    assert len({line.partition(",")[2] for line in tags[1:]}) == 2


@pytest.mark.parametrize(
    ("content", "given", "words", "status"),
    [
        (b"PK\x03\x04zip", {"name": "x.csv"}, "không phải danh sách", 400),
        (b"H26-1\n", {"system": "H29-one_stop"}, "không thuộc cơ quan", 403),
        (b"H26-1\n", {"column": "Không có"}, "Không có cột nào", 400),
    ],
)
def test_a_list_that_cannot_be_read_is_told(officer, content, given, words, status) -> None:
    answer = match(officer, content, **given)
    assert answer.status_code == status
    assert words in answer.content.decode()


def test_the_form_of_a_list_is_guarded_against_forgery(own) -> None:
    client = Client(enforce_csrf_checks=True)
    enter(client, someone(Role.OFFICER, "H26"))
    assert match(client, b"H26-1\n").status_code == 403
