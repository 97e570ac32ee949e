"""What queues of jobs in the database have in common: site checks, replays of refused records, scans.

A queue is a table whose rows are `Job`s. One process to an instance works a queue off (it holds a lock), so
a row found `running` when that process looks for work was left by one that died.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import models
from django.utils import timezone

from thuocdo.core.errors import ThuocdoError

INTERRUPTED: Final = "interrupted"
"""Failure of a job that was the death of as many workers as it may be."""
INTERNAL: Final = "internal"
"""Failure of a job for a fault of ours; the log says which."""


class State(models.TextChoices):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"  # `failure` says why, as a ThuocdoError's code


OPEN: Final = (State.QUEUED, State.RUNNING)


class Job(models.Model):
    """One thing to be done in the background, taken by turning `queued` into `running` in one UPDATE."""

    State = State

    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(
        max_length=8, choices=State.choices, default=State.QUEUED, db_index=True
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=40, blank=True)

    class Meta:
        abstract = True
        ordering = ("-asked_at", "-id")

    @property
    def is_open(self) -> bool:
        return self.state in OPEN


Queued = TypeVar("Queued", bound=Job)


def claim(queue: type[Queued]) -> Queued | None:
    """The oldest job that waits, turned from `queued` into `running`; None: there is none."""
    jobs: Any = queue
    for job in jobs.objects.filter(state=State.QUEUED).order_by("asked_at", "id"):
        if take(job):
            return job
    return None


def take(job: models.Model, **values: Any) -> bool:
    """Turn one job from `queued` into `running`; false when somebody else did, or it waits no more.

    job  a Job, or a row of another table that has `state` with these words, and `attempts`
    """
    jobs, attempts = _table(job)
    waiting = jobs.objects.filter(pk=job.pk, state=State.QUEUED)
    return bool(waiting.update(state=State.RUNNING, attempts=attempts + 1, **values))


def put_back(job: models.Model, **values: Any) -> None:
    """Make a job that was taken wait again, untried: it was no fault of its that it was called off.

    job  as it was before it was taken
    """
    jobs, attempts = _table(job)
    running = jobs.objects.filter(pk=job.pk, state=State.RUNNING)
    running.update(state=State.QUEUED, attempts=attempts, **values)


def _table(job: Any) -> tuple[Any, int]:
    """(its table, how often it was tried)"""
    return type(job), job.attempts


def finish(job: Job, state: State, **values: Any) -> None:
    """The end of a job that was taken."""
    jobs: Any = type(job)
    jobs.objects.filter(pk=job.pk).update(state=state, finished_at=timezone.now(), **values)


def work_off(
    job: Queued,
    work: Callable[[], Mapping[str, Any]],
    log: Any,
    failed: str,
    *,
    end: Callable[..., None] = finish,
) -> None:
    """Do a job that was taken, and end it: done, with the values `work` gives, or failed.

    log, failed  whom to tell of a fault of ours, and in which words: a worker does not die of one job
    end          as `finish`, where more is to be written down than the row
    """
    try:
        values = work()
    except ThuocdoError as refused:
        end(job, State.FAILED, failure=refused.code)
    except Exception:
        log.exception(failed)
        end(job, State.FAILED, failure=INTERNAL)
    else:
        end(job, State.DONE, **values)


def take_one(
    queue: type[Queued],
    bell: Path,
    max_attempts: int,
    do: Callable[[Queued], None],
    *,
    pick: Callable[[type[Queued]], Queued | None] = claim,
) -> bool:
    """Do one job of a queue; whether there was one to be done. For the one process that works the queue off.

    bell  a file that is there while jobs may wait; it is silenced first, for whoever asks meanwhile rings again
    do    does a job that was taken, and ends it
    pick  as `claim`, where not every job may be taken at any time; it rings the bell itself for those that wait on

    Raises what the database raises: the bell rings on then, and nothing that waits is forgotten.
    """
    bell.unlink(missing_ok=True)
    try:
        put_back_what_was_left(queue, max_attempts)
        job = pick(queue)
    except BaseException:
        bell.touch()
        raise
    if job is None:
        return False
    bell.touch()  # there may be more, and a crash must not leave this one forgotten
    do(job)
    return True


def put_back_what_was_left(queue: type[Queued], max_attempts: int) -> None:
    """Let jobs that a dead worker left be done again, those apart that were tried too often."""
    jobs: Any = queue
    left = jobs.objects.filter(state=State.RUNNING)
    left.filter(attempts__gte=max_attempts).update(
        state=State.FAILED, failure=INTERRUPTED, finished_at=timezone.now()
    )
    left.update(state=State.QUEUED)
