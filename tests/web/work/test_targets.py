"""Targets in the workspace: listed with their outlook, set with a reason, never overwritten."""

from __future__ import annotations

import shutil

import pytest
from tests.web.people import enter, someone

from thuocdo.measure.targets.setting import set_targets
from thuocdo.registry.rights import Role

pytestmark = pytest.mark.django_db
PAGE = "/lam-viec/chi-tieu/"
GIVEN = {
    "indicator": "full_online_rate",
    "block": "province",
    "value": "92,5",
    "by": "2099-12-31",
    "title_vi": "Toàn trình năm 2099",
    "title_en": "Full-online 2099",
    "document": "Quyết định 1",
    "place": "Điều 2",
    "note": "theo kế hoạch",
}
CODE = "full-online-rate-2099-12-31-province"


@pytest.fixture
def home(country):
    shutil.rmtree(country.home / "targets", ignore_errors=True)
    yield country.home
    shutil.rmtree(country.home / "targets", ignore_errors=True)


@pytest.fixture
def publisher(client, home):
    enter(client, someone(Role.PUBLISHER))
    return client


def test_every_target_is_listed_with_what_the_series_says(publisher):
    page = publisher.get(PAGE).content.decode()
    assert "Hồ sơ trực tuyến toàn trình khối địa phương năm 2025" in page
    assert "Lâm Đồng" in page
    assert "Đặt chỉ tiêu mới" in page


@pytest.mark.parametrize("address", [PAGE, "/en/work/targets/"])
def test_a_packaged_target_has_a_page_and_a_change_of_it_says_what_was_before(
    publisher, home, address
):
    assert publisher.get(f"{address}cv-4338-2025-province/").status_code == 200
    changed = GIVEN | {"value": "71", "by": "2025-12-31", "seen": "0"}
    publisher.post(f"{PAGE}cv-4338-2025-province/sua", changed)
    page = publisher.get(f"{PAGE}cv-4338-2025-province/").content.decode()
    assert "70,00%, hạn 31/12/2025" in page
    assert "71,00%, hạn 31/12/2025" in page


def test_a_new_target_is_kept_with_who_and_why(publisher, home):
    response = publisher.post(f"{PAGE}them", GIVEN)
    assert (response.status_code, response.url) == (302, f"{PAGE}{CODE}/")
    [one] = set_targets(home).of(CODE)
    assert (one.who, one.note, one.target.value) == (
        "publisher-ca-nuoc-True",
        "theo kế hoạch",
        "92.5",
    )
    page = publisher.get(f"{PAGE}{CODE}/").content.decode()
    assert "92,50%" in page
    assert "theo kế hoạch" in page


def test_a_change_shows_before_and_after(publisher, home):
    publisher.post(f"{PAGE}them", GIVEN)
    changed = GIVEN | {"value": "95", "note": "điều chỉnh", "seen": "1"}
    assert publisher.post(f"{PAGE}{CODE}/sua", changed).status_code == 302
    page = publisher.get(f"{PAGE}{CODE}/").content.decode()
    assert "điều chỉnh" in page
    assert "92,50%, hạn 31/12/2099" in page
    assert "95,00%, hạn 31/12/2099" in page


def test_a_form_that_has_grown_old_is_refused_with_what_was_typed(publisher, home):
    publisher.post(f"{PAGE}them", GIVEN)
    response = publisher.post(f"{PAGE}{CODE}/sua", GIVEN | {"value": "77", "seen": "0"})
    assert response.status_code == 400
    assert "Có người vừa sửa" in response.content.decode()
    assert 'value="77"' in response.content.decode()
    assert len(set_targets(home).of(CODE)) == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"value": "200"}, "Giá trị phải đạt không hợp lệ"),
        ({"note": ""}, "Thay đổi cần ghi lý do"),
        ({"by": "hôm nay"}, "Ngày không hợp lệ"),
        ({"block": "", "agency": "H99999"}, "Chỉ tiêu phải của một khối"),
        ({"indicator": "no_such"}, "Không có chỉ số này"),
        ({"title_en": ""}, "thiếu tên hoặc căn cứ"),
    ],
)
def test_what_is_wrong_with_a_target_is_said(publisher, home, change, said):
    response = publisher.post(f"{PAGE}them", GIVEN | change)
    assert response.status_code == 400
    assert said in response.content.decode()
    assert set_targets(home).settings == ()


def test_an_analyst_sees_targets_and_sets_none(client, home):
    enter(client, someone(Role.ANALYST))
    page = client.get("/en/work/targets/").content.decode()
    assert "Outlook" in page
    assert "Set a new target" not in page
    assert client.get(f"{PAGE}moi").status_code == 403
    assert client.post(f"{PAGE}them", GIVEN).status_code == 403
    assert set_targets(home).settings == ()
