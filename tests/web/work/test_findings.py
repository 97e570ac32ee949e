"""Findings at the desk: seen within the subtree, answered by officers, decided by somebody else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.web.conftest import TODAY
from tests.web.people import enter, someone

from thuocdo.registry.explanations import Explanation
from thuocdo.registry.rights import Role

FIRST = TODAY - timedelta(days=89)
KEY = f"constant_level:H26-one_stop:{FIRST}..{TODAY}"
LIST = "/lam-viec/co-quan/H26/dau-hieu/"
PAGE = f"{LIST}{KEY}/"
OTHERS = f"/lam-viec/co-quan/H29/dau-hieu/constant_level:H29-one_stop:{FIRST}..{TODAY}/"

pytestmark = pytest.mark.usefixtures("questioned")


def answer(client, text: str = "Phần mềm gửi hằng số; đã báo nhà cung cấp.", do: str = "explain"):
    return client.post(PAGE, {"do": do, "text": text})


def test_an_officer_sees_the_findings_of_their_agency_and_no_other(client) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    page = client.get(LIST).content.decode()
    assert "Mức độ dịch vụ gửi về là hằng số" in page
    assert "H26-one_stop" in page
    assert "H29-one_stop" not in page
    assert client.get("/lam-viec/co-quan/H29/dau-hieu/").status_code == 403
    assert client.get(OTHERS).status_code == 403


def test_the_country_s_list_is_cut_to_the_reader_s_part(client) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    page = client.get("/lam-viec/dau-hieu/").content.decode()
    assert "H26-one_stop" in page
    assert "H29-one_stop" not in page
    enter(client, someone(Role.ANALYST))
    page = client.get("/lam-viec/dau-hieu/").content.decode()
    assert "H29-one_stop" in page


def test_a_finding_shows_its_rows_and_what_it_does_to_figures(client) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    page = client.get(PAGE).content.decode()
    assert "Bằng chứng" in page
    assert ">60<" in page
    assert "giữ nguyên giá trị đã đo" in page
    assert "60/60" in page, "the online share of its sixty dossiers"
    english = client.get(f"/en/work/agencies/H26/findings/{KEY}/").content.decode()
    assert "The declared level is a constant" in english
    assert "keep the value that was measured" in english


def test_a_finding_of_another_agency_is_not_found_below_this_one(client) -> None:
    enter(client, someone(Role.ANALYST))
    wrong = OTHERS.replace("co-quan/H29", "co-quan/H26")
    assert client.get(wrong).status_code == 404
    for key, status in (("x", 404), (f"{KEY}x", 404), (KEY.replace(str(FIRST), "0001-01-01"), 400)):
        assert client.get(f"{LIST}{key}/").status_code == status, key


def test_an_officer_answers_and_twice_is_once(client) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    assert answer(client).status_code == 302
    assert answer(client).status_code == 302
    assert Explanation.objects.get().who.startswith("officer")
    assert "đã báo nhà cung cấp" in client.get(PAGE).content.decode()
    assert "đã giải trình, chờ xem xét" in client.get(LIST).content.decode()


def test_an_empty_answer_is_refused_in_words_and_a_long_one_is_given_back(client) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    assert answer(client, "").status_code == 400
    refused = answer(client, "x" * 4001)
    assert refused.status_code == 400
    assert "dài quá 4.000 ký tự" in refused.content.decode()
    assert "x" * 4001 in refused.content.decode()
    assert not Explanation.objects.exists()


def test_a_publisher_decides_about_an_officer_s_answer(client) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    answer(client)
    assert answer(client, "Tự chấp nhận.", "accept").status_code == 403
    enter(client, someone(Role.PUBLISHER))
    assert answer(client, "Đã thấy văn bản.", "accept").status_code == 302
    assert [row.kind for row in Explanation.objects.all()] == ["answer", "accepted"]
    assert "chấp nhận giải trình" in client.get(LIST).content.decode()


def test_whoever_answered_does_not_decide(client) -> None:
    enter(client, someone(Role.PUBLISHER))
    answer(client)
    page = client.get(PAGE).content.decode()
    assert "người khác phải quyết định" in page
    assert 'value="accept"' not in page
    refused = answer(client, "Tốt.", "accept")
    assert refused.status_code == 400
    assert "không quyết định được" in refused.content.decode()
    assert Explanation.objects.count() == 1


@pytest.mark.parametrize(("role", "status"), [(Role.ANALYST, 403), (Role.OFFICER, 302), (Role.AGENCY_ADMIN, 302)])  # fmt: skip
def test_who_may_answer(client, role, status) -> None:
    enter(client, someone(role, "H26"))
    assert answer(client).status_code == status


def test_the_list_is_filtered_by_how_far_an_answer_has_come(client) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    assert "H26-one_stop" in client.get(f"{LIST}?standing=open").content.decode()
    assert "H26-one_stop" not in client.get(f"{LIST}?standing=accepted").content.decode()
    assert client.get(f"{LIST}?standing=nonsense").status_code == 200


def test_the_country_s_list_is_filtered_by_kind(client) -> None:
    enter(client, someone(Role.ANALYST))
    page = client.get("/lam-viec/dau-hieu/?kind=constant_level")
    assert page.context["rows"]
    assert {row.finding.detector for row in page.context["rows"]} == {"constant_level"}
    assert client.get("/lam-viec/dau-hieu/?kind=nonsense").context["rows"]
