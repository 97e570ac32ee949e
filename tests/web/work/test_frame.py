"""The frame of the workspaces: menus by right, agencies by scope."""

from __future__ import annotations

import pytest
from tests.web.people import enter, someone

from thuocdo.registry.people import person
from thuocdo.registry.rights import Right, Role
from thuocdo.web import access
from thuocdo.web.work import frame


def test_every_entry_of_the_menus_has_an_address_with_a_right() -> None:
    for entry in (*frame.OF_AGENCY, *frame.OF_COUNTRY):
        assert entry.right is access.needed(entry.name)
        assert all(access.needed(name) for name in entry.below)


def test_a_person_sees_the_highest_of_their_agencies(client, country) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    page = client.get("/lam-viec/").content.decode()
    assert "/lam-viec/co-quan/H26/" in page
    assert "/lam-viec/co-quan/H29/" not in page


def test_places_below_are_listed_only_when_asked_for(country) -> None:
    who = person(someone(Role.OFFICER, "H26"))
    highest = frame.places(who, Right.SEE_WORK)
    assert [place.code for place in highest] == ["H26"]
    assert len(frame.places(who, Right.SEE_WORK, below=True)) >= len(highest)


def test_another_agency_s_workspace_is_refused_in_words(client, country) -> None:
    enter(client, someone(Role.OFFICER, "H26"))
    assert client.get("/lam-viec/co-quan/H26/").status_code == 200
    answer = client.get("/lam-viec/co-quan/H29/")
    assert answer.status_code == 403
    assert "Chọn một trong các cơ quan của bạn" in answer.content.decode()


@pytest.mark.parametrize("code", ["H99", "khong-co", "%00", "x" * 300])
def test_an_unknown_agency_is_not_found(client, country, code) -> None:
    enter(client, someone(Role.OPERATOR))
    assert client.get(f"/lam-viec/co-quan/{code}/").status_code == 404


def test_who_holds_no_role_arrives_at_a_page_that_says_so(client, country) -> None:
    enter(client, someone(Role.VIEWER, "H26"))
    answer = client.get("/en/work/")
    assert answer.status_code == 200
    assert "no work at any agency" in answer.content.decode()
    assert client.get("/lam-viec/co-quan/H26/").status_code == 403


def test_the_public_is_sent_to_sign_in(client, country) -> None:
    answer = client.get("/lam-viec/co-quan/H26/")
    assert answer.status_code == 302
    assert answer.url.startswith("/login")
