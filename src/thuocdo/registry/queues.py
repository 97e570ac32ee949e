"""What queues of jobs in the database have in common: site checks, replays of refused records.

A queue is a table whose rows have `state` (of a `State` with queued, running, done, failed), `attempts`,
`asked_at`, `finished_at` and `failure`. There is one worker to an instance (run/worker.py holds a lock), so
a row found `running` when it looks for work was left by one that died.
"""

from __future__ import annotations

from typing import Any, Final, TypeVar

from django.db import models
from django.utils import timezone

INTERRUPTED: Final = "interrupted"
"""Failure of a job that was the death of as many workers as it may be."""
INTERNAL: Final = "internal"
"""Failure of a job for a fault of ours; the log says which."""

Job = TypeVar("Job", bound=models.Model)


def claim(queue: type[Job]) -> Job | None:
    """The oldest job that waits, turned from `queued` into `running` in one UPDATE; None: there is none."""
    jobs: Any = queue
    for job in jobs.objects.filter(state=jobs.State.QUEUED).order_by("asked_at", "id"):
        claimed = jobs.objects.filter(pk=job.pk, state=jobs.State.QUEUED).update(
            state=jobs.State.RUNNING, attempts=job.attempts + 1
        )
        if claimed:
            return job
    return None


def put_back_what_was_left(queue: type[Job], max_attempts: int) -> None:
    """Let jobs that a dead worker left be done again, those apart that were tried too often."""
    jobs: Any = queue
    left = jobs.objects.filter(state=jobs.State.RUNNING)
    left.filter(attempts__gte=max_attempts).update(
        state=jobs.State.FAILED, failure=INTERRUPTED, finished_at=timezone.now()
    )
    left.update(state=jobs.State.QUEUED)
