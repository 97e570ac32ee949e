"""A task goes from hand to hand, one step at a time, and nothing said about it is lost."""

from __future__ import annotations

from datetime import date

import pytest
from django.conf import settings
from tests.steer.friday import reader

from thuocdo.core.clock import day_start_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.rights import Role
from thuocdo.steer import subscribing, tasks, watching
from thuocdo.steer.models import Step, Task
from thuocdo.steer.tasks import Given

FRIDAY = date(2026, 12, 4)
NOW = day_start_us(FRIDAY) + 9 * 3600 * 1_000_000
K = Step.Kind


def given(**changed: object) -> Given:
    return Given(title="Gửi bù dữ liệu", text="", agency="H26", working_days=5)._replace(**changed)


def take(task: Task, kind: Step.Kind, who: str, **rest: object) -> Step:
    return tasks.take(settings.THUOCDO, task, kind, who, NOW, **rest)


def give(**changed: object) -> Task:
    return tasks.give(settings.THUOCDO, given(**changed), "bo", NOW)


@pytest.fixture
def task(quiet_home) -> Task:
    return give()


@pytest.mark.parametrize(
    ("changed", "due"),
    [
        ({}, date(2026, 12, 11)),
        ({"working_days": 1}, date(2026, 12, 7)),
        ({"working_days": 20}, date(2027, 1, 4)),  # New Year's Day does not count
        ({"working_days": None, "due": FRIDAY}, FRIDAY),
    ],
)
def test_a_deadline_is_a_day_or_so_many_working_days(quiet_home, changed, due) -> None:
    assert give(**changed).due == due


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "  "},
        {"title": "x" * 201},
        {"text": "x" * 4001},
        {"agency": ""},
        {"working_days": None},
        {"working_days": 0},
        {"working_days": 261},
        {"due": FRIDAY},  # both
        {"working_days": None, "due": date(2026, 12, 3)},
    ],
)
def test_a_task_that_lacks_something_is_not_given(quiet_home, changed) -> None:
    with pytest.raises(ThuocdoError):
        give(**changed)
    assert not Task.objects.exists()


def test_the_way_to_acceptance_is_its_trail(task: Task) -> None:
    take(task, K.PROGRESS, "lan", text="Đang làm", percent=40)
    take(task, K.REPORTED, "lan", text="Đã xong")
    take(task, K.RETURNED, "bo", text="Còn thiếu ngày 3/12")
    assert task.state == Task.State.OPEN
    take(task, K.MOVED, "bo", due=date(2026, 12, 18))
    take(task, K.REPORTED, "lan")
    take(task, K.ACCEPTED, "bo")
    assert (task.state, task.due) == (Task.State.ACCEPTED, date(2026, 12, 18))
    kinds = [step.kind for step in task.steps.all()]
    assert kinds == [K.GIVEN, K.PROGRESS, K.REPORTED, K.RETURNED, K.MOVED, K.REPORTED, K.ACCEPTED]


@pytest.mark.parametrize("kind", [K.ACCEPTED, K.RETURNED])
def test_what_was_not_reported_cannot_be_accepted_nor_returned(task: Task, kind) -> None:
    with pytest.raises(ThuocdoError, match="where this step begins"):
        take(task, kind, "bo", text="x")
    assert task.steps.count() == 1


def test_of_two_who_accept_and_return_at_once_one_wins(task: Task) -> None:
    take(task, K.REPORTED, "lan")
    other = Task.objects.get(pk=task.pk)
    take(task, K.ACCEPTED, "bo")
    with pytest.raises(ThuocdoError):
        take(other, K.RETURNED, "minh", text="x")
    assert Task.objects.get().state == Task.State.ACCEPTED


@pytest.mark.parametrize(
    ("kind", "rest"),
    [
        (K.PROGRESS, {}),
        (K.PROGRESS, {"text": "x", "percent": 101}),
        (K.PROGRESS, {"text": "x" * 4001}),
        (K.MOVED, {}),
        (K.WITHDRAWN, {}),
        (K.PROGRESS, {"text": "x", "due": FRIDAY}),
    ],
)
def test_a_step_says_what_it_needs(task: Task, kind, rest) -> None:
    with pytest.raises(ThuocdoError, match="lacks"):
        take(task, kind, "lan", **rest)


def test_the_trail_only_grows(task: Task) -> None:
    with pytest.raises(TypeError):
        Step.objects.all().delete()
    with pytest.raises(TypeError):
        task.steps.first().save()


def test_only_what_waits_for_the_agency_can_be_overdue(task: Task) -> None:
    assert [one.number for one in watching.open_tasks()] == [task.pk]
    take(task, K.REPORTED, "lan")
    assert watching.open_tasks() == ()


def test_the_agency_hears_of_what_it_must_do_and_the_giver_of_what_was_done(quiet_home) -> None:
    lan, other = reader("lan"), reader("minh", Role.OFFICER, "H29")
    giver, analyst = reader("bo", Role.ANALYST, ""), reader("an", Role.ANALYST, "")

    def heard() -> list[int]:
        return [subscribing.unread(user) for user in (lan, other, giver, analyst)]

    task = give()
    assert heard() == [1, 0, 0, 0]
    take(task, K.REPORTED, "lan")
    assert heard() == [1, 0, 1, 0]
    take(task, K.RETURNED, "bo", text="Còn thiếu")
    assert heard() == [2, 0, 1, 0]
    assert subscribing.inbox(lan).first().incident.subject.startswith(f"{task.pk}:")
