"""A draft made again in the background: the desk asks, the worker does, a crash loses nothing.

A whole report is measured anew, which takes longer than a request may. Of a week one job is open at a time, by a
constraint of its table. A job that a worker left when it died is done again, which is harmless: the same draft
twice is one, and another one only replaces the first. What its asker may do is asked again when its turn comes.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.measure.service import Measure
from thuocdo.registry import queues
from thuocdo.registry.models import Change, RemakeJob
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.registry.trail import record
from thuocdo.report import making
from thuocdo.report.desk import working
from thuocdo.report.desk.model import Actor, Kind

MAX_ATTEMPTS: Final = 3

log = structlog.get_logger("thuocdo.remake")


def actor_of(user: Any) -> Actor:
    """A signed-in person as the desk knows them."""
    who = person(user)
    return Actor(user.get_username(), frozenset(right for right in Right if who.may(right)), "web")


def ask(settings: Settings, user: Any, week: str, *, is_revision: bool, note: str) -> RemakeJob:
    """Put a draft in the queue. Who asks must have been found to be allowed to.

    Raises ThuocdoError `remake_waits` when one of this week is open already.
    """
    after = len(working.standing(settings, week).steps)
    try:
        with transaction.atomic():
            job = RemakeJob.objects.create(
                week=week, is_revision=is_revision, note=note, asked_by=user, after=after
            )
            record(
                Change.Action.CREATE,
                Change.What.REPORT,
                who=user.get_username(),
                key=f"{week} {job.pk}",
                after={"week": week, "is_revision": is_revision, "note": note},
            )
    except IntegrityError:
        raise ThuocdoError(
            "remake_waits", f"The draft of {week} is being made again already.", "Wait for it."
        ) from None
    ring(settings)
    return job


def latest(week: str) -> RemakeJob | None:
    """The job of a week that was asked for last."""
    return RemakeJob.objects.filter(week=week).select_related("asked_by").first()


def open_weeks() -> frozenset[str]:
    """Weeks whose draft is being made again, or waits to be."""
    waiting = RemakeJob.objects.filter(state__in=queues.OPEN)
    return frozenset(waiting.values_list("week", flat=True))


def ring(settings: Settings) -> None:
    """Tell the worker that there may be something to do."""
    settings.remake_bell_path.touch()


def take_one(settings: Settings) -> bool:
    """Do the oldest job that waits; whether there was one. For the instance's one worker."""
    bell = settings.remake_bell_path
    return queues.take_one(RemakeJob, bell, MAX_ATTEMPTS, partial(_do, settings))


def _do(settings: Settings, job: RemakeJob) -> None:
    log.info("remaking", job=job.pk, week=job.week, revision=job.is_revision)
    mine = RemakeJob.objects.filter(pk=job.pk)
    mine.update(started_at=timezone.now(), done=0, of=0)

    def work() -> dict[str, Any]:
        making.remake(
            settings,
            Measure(settings),
            job.week,
            actor_of(job.asked_by),
            after=job.after,
            kind=Kind.REVISE if job.is_revision else Kind.DRAFT,
            note=job.note,
            tick=lambda done, of: mine.update(done=done, of=of),
        )
        return {}

    words = "a draft could not be made again"
    queues.work_off(job, work, log.bind(job=job.pk, week=job.week), words)
