"""Whoever runs the instance sees what is held, for how long, what goes next and what went."""

from __future__ import annotations

import datetime as dt

import pytest
from tests.keeping.test_sweeping import evidence, incident
from tests.web.people import read, signed_in

from thuocdo.core import clock
from thuocdo.keeping import sweeping
from thuocdo.registry.rights import Role
from thuocdo.web.printing import day

pytestmark = pytest.mark.django_db
PAGE, ENGLISH = "/lam-viec/luu-giu/", "/en/work/keeping/"


@pytest.mark.parametrize(
    ("role", "status"), [(Role.PUBLISHER, 403), (Role.ANALYST, 403), (Role.OPERATOR, 200)]
)
def test_the_page_is_for_who_runs_the_system(empty, role, status):
    read(signed_in(role), PAGE, status)


def test_what_goes_next_is_told_and_then_what_went(empty):
    operator = signed_in(Role.OPERATOR)
    assert "Chưa hủy gì." in read(operator, PAGE)
    evidence(empty, "orphan")
    incident("a", closed=dt.datetime(2019, 1, 1, tzinfo=dt.UTC))
    page = read(operator, PAGE)
    assert "<strong>2</strong> (6 byte)" in page.replace("\N{NO-BREAK SPACE}", " ")
    assert page.count("đêm tới</td>") == 2
    list(sweeping.sweep(empty, clock.now_us(), "worker"))
    went = read(operator, PAGE)
    assert "máy, ban đêm" in went
    assert "<strong>0</strong>" in went
    assert "Removed lately" in read(operator, ENGLISH)


def test_a_kind_that_cannot_be_judged_is_said_to_keep_everything(empty, monkeypatch):
    from thuocdo.core.errors import ThuocdoError
    from thuocdo.keeping.files import OfFiles

    def broken(*_given):
        raise ThuocdoError("bad_publication", "Round x is not what was signed.")

    monkeypatch.setattr(OfFiles, "look", broken)
    page = read(signed_in(Role.OPERATOR), PAGE)
    assert "Không xét được, nên không hủy gì" in page
    assert "Round x is not what was signed." in page


def test_the_day_of_an_instant_is_vietnams():
    assert day(dt.datetime(2026, 11, 28, 19, 0, tzinfo=dt.UTC)) == "29/11/2026"
    assert day(dt.date(2026, 11, 28)) == "28/11/2026"
