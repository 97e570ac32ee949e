"""Sites: what to paste, and rules that change from today on; of one's own agency alone."""

from __future__ import annotations

from datetime import date

import pytest
from tests.web.people import enter, someone

from thuocdo.core import clock
from thuocdo.core import snapshot as snapshot_file
from thuocdo.registry.models import Change, Site
from thuocdo.registry.rights import Role

LIST = "/lam-viec/co-quan/H26/trang/"
RULES = {"hostnames": "h26.vn\nwww.h26.vn", "networks": "", "only_hosts": "on"}
TODAY = clock.local_day(clock.now_us())


@pytest.fixture
def desk(writable, client):
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    return client


def test_the_sites_of_today_are_listed_with_what_they_ask(admin) -> None:
    page = admin.get(LIST)
    assert "Cổng H26" in page
    assert "h26.vn" in page
    assert "Cổng H29" not in page
    assert "Trang đã bỏ" not in page  # it ended, and is expected no longer
    assert "Thêm trang" in page
    assert "Add a site" in admin.get("/en/work/agencies/H26/sites/")


def test_a_site_has_its_snippet_in_every_shape(admin) -> None:
    page = admin.get(f"{LIST}391/")
    assert page.count("Begin EMC Tracking Code") == 3
    assert "integrity" in page
    assert "script-src" in page
    one_stop = admin.get(f"{LIST}500/")
    assert "Begin EMC" not in one_stop
    for foreign in (392, 501, 4711):
        admin.get(f"{LIST}{foreign}/", 404)


def test_a_change_is_a_row_from_today_and_the_collector_hears_of_it(
    desk, writable, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        assert desk.post(f"{LIST}391/sua/", RULES).status_code == 302
    rows = sorted(Site.objects.filter(site_id=391), key=lambda row: row.valid_from or date.min)
    assert [row.valid_from for row in rows] == [None, TODAY]
    assert rows[0].hostnames == "h26.vn"
    assert rows[1].host_list == ["h26.vn", "www.h26.vn"]
    assert rows[1].only_hosts
    assert rows[1].name == rows[0].name
    trace = Change.objects.get(what="site")
    assert (trace.before["only_hosts"], trace.after["only_hosts"]) == (False, True)
    entry = snapshot_file.read(writable.snapshot_path).site_by_id[391]
    assert entry.only_hosts


def test_a_second_change_of_the_day_corrects_the_first(desk) -> None:
    desk.post(f"{LIST}391/sua/", RULES)
    desk.post(f"{LIST}391/sua/", RULES | {"needs_key": "on"})
    desk.post(f"{LIST}391/sua/", RULES | {"needs_key": "on"})  # nothing new
    assert Site.objects.filter(site_id=391).count() == 2
    assert Site.objects.get(site_id=391, valid_from=TODAY).needs_key
    assert Change.objects.filter(what="site").count() == 2


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"hostnames": "không phải tên miền"}, "Mỗi dòng là một tên miền"),
        ({"networks": "10.0.0.0/99"}, "dải mạng"),
    ],
)
def test_what_is_no_host_or_network_is_said_beside_the_form(desk, fields, words) -> None:
    answer = desk.post(f"{LIST}391/sua/", RULES | fields)
    assert answer.status_code == 400
    assert words in answer.content.decode()
    assert Site.objects.filter(site_id=391).count() == 1


NEW = {"site_id": "777", "name": "Trang mới", "system": "H26-portal", "hostnames": "moi.vn"}


def test_a_site_is_added_within_the_agency(desk) -> None:
    answer = desk.post(LIST, NEW)
    assert answer.url == f"{LIST}777/"
    assert "Đã đăng ký trang 777" in desk.get(answer.url).content.decode()
    site = Site.objects.get(site_id=777)
    assert (site.valid_from, site.host_list) == (TODAY, ["moi.vn"])
    assert Change.objects.get(what="site", action="create").after["site_id"] == 777


@pytest.mark.parametrize(
    "fields",
    [{"site_id": "392"}, {"site_id": "391"}, {"site_id": "0"}, {"site_id": "x"},
     {"system": "H29-portal"}, {"system": "H26-old"}, {"system": "khong-co"}, {"name": ""}],
)  # fmt: skip
def test_a_site_that_may_not_be_is_not_added(desk, fields) -> None:
    before = Site.objects.count()
    assert desk.post(LIST, NEW | fields).status_code == 400
    assert Site.objects.count() == before


def test_an_officer_reads_and_changes_nothing(as_role) -> None:
    desk = as_role(Role.OFFICER)
    assert "Thêm trang" not in desk.get(LIST)
    assert "Ghi, áp dụng từ hôm nay" not in desk.get(f"{LIST}391/")
    before = Site.objects.count()
    assert desk.client.post(f"{LIST}391/sua/", RULES).status_code == 403
    assert desk.client.post(LIST, NEW).status_code in (200, 403)
    assert Site.objects.count() == before
