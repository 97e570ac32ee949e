"""Connections: what each system sends, in words; of one's own agency and of nobody else's."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from tests.web.people import enter, someone
from tests.web.work.conftest import ONE_STOP, OTHER, PERSONAL

from thuocdo.core import clock
from thuocdo.registry.models import Agency
from thuocdo.registry.rights import Role
from thuocdo.steer.models import Task

LIST = "/lam-viec/co-quan/H26/ket-noi/"


def test_every_system_has_its_state_and_the_closed_one_is_apart(admin) -> None:
    page = admin.get(LIST)
    assert page.index("Một cửa H26") < page.index("hệ thống đã đóng") < page.index("Cổng cũ")
    assert "đang gửi" in page
    assert "Một cửa H29" not in page


def test_a_system_s_page_tells_what_is_refused_and_what_to_do(admin) -> None:
    page = admin.get(f"{LIST}H26-one_stop/")
    assert "Một phần bị từ chối" in page
    assert "mã thủ tục không có trong danh mục dịch vụ" in page
    assert "9.999991" in page  # the example, as it was kept
    assert "Phần lớn bản tin không kèm khóa" in page
    assert "Bearer KHOA_KET_NOI" in page
    assert f"siteId={ONE_STOP}" in page
    assert PERSONAL not in page
    assert "Mật" not in page


def test_a_site_s_page_has_its_snippet_and_a_check_filled_in(admin) -> None:
    page = admin.get(f"{LIST}391/")
    assert "setSiteId&#x27;, &#x27;391&#x27;" in page
    assert "?site=391&amp;url=https://H26.vn/".lower() in page.lower()
    assert "99999" in page  # a stranger that came from the site's host
    form = admin.get("/lam-viec/kiem-tra/?site=391&url=https://h26.vn/")
    assert 'value="391"' in form
    assert 'value="https://h26.vn/"' in form


def test_a_site_that_never_sent_is_told_what_to_paste(admin) -> None:
    page = admin.get(f"{LIST}502/")
    assert "Chưa nghe được gì từ trang này" in page


def test_the_pages_speak_english(admin) -> None:
    page = admin.get("/en/work/agencies/H26/connections/H26-one_stop/")
    for words in ("Diagnosis", "Some of it is refused", "the procedure is not in the catalogue"):
        assert words in page
    assert "Chẩn đoán" not in page
    assert "Never heard" in admin.get("/en/work/")
    assert "To do" in admin.get("/en/work/agencies/H26/")


@pytest.mark.parametrize("key", ["H29-one_stop", str(OTHER), "392", "khong-co", "9" * 40])
def test_what_is_not_the_agency_s_is_not_found(admin, key) -> None:
    assert "Chọn một hệ thống" in admin.get(f"{LIST}{key}/", 404)


@pytest.mark.parametrize(
    "name",
    ["work-agency", "work-connections", "work-rejects", "work-sites", "work-keys"],
)
def test_outside_one_s_subtree_every_page_is_refused(admin, name) -> None:
    assert admin.client.get(reverse(name, args=["H26"])).status_code == 200
    assert admin.client.get(reverse(name, args=["H29"])).status_code == 403


def test_an_officer_reads_and_whoever_has_no_role_does_not(as_role, client) -> None:
    desk = as_role(Role.OFFICER)
    assert "Chẩn đoán" in desk.get(f"{LIST}H26-one_stop/")
    enter(client, someone(Role.VIEWER, "H26"))
    assert client.get(LIST).status_code == 403
    client.logout()
    assert client.get(LIST).status_code == 302


def test_the_first_page_says_what_to_do_next_and_where(admin) -> None:
    page = admin.get("/lam-viec/co-quan/H26/")
    assert "bản ghi bị từ chối hôm nay" in page
    assert reverse("work-rejects", args=["H26"]) in page
    assert "Số liệu tuần trước" in page
    index = admin.get("/lam-viec/")
    assert "Đang gửi" in index


def test_an_agency_without_systems_has_a_page_too(admin) -> None:
    Agency.objects.create(code="H26.77", name="Sở mới", kind="department", parent="H26")
    for address in ("/lam-viec/co-quan/H26.77/", "/lam-viec/co-quan/H26.77/ket-noi/"):
        assert "Cơ quan chưa có hệ thống nào" in admin.get(address)
    assert "chưa có trang nào" in admin.get("/lam-viec/co-quan/H26.77/trang/")
    assert "Không có bản ghi nào" in admin.get("/lam-viec/co-quan/H26.77/bi-tu-choi/")


def test_what_came_by_files_alone_is_told_apart_from_what_speaks(as_role) -> None:
    """The dossiers of H14 were imported: they are known, but its system sends nothing itself."""
    desk = as_role(Role.OPERATOR)
    page = desk.get("/lam-viec/co-quan/H14/")
    assert "chỉ có số liệu nhập từ tệp" in page
    assert "chưa gửi gì" in page  # its portal
    assert "Chỉ có số liệu nhập từ tệp" in desk.get("/lam-viec/co-quan/H14/ket-noi/H14-one_stop/")


def test_a_site_that_is_silent_is_told_although_its_portal_speaks(admin) -> None:
    """Site 502 never sent anything; its portal's other site did."""
    page = admin.get(LIST)
    assert f"{LIST}502/" in page
    assert "Trang chưa gắn mã: chưa gửi gì" in admin.get("/lam-viec/co-quan/H26/")
    assert f"{LIST}502/" in admin.get(f"{LIST}H26-portal/")


def test_what_a_ministry_asked_for_is_on_the_first_page(admin) -> None:
    due = clock.local_day(clock.now_us()) - timedelta(days=2)
    for agency, title in (("H26", "Gửi bù hồ sơ"), ("H29", "Việc của nơi khác")):
        Task.objects.create(title=title, text="x", agency=agency, due=due, given_by="bo")
    page = admin.get("/lam-viec/co-quan/H26/")
    assert "Nhiệm vụ “Gửi bù hồ sơ” quá hạn 2 ngày" in page
    assert "Việc của nơi khác" not in page
