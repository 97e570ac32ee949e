"""The publication queue: who sees what, who may press which button, what happens then."""

from __future__ import annotations

import msgspec
import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from tests.web.people import enter, someone
from tests.web.work.weeks import PAGE, QUEUE, WEEK, found, press

from thuocdo.registry.rights import Role
from thuocdo.report import archive, making
from thuocdo.report.desk.model import State
from thuocdo.web.work import remaking

pytestmark = pytest.mark.django_db


def test_a_report_goes_through_the_hands_of_three_people(client, desk):
    analyst, signer, clerk = (
        someone(Role.ANALYST),
        someone(Role.PUBLISHER),
        someone(Role.OPERATOR),
    )
    enter(client, analyst)
    assert "Xác nhận đã kiểm tra" in client.get(PAGE).content.decode()
    assert press(client, desk, "check", note="Đã xem.").status_code == 302
    refused = press(client, desk, "sign")
    assert refused.status_code == 409
    assert "không có quyền làm bước “Ký”" in refused.content.decode()

    enter(client, signer)
    assert press(client, desk, "sign", note="Đồng ý.").status_code == 302
    assert "phải do người khác làm" in client.get(PAGE).content.decode()
    assert press(client, desk, "publish").status_code == 409

    enter(client, clerk)
    assert press(client, desk, "publish").status_code == 302
    assert found(desk).state is State.PUBLISHED
    client.logout()
    assert client.get(f"/bao-cao/{WEEK}.html").status_code == 200


@pytest.mark.parametrize(
    ("role", "status"), [(Role.OFFICER, 403), (Role.AGENCY_ADMIN, 403), (Role.ANALYST, 200)]
)
def test_the_queue_is_for_those_who_prepare_reports(client, desk, role, status):
    enter(client, someone(role))
    for address in (QUEUE, PAGE, f"{PAGE}du-thao.json"):
        assert client.get(address).status_code == status


def test_a_button_on_a_page_that_has_grown_old_is_refused(client, desk):
    enter(client, someone(Role.ANALYST))
    response = press(client, desk, "check", digest="0" * 64, note="Đã xem.")
    assert response.status_code == 409
    assert "không còn là bản bạn đã xem" in response.content.decode()
    assert found(desk).state is State.DRAFT


def test_signing_asks_again_who_it_is_and_then_goes_on(client, desk):
    enter(client, someone(Role.ANALYST))
    press(client, desk, "check", note="Đã xem.")
    signer, secret = someone(Role.PUBLISHER, second_factor=False), generate_totp_secret()
    TOTP.activate(signer, secret)
    enter(client, signer)
    asked = press(client, desk, "sign", again=False, note="Đồng ý.")
    assert asked.status_code == 302
    assert found(desk).state is State.CHECKED
    code = format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))
    assert client.post(asked["Location"], {"code": code}).status_code == 302
    assert found(desk).state is State.SIGNED
    assert found(desk).draft.signed.note == "Đồng ý."


def test_a_number_is_written_into_the_draft_and_nothing_is_measured_for_it(
    client, desk, monkeypatch
):
    enter(client, someone(Role.ANALYST))
    before = archive.load(desk, WEEK)
    monkeypatch.setattr(making, "build", None)
    assert press(client, desk, "number", number="  ").status_code == 409
    assert archive.load(desk, WEEK) == before
    assert press(client, desk, "number", number="99/BC-CĐSQG").status_code == 302
    assert archive.load(desk, WEEK) == msgspec.structs.replace(before, number="99/BC-CĐSQG")
    assert found(desk).state is State.DRAFT
    assert "99/BC-CĐSQG" in client.get(PAGE).content.decode()


def test_the_draft_can_be_made_again(client, desk):
    enter(client, someone(Role.ANALYST))
    press(client, desk, "number", number="99/BC-CĐSQG")
    before = found(desk).draft.digest
    assert press(client, desk, "remake").status_code == 302
    assert found(desk).draft.digest == before  # nothing is measured while somebody waits
    assert remaking.take_one(desk)
    assert found(desk).draft.digest != before
    assert found(desk).draft.made.who == "analyst-ca-nuoc-True"
    page = client.get(PAGE).content.decode()
    assert "99/BC-CĐSQG" in page
    assert "Con số khác bản trước" in page


def test_a_revision_opened_here_needs_its_reason(client, desk):
    enter(client, someone(Role.ANALYST))
    press(client, desk, "check", note="Đã xem.")
    enter(client, someone(Role.PUBLISHER))
    press(client, desk, "sign")
    enter(client, someone(Role.OPERATOR))
    press(client, desk, "publish")
    assert press(client, desk, "revise").status_code == 409
    assert press(client, desk, "revise", note="Gửi bù số liệu.").status_code == 302
    assert "Đang lập bản đính chính" in client.get(PAGE).content.decode()
    assert remaking.take_one(desk)
    assert found(desk).draft.reason == "Gửi bù số liệu."
    assert "Gửi bù số liệu." in client.get(PAGE).content.decode()


def test_a_step_is_withdrawn_with_a_reason(client, desk):
    enter(client, someone(Role.ANALYST))
    press(client, desk, "check", note="Đã xem.")
    assert press(client, desk, "withdraw", note="Xem lại bảng 3.").status_code == 302
    assert found(desk).state is State.DRAFT


@pytest.mark.parametrize("form", ["json", "html", "docx", "pdf", "xlsx"])
def test_the_draft_is_downloaded_in_every_format_and_kept_by_nobody(client, desk, form):
    enter(client, someone(Role.ANALYST))
    response = client.get(f"{PAGE}du-thao.{form}")
    assert response.status_code == 200
    assert response["Cache-Control"] == "no-store"


def test_the_pages_speak_english_too(client, desk):
    enter(client, someone(Role.ANALYST))
    page = client.get(f"/en/work/reports/{WEEK}/").content.decode()
    assert "Confirm the check" in page
    assert "You will not be able to sign" in page
    assert "draft" in client.get("/en/work/reports/").content.decode()


@pytest.mark.parametrize("address", [f"{QUEUE}2025-W99/", f"{QUEUE}x/", f"{PAGE}du-thao.zip"])
def test_what_is_not_there_is_a_clear_404(client, desk, address):
    enter(client, someone(Role.ANALYST))
    assert client.get(address).status_code == 404


def test_a_broken_book_is_said_and_hides_no_other(client, desk):
    enter(client, someone(Role.ANALYST))
    line = desk.publication_dir / WEEK / "0001.jws"
    line.write_text(line.read_text()[:-4])
    assert "sổ bị hỏng" in client.get(QUEUE).content.decode()
    page = client.get(PAGE)
    assert page.status_code == 400
    assert "Sổ công bố của báo cáo này bị hỏng" in page.content.decode()
    client.logout()
    assert WEEK not in client.get("/bao-cao/").content.decode()
