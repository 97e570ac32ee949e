"""Availability in the workspace: of one's own systems, told from looks as they are kept."""

from __future__ import annotations

import csv
import dataclasses
import io
import shutil

import pytest
from tests.web.work.conftest import Desk

from thuocdo.assess.models import Entry, Round
from thuocdo.assess.results import Fault
from thuocdo.assess.watching.kept import Journal
from thuocdo.assess.watching.model import CONTROL, Look, Target
from thuocdo.assess.watching.targets import targets
from thuocdo.core import clock
from thuocdo.core import settings as instance
from thuocdo.registry.models import Site
from thuocdo.registry.rights import Role
from thuocdo.run import alerting
from thuocdo.steer import causes
from thuocdo.steer.policy import policy_on

LIST = "/lam-viec/co-quan/H26/san-sang/"
STEP = 300_000_000


@pytest.fixture
def watched(as_role, settings, tmp_path) -> Desk:
    """Hà Nội's administrator; a week of looks: the one-stop system fails since 40 minutes, the portal answers."""
    desk = as_role(Role.AGENCY_ADMIN)
    shutil.copytree(desk.settings.home, tmp_path / "home")
    own = {"THUOCDO_HOME": str(tmp_path / "home"), "THUOCDO_CONTACT_MAIL": "emc@example.gov.vn"}
    settings.THUOCDO = instance.load(own)
    now, journal = clock.now_us(), Journal(settings.THUOCDO.watching_dir)
    for back in range(7 * 288 + 20, -1, -1):
        at = now - back * STEP
        down = Fault.HTTP if back <= 8 or 100 <= back < 112 else None
        journal.add(Look("H26-one_stop", at, down, 500 if down else 200, 300, 4))
        journal.add(Look("H26-portal", at, None, 200, 120, 6))
        journal.add(Look(f"{CONTROL}1", at, None, 200, 9, 4))
    journal.close()
    return dataclasses.replace(desk, settings=settings.THUOCDO)


def test_what_is_down_stands_first_with_its_share_and_minutes(watched):
    page = watched.get(LIST)
    assert page.index("Một cửa H26") < page.index("đang trả lời")
    assert "✗ không truy cập được" in page
    assert "100,00%" in page
    assert "99,0" in page
    assert "1 giờ 4" in page  # 40 minutes now, an hour before


def test_a_system_s_page_tells_each_outage_and_how_to_mend_it(watched):
    page = watched.get(f"{LIST}H26-one_stop/")
    assert page.count("Trang chủ trả về lỗi") == 2
    assert "chưa trở lại" in page
    assert "Xem nhật ký của máy chủ web" in page
    assert "hours-grid" in page
    assert "Thông tư 12/2025" in page
    english = watched.get("/en/work/agencies/H26/availability/H26-one_stop/")
    assert "not back yet" in english
    assert "Read the logs" in english


def test_a_week_nobody_looked_is_not_measurable_and_never_zero(watched):
    page = watched.get(f"{LIST}H26-one_stop/?tuan=2025-W10")
    assert "chưa đủ để nói về độ sẵn sàng" in page
    assert "Chưa đo được lần nào" in page
    assert "không được theo dõi" not in watched.get(f"{LIST}H26-portal/")
    watched.get(f"{LIST}H26-one_stop/?tuan=2025-W99", 400)


def test_files_hold_hours_and_every_look(watched):
    hours = list(csv.DictReader(io.StringIO(watched.get(f"{LIST}H26-portal/theo-gio.csv"))))
    assert {row["down"] for row in hours} == {"0"}
    looks = list(csv.DictReader(io.StringIO(watched.get(f"{LIST}H26-portal/tung-lan.csv"))))
    assert len(looks) >= 7 * 288
    assert {row["system"] for row in looks} == {"H26-portal"}
    watched.get(f"{LIST}H26-portal/khac.csv", 404)


def test_another_agency_s_systems_are_not_there(watched):
    assert "H29" not in watched.get(LIST)
    watched.get(f"{LIST}H29-one_stop/", 404)
    watched.get("/lam-viec/co-quan/H29/san-sang/", 403)


def test_the_pages_say_when_nobody_is_named_to_write_to(admin):
    assert "Việc theo dõi đang tắt" in admin.get(LIST)
    assert "không được theo dõi lúc này" in admin.get(LIST)


def test_a_system_that_is_down_is_an_incident_until_it_answers(watched):
    now = clock.now_us()
    policy = policy_on(clock.local_day(now))
    (found,) = causes.systems_down(alerting.downs(watched.settings, now), now, policy)
    assert (found.subject, found.agency, found.evidence["name"]) == ("H26-one_stop", "H26", "Một cửa H26")  # fmt: skip
    assert 40 <= int(found.evidence["minutes"]) <= 46
    journal = Journal(watched.settings.watching_dir)
    journal.add(Look("H26-one_stop", now, None, 200, 100, 4))
    journal.close()
    assert alerting.downs(watched.settings, now + 1) == []


def test_systems_with_an_address_and_those_of_open_rounds_are_asked(watched):
    told = dataclasses.replace(watched.settings, control_urls=("https://dichvucong.example.vn",))
    held = Round.objects.create(code="r1", rules={}, rules_sha256="", software="")
    trial = Round.objects.create(code="t1", rules={}, rules_sha256="", software="", is_trial=True)
    for round_, code in ((held, "H26-portal"), (held, "X-1"), (trial, "T-1")):
        url = f"https://{code.lower()}.example.vn/"
        Entry.objects.create(round=round_, code=code, name=code, block="province", url=url, turn=1)
    found = targets(told, clock.now_us())
    assert found[0] == Target("=1", "https://dichvucong.example.vn")
    by_code = {target.code: target.url for target in found}
    assert by_code["H26-portal"] == "https://h26-portal.example.vn/"
    assert by_code["H26-one_stop"] == "https://mc.vn/"
    assert "X-1" in by_code
    assert not {"T-1", "H26-old"} & set(by_code)
    Site.objects.all().delete()
    assert {target.code for target in targets(told, clock.now_us())} == {"=1", "H26-portal", "X-1"}
