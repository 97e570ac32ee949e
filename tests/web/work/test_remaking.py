"""A draft made again in the background: told on its page, one at a time, and nobody's words are lost by it."""

from __future__ import annotations

import pytest
from tests.web.people import enter, someone
from tests.web.work.weeks import PAGE, QUEUE, WEEK, found, press

from thuocdo.registry import queues
from thuocdo.registry.memberships import Membership
from thuocdo.registry.models import Change, RemakeJob
from thuocdo.registry.rights import Role
from thuocdo.report import archive, making
from thuocdo.report.desk import shelf
from thuocdo.report.desk.model import Kind, State
from thuocdo.web.work import remaking

pytestmark = pytest.mark.django_db
STATE = f"{PAGE}lap-lai/"
REFRESH = 'http-equiv="refresh"'


class Killed(BaseException):
    """The process is gone: nothing below catches it."""


def during(monkeypatch, act):
    """Let somebody do something while the figures are being made."""
    build = making.build

    def built(*given, **named):
        report = build(*given, **named)
        act()
        return report

    monkeypatch.setattr(making, "build", built)


@pytest.fixture
def asked(client, desk):
    """A numbered draft that an analyst wants made again."""
    enter(client, someone(Role.ANALYST))
    assert press(client, desk, "remake").status_code == 302
    return desk


def page(client, address=PAGE):
    return client.get(address).content.decode()


def test_the_page_tells_the_state_and_looks_again_by_itself(client, asked, monkeypatch):
    waits = page(client, STATE)
    assert REFRESH in waits
    assert "chờ đến lượt" in waits
    report = page(client)
    assert "chờ đến lượt" in report
    assert REFRESH not in report  # it can be read in peace
    assert "Việc tiếp theo" not in report
    assert "đang lập lại" in page(client, QUEUE)
    seen = []
    during(monkeypatch, lambda: seen.append(page(client, STATE)))
    remaking.take_one(asked)
    (running,) = seen
    job = RemakeJob.objects.get()
    assert (job.done, job.of) == (job.of - 1, job.of)  # the printing is the last
    assert f"xong {job.done} trên {job.of} phần" in running
    done = page(client, STATE)
    assert REFRESH not in done
    assert "Lập lại xong lúc" in done
    assert "Việc tiếp theo" in page(client)
    assert not remaking.take_one(asked)


def test_a_second_one_at_once_is_refused(client, asked):
    refused = press(client, asked, "remake")
    assert refused.status_code == 409
    assert "đang được lập lại" in refused.content.decode()
    assert RemakeJob.objects.count() == 1
    remaking.take_one(asked)
    assert press(client, asked, "remake").status_code == 302


def test_a_number_written_meanwhile_is_kept(client, asked, monkeypatch):
    before = archive.load(asked, WEEK)
    during(monkeypatch, lambda: press(client, asked, "number", number="77/BC-CĐSQG"))
    remaking.take_one(asked)
    assert RemakeJob.objects.get().state == queues.State.DONE
    now = archive.load(asked, WEEK)
    assert (now.number, now.remark, now.period) == ("77/BC-CĐSQG", before.remark, before.period)
    assert now.as_known != before.as_known
    assert shelf.digest_of(shelf.frozen_of(asked, WEEK, found(asked).draft.digest))


def test_who_checked_meanwhile_was_faster_and_the_draft_stays(client, asked, monkeypatch):
    during(monkeypatch, lambda: press(client, asked, "check", note="Đã xem."))
    before = found(asked).draft.digest
    remaking.take_one(asked)
    assert found(asked).draft.digest == before
    assert found(asked).state is State.CHECKED
    told = page(client)
    assert "Lần lập lại gần nhất không xong" in told
    assert "không còn là bản bạn đã xem" in told


@pytest.mark.parametrize("dies_at", ["build", "line", "files"])
def test_a_worker_killed_at_it_leaves_the_work_to_the_next(client, asked, monkeypatch, dies_at):
    def die(*_given, **_named):
        raise Killed

    places = {
        "build": (making, "build"),
        "line": (making.working, "drafted"),
        "files": (making.archive, "save"),
    }
    with monkeypatch.context() as dying:
        dying.setattr(*places[dies_at], die)
        with pytest.raises(Killed):
            remaking.take_one(asked)
    assert REFRESH in page(client, STATE)
    assert asked.remake_bell_path.exists()
    assert remaking.take_one(asked)
    assert RemakeJob.objects.get().state == queues.State.DONE
    standing = found(asked)
    assert standing.state is State.DRAFT
    assert archive.load(asked, WEEK).number == "41/BC-CĐSQG"
    frozen = asked.reports_dir / WEEK / f"{WEEK}.json"
    assert shelf.digest_of(frozen.read_bytes()) == standing.draft.digest


def test_one_that_kills_every_worker_is_given_up(client, asked, monkeypatch):
    def die(*_given, **_named):
        raise Killed

    monkeypatch.setattr(making, "build", die)
    for _ in range(remaking.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            remaking.take_one(asked)
    assert not remaking.take_one(asked)
    assert RemakeJob.objects.get().failure == queues.INTERRUPTED
    assert "Lần lập lại gần nhất không xong" in page(client)


def test_a_right_lost_meanwhile_is_lost_for_the_job_too(client, asked):
    Membership.objects.all().delete()
    before = found(asked).draft.digest
    remaking.take_one(asked)
    assert RemakeJob.objects.get().failure == "not_your_step"
    assert found(asked).draft.digest == before


def test_the_asking_is_in_the_trail_and_the_making_in_the_book(client, asked):
    remaking.take_one(asked)
    (line,) = Change.objects.filter(what=Change.What.REPORT)
    assert line.who == "analyst-ca-nuoc-True"
    assert line.after["week"] == WEEK
    assert found(asked).steps[-1].kind is Kind.DRAFT


def test_a_week_that_was_never_made_again_has_no_such_page(client, desk):
    enter(client, someone(Role.ANALYST))
    assert client.get(STATE).status_code == 404


def test_the_page_speaks_english_too(client, asked):
    english = page(client, f"/en/work/reports/{WEEK}/making/")
    assert "The draft is being made again" in english
    assert "waits for its turn" in english
