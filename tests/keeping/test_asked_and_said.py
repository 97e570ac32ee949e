"""Tasks, what readers said, drafts put aside: they go when they are over, and stay while something stands on them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest
from tests.keeping.conftest import LONG_AGO, NOW, aged, row_aged
from tests.keeping.test_sweeping import disputed, incident, lines_of, swept

from thuocdo.core import clock
from thuocdo.core.settings import Settings
from thuocdo.keeping import sweeping
from thuocdo.keeping.policy import Code
from thuocdo.report.archive import put_aside
from thuocdo.report.desk import model as desk
from thuocdo.report.desk.book import Book
from thuocdo.report.desk.model import Kind
from thuocdo.steer.models import Step, Task
from thuocdo.web import feedback
from thuocdo.web.models import Feedback

WEEK = "2026-W01"


def task(title: str, state: Task.State, **fields: Any) -> Task:
    made = Task.objects.create(
        **{"title": title, "text": "", "agency": "H26", "due": dt.date(2020, 1, 1)},
        **{"given_by": "nam", "state": state, **fields},
    )
    Step.objects.create(task=made, kind=Step.Kind.GIVEN, who="nam")
    return made


def test_tasks_go_with_their_steps_when_they_are_over_and_their_incident_is(home: Settings) -> None:
    closed, open_one = incident("a", closed=LONG_AGO), incident("b", closed=None)
    over = {"state": Task.State.ACCEPTED, "closed_at": LONG_AGO}
    task("over", incident=closed, **over)
    task("about what goes on", incident=open_one, **over)
    task("young", state=Task.State.WITHDRAWN, closed_at=clock.to_datetime(NOW))
    task("waits", state=Task.State.OPEN)
    task("reported", state=Task.State.REPORTED)
    assert swept(home) == {Code.TASKS: 1, Code.INCIDENTS: 1}
    left = {"about what goes on", "young", "waits", "reported"}
    assert set(Task.objects.values_list("title", flat=True)) == left
    assert set(Step.objects.values_list("task__title", flat=True)) == left
    (line,) = lines_of(Code.TASKS)
    assert line.before["pieces"] == 1
    with pytest.raises(TypeError):
        Step.objects.all().delete()


def said(kind: str, page: str, *, answered: bool = True) -> Feedback:
    row = feedback.keep(kind, "Con số này không đúng.", page)
    return row_aged(row, made_at=LONG_AGO, answered_at=LONG_AGO if answered else None)


def test_feedback_goes_when_it_was_answered_long_ago(home: Settings) -> None:
    for kind in ("idea", "figure"):
        said(kind, "/gioi-thieu/")
        said(kind, "/", answered=False)
        row_aged(said(kind, "/moi/"), answered_at=clock.to_datetime(NOW))
    assert swept(home) == {Code.FEEDBACK: 1, Code.FEEDBACK_FIGURES: 1}
    assert set(Feedback.objects.values_list("page", flat=True)) == {"/", "/moi/"}


def published_week(home: Settings, *, publishes: bool = True) -> str:
    """A week whose draft was checked, signed and perhaps published; its digest."""
    (home.reports_dir / WEEK).mkdir()
    book, digest = Book(home, WEEK), "c" * 64
    for kind in (Kind.DRAFT, Kind.CHECK, Kind.SIGN, *([Kind.PUBLISH] if publishes else [])):
        book.append(desk.Step(0, WEEK, kind, digest, kind.value, NOW, "web"), book.steps())
    return digest


def test_an_objection_stays_with_a_published_report_and_while_a_dispute_is_open(
    home: Settings,
) -> None:
    published_week(home)
    disputed(home, "H26.11", "disputed")
    kept = {f"https://x.vn/bao-cao/{WEEK}/?trang=2", "/co-quan/H26.11/"}
    for page in (*kept, "/bao-cao/2026-W02/", "/co-quan/H26.12/", "/co-quan/H26/"):
        said("figure", page)
    said("idea", f"/bao-cao/{WEEK}/")  # no objection to a figure
    assert swept(home) == {Code.FEEDBACK_FIGURES: 3, Code.FEEDBACK: 1}
    assert set(Feedback.objects.values_list("page", flat=True)) == kept


def test_drafts_that_were_put_aside_go_but_for_those_that_somebody_stood_up_for(
    home: Settings,
) -> None:
    vouched = published_week(home)
    folder = home.reports_dir / WEEK
    gone, kept = folder / put_aside(WEEK, "0" * 64), folder / put_aside(WEEK, vouched)
    young, current = folder / put_aside(WEEK, "1" * 64), folder / f"{WEEK}.json"
    for path in (gone, kept, young, current):
        path.write_text("{}")
    for path in (gone, kept, current):
        aged(path)
    assert swept(home) == {Code.DRAFTS: 1}
    assert not gone.exists()
    assert all(path.exists() for path in (kept, young, current))
    assert lines_of(Code.DRAFTS)[0].before == {"pieces": 1, "bytes": 2}


@pytest.mark.parametrize("why", ["objection", "draft"])
def test_drafts_of_a_week_that_is_not_settled_stay(home: Settings, why: str) -> None:
    published_week(home, publishes=why != "draft")
    aside = aged_file(home.reports_dir / WEEK / put_aside(WEEK, "0" * 64))
    waits = said("figure", f"/bao-cao/{WEEK}/", answered=False) if why == "objection" else None
    assert swept(home) == {}
    if waits:
        row_aged(waits, answered_at=clock.to_datetime(NOW))
        assert swept(home) == {Code.DRAFTS: 1}
        assert not aside.exists()


def test_no_draft_goes_while_a_book_is_not_what_was_signed(home: Settings) -> None:
    published_week(home)
    aside = aged_file(home.reports_dir / WEEK / put_aside(WEEK, "0" * 64))
    line = home.publication_dir / WEEK / "0002.jws"
    line.write_text(f"{line.read_text()[:-6]}AAAAAA")
    failed = {gone.code for gone in sweeping.sweep(home, NOW, "worker") if gone.failure}
    assert failed == {Code.DRAFTS, Code.FEEDBACK_FIGURES}
    assert aside.exists()


def aged_file(path: Path) -> Path:
    path.write_text("{}")
    return aged(path)
