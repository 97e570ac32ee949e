"""What the live pages withhold: what a check blocks, what is too small, and points made of it."""

from __future__ import annotations

import json
import threading
from datetime import date

import msgspec
import pytest
from tests.web.conftest import DUE_BEFORE

from thuocdo.measure.definitions import definition
from thuocdo.measure.model import Point
from thuocdo.web.publishing import published_points
from thuocdo.web.standby import Standby

RANKING = "/xep-hang/on_time_rate/?block=ministry"


def test_a_figure_that_a_check_blocks_is_not_shown_and_says_why(client, country):
    page = client.get(RANKING).content.decode()
    unranked = page[page.index('id="unranked"') :]
    row = unranked[unranked.index(f"/co-quan/{DUE_BEFORE}/") :]
    row = row[: row.index("</tr>")]
    assert "bị chặn do không đạt kiểm tra" in row
    assert "/20" not in row
    assert "/con-so/" not in row


def test_the_download_withholds_it_too(client, country):
    rows = json.loads(client.get(RANKING + "&format=json").content)["rows"]
    (mine,) = [row for row in rows if row["agency"] == DUE_BEFORE]
    assert (mine["value"], mine["numerator"], mine["rank"]) == (None, None, None)
    assert "blocked_by:due_not_before_received" in mine["flags"]


def test_points_are_hidden_where_a_part_is(country):
    days = (date(2026, 1, 1), date(2026, 1, 7))
    version = definition("qd766_online_payment").versions[-1]
    whole = [Point(*days, None, None, 6.5), Point(*days, None, None, 7.0)]
    part = [Point(*days, 10, 20, 50.0), Point(*days, None, None, None)]
    shown = published_points(version, whole, [part])
    assert [point.value for point in shown] == [6.5, None]
    assert shown[0] == msgspec.structs.replace(whole[0])


def test_an_answer_is_made_once_and_renewed_behind_the_reader():
    answers, made, renewed = Standby[int](0.0, 4), [], threading.Event()

    def make() -> int:
        made.append(1)
        if len(made) > 1:
            renewed.set()
        return len(made)

    assert answers.ask("key", make) == 1
    assert answers.ask("key", make) == 1  # the kept one, while another is on its way
    assert renewed.wait(10)


def test_a_renewal_that_fails_leaves_the_last_answer_standing():
    answers, failed = Standby[int](0.0, 4), threading.Event()

    def fail() -> int:
        failed.set()
        raise ValueError

    assert answers.ask("key", lambda: 1) == 1
    assert answers.ask("key", fail) == 1
    assert failed.wait(10)
    assert answers.ask("key", lambda: 1) == 1
    answers.close()  # what is said of the failure belongs to this test


def test_what_still_follows_from_the_same_is_not_made_again():
    answers, made, renewed = Standby[int](0.0, 4), [], threading.Event()

    def make() -> int:
        made.append(1)
        if len(made) > 1:
            renewed.set()
        return len(made)

    for _ in range(5):
        assert answers.ask("key", make, of="facts of noon") == 1
    assert answers.ask("key", make, of="facts of one") == 1
    assert renewed.wait(10)
    answers.close()
    assert len(made) == 2


@pytest.mark.parametrize(("facts", "renewals"), [("the same", 0), ("newer ones", 1)])
def test_what_an_earlier_process_said_is_given_at_once(facts, renewals):
    answers, made = Standby[str](60.0, 9), []

    def make() -> str:
        made.append(1)
        return "anew"

    def left() -> tuple[str, str]:
        return "the same", "as it was"

    assert answers.ask("key", make, of=facts, before=left) == "as it was"
    answers.close()
    assert len(made) == renewals


def test_a_page_that_can_do_without_an_answer_does_not_wait_for_it():
    answers, go, made = Standby[int](60.0, 4), threading.Event(), threading.Event()

    def slowly() -> int:
        go.wait(10)
        made.set()
        return 7

    assert answers.ask_briefly("key", slowly, 0.01) is None
    assert answers.ask_briefly("key", slowly, 0.01) is None
    go.set()
    assert made.wait(10)
    answers.close()
    assert answers.ask_briefly("key", slowly, 0.0) == 7
    assert Standby[int](60.0, 4).ask_briefly("other", lambda: 8, 10.0) == 8
