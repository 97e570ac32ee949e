"""Tasks (nhiệm vụ, chỉ đạo): given to an agency, answered, accepted or returned; the trail only grows.

Each step is one conditional UPDATE of the task's state together with a line of its trail, so that two
people who act at once cannot both win, and a form that is sent twice says so.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any, Final, NamedTuple

from django.db import transaction

from thuocdo.core import working_days
from thuocdo.core.clock import local_day, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.steer.causes import OpenTask, task_step
from thuocdo.steer.incidents import announce
from thuocdo.steer.models import Incident, Step, Task
from thuocdo.steer.policy import policy_on

LONGEST_WORKING_DAYS: Final = 260
_LONGEST_TITLE: Final = 200
_LONGEST_TEXT: Final = 4000
_S = Task.State

FROM: Final[dict[Step.Kind, Collection[Task.State]]] = {
    Step.Kind.PROGRESS: (_S.OPEN,),
    Step.Kind.REPORTED: (_S.OPEN,),
    Step.Kind.RETURNED: (_S.REPORTED,),
    Step.Kind.ACCEPTED: (_S.REPORTED,),
    Step.Kind.MOVED: (_S.OPEN,),
    Step.Kind.WITHDRAWN: (_S.OPEN, _S.REPORTED),
}
"""Step → the states it may be taken from."""

TO: Final[dict[Step.Kind, Task.State]] = {
    Step.Kind.REPORTED: _S.REPORTED,
    Step.Kind.RETURNED: _S.OPEN,
    Step.Kind.ACCEPTED: _S.ACCEPTED,
    Step.Kind.WITHDRAWN: _S.WITHDRAWN,
}
"""Step → the state it leads to; the others leave it."""

ENDS: Final = frozenset({Step.Kind.ACCEPTED, Step.Kind.WITHDRAWN})
"""Steps after which there is none."""

OF_THE_AGENCY: Final = frozenset({Step.Kind.PROGRESS, Step.Kind.REPORTED})
"""Steps of who was given the task; all others are the giver's."""

SAYS_SOMETHING: Final = frozenset({Step.Kind.PROGRESS, Step.Kind.RETURNED, Step.Kind.WITHDRAWN})
"""Steps that need words."""


class Given(NamedTuple):
    """A new task. due: the last day, or `working_days` after today; agency: a registered code."""

    title: str
    text: str
    agency: str
    due: date | None = None
    working_days: int | None = None
    incident: Incident | None = None
    indicator: str = ""
    target: str = ""
    with_advice: bool = False


def give(settings: Settings, given: Given, who: str, now: int) -> Task:
    """A new task at `now` (µs UTC); its agency is told. Raises ThuocdoError `bad_task`, `bad_deadline`."""
    today = local_day(now)
    title, text = " ".join(given.title.split()), given.text.strip()
    due = _due(given, today)
    if (
        not title
        or len(title) > _LONGEST_TITLE
        or not _fits(text)
        or not _fits(title)
        or not given.agency
    ):
        raise ThuocdoError(
            "bad_task",
            "A task needs a title of at most 200 letters, an agency, and at most 4,000 letters of text.",
            "Correct the form.",
        )
    with transaction.atomic():
        task = Task.objects.create(
            title=title,
            text=text,
            agency=given.agency,
            due=due,
            given_by=who,
            incident=given.incident,
            indicator=given.indicator,
            target=given.target,
            with_advice=given.with_advice,
        )
        step = Step.objects.create(task=task, kind=Step.Kind.GIVEN, text=text, due=due, who=who)
        _tell(settings, task, step, now)
    return task


def take(
    settings: Settings,
    task: Task,
    kind: Step.Kind,
    who: str,
    now: int,
    *,
    text: str = "",
    percent: int | None = None,
    due: date | None = None,
) -> Step:
    """One step at `now` (µs UTC); whoever waits for it is told. Raises ThuocdoError `step_out_of_turn` when the task is not there (any more),
    `bad_step` for one without what it needs."""
    said = text.strip()
    if (
        (kind in SAYS_SOMETHING and not said)
        or not _fits(said)
        or (percent is not None and percent not in range(101))
        or (kind is Step.Kind.MOVED) is (due is None)
    ):
        raise ThuocdoError("bad_step", "The step lacks what it needs.", "Write what is asked for.")
    changed: dict[str, Any] = {"state": TO[kind]} if kind in TO else {}
    if kind in ENDS:
        changed["closed_at"] = to_datetime(now)
    if due is not None:
        changed["due"] = due
    with transaction.atomic():
        rows = Task.objects.filter(pk=task.pk, state__in=FROM[kind])
        if not rows.update(**(changed or {"given_by": task.given_by})):
            raise ThuocdoError(
                "step_out_of_turn",
                f"Task {task.pk} is not where this step begins.",
                "Look at the task again: somebody may have been faster.",
            )
        step = Step.objects.create(
            task=task, kind=kind, text=said, percent=percent, due=due, who=who
        )
        task.refresh_from_db()
        _tell(settings, task, step, now)
    return step


def open_steps(task: Task) -> frozenset[Step.Kind]:
    """The steps that may be taken now."""
    return frozenset(kind for kind, states in FROM.items() if task.state in states)


def _tell(settings: Settings, task: Task, step: Step, now: int) -> None:
    policy = policy_on(local_day(now))
    about = OpenTask(task.pk, task.agency, task.title, task.due)
    announce(settings, task_step(about, step.kind, step.pk, policy), policy, now)


def _fits(text: str) -> bool:
    """Whether a database keeps it: PostgreSQL takes no NUL."""
    return len(text) <= _LONGEST_TEXT and "\0" not in text


def _due(given: Given, today: date) -> date:
    if given.due is not None and given.working_days is None and given.due >= today:
        return given.due
    days = given.working_days
    if given.due is None and days is not None and 1 <= days <= LONGEST_WORKING_DAYS:
        return working_days.after(today, days)
    raise ThuocdoError(
        "bad_task_deadline",
        f"A task needs a last day from today on, or 1 to {LONGEST_WORKING_DAYS} working days.",
        "Give one of the two.",
    )
