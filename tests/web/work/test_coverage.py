"""Coverage of the country: filtered, linked, downloaded; for those who look after the country."""

from __future__ import annotations

import csv
import io

import pytest
from tests.web.people import enter, someone

from thuocdo.registry.rights import Role

pytestmark = pytest.mark.django_db
PAGE = "/lam-viec/do-phu/"


@pytest.fixture
def analyst(client, country):
    enter(client, someone(Role.ANALYST))
    return client


def rows(client, query=""):
    answer = client.get(f"{PAGE}?format=csv{query}").content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(answer)))


def test_what_is_expected_and_heard_of_an_agency_stands_in_one_row(analyst):
    page = analyst.get(PAGE).content.decode()
    assert "Cổng thông tin điện tử" in page
    assert 'href="/lam-viec/co-quan/H26/ket-noi/"' in page
    of_hanoi = [row for row in rows(analyst) if row["agency"] == "H26" and row["kind"] == "portal"]
    assert len(of_hanoi) == 8
    now = of_hanoi[-1]
    assert (now["expected"], now["reporting"], now["share_percent"]) == ("1", "1", "100.00")


def test_the_boxes_narrow_the_table(analyst):
    kinds = {(row["block"], row["kind"]) for row in rows(analyst, "&block=ministry&kind=portal")}
    assert kinds == {("ministry", "portal")}
    states = rows(analyst, "&state=silent")
    assert states
    last = {row["agency"]: row for row in states}
    assert {row["reporting"] for row in last.values()} == {"0"}
    assert all(row["silent_sources"] for row in last.values())


def test_a_box_filled_with_something_else_is_a_clear_refusal(analyst):
    response = analyst.get(f"{PAGE}?block=everything")
    assert response.status_code == 400
    assert "Chọn bằng các ô chọn" in response.content.decode()


def test_it_speaks_english(analyst):
    page = analyst.get("/en/work/coverage/").content.decode()
    assert "Silent since" in page
    assert "Im lặng" not in page


def test_an_agencys_administrator_has_no_page_of_the_country(client, country):
    enter(client, someone(Role.AGENCY_ADMIN, "H26"))
    assert client.get(PAGE).status_code == 403
