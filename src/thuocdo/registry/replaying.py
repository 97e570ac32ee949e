"""Refused records judged again in the background: somebody asks, the worker does, a crash loses nothing.

The queue is a table, as that of site checks (assess/site_check/jobs.py) is, and there is one worker to
an instance: a row found `running` was left by one that died and is done again. That is harmless, for a
record becomes events once (lake/replaying.py); what the dead one had written is then counted under
`before`. Whose records a job may touch is asked of the registry when the job runs, not when it was asked
for: a site or a right that was lost in between is lost for the job, too.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import msgspec
import structlog
from django.contrib.auth.models import AbstractBaseUser
from django.db import transaction

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.lake.rejects import Wanted, Whose
from thuocdo.lake.replaying import Replayed, replay
from thuocdo.lake.store import Lake
from thuocdo.registry import queues
from thuocdo.registry.desk import of_agencies
from thuocdo.registry.models import Change, Site, SiteKey
from thuocdo.registry.people import person
from thuocdo.registry.replay_jobs import ReplayJob
from thuocdo.registry.rights import Right
from thuocdo.registry.trail import record

MAX_OPEN: Final = 5
"""Jobs one person may have waiting."""
MAX_ATTEMPTS: Final = 3
_NOT_YOURS: Final = "not_yours"

log = structlog.get_logger("thuocdo.replay")


def whose(codes: frozenset[str]) -> Whose:
    """What makes a record that of some agencies, by the registry of today."""

    sites = of_agencies(Site.objects.all(), codes).values_list("site_id", flat=True)
    keys = of_agencies(SiteKey.objects.exclude(agency=""), codes).values_list("key_id", flat=True)
    return Whose(frozenset(sites), codes, frozenset(keys) - {""})


def wanted(job: ReplayJob, theirs: Whose) -> Wanted:
    """A job's filters, cut to what is its agency's."""
    return Wanted(
        site_id=job.site_id,
        reason=job.reason or None,
        since=job.since,
        feed=job.feed or None,
        whose=theirs,
    )


def ask(settings: Settings, user: AbstractBaseUser, job: ReplayJob) -> ReplayJob:
    """Put an unsaved job in the queue; the same one that waits already is given back instead.

    Who asks must have been found to hold the right over the job's agency.
    Raises ThuocdoError `too_many_replays`.
    """
    with transaction.atomic():
        waiting = ReplayJob.objects.filter(state__in=queues.OPEN)
        same = waiting.filter(**_fields(job)).first()
        if same is not None:
            return same
        if waiting.filter(asked_by=user).count() >= MAX_OPEN:
            raise ThuocdoError(
                "too_many_replays", f"{MAX_OPEN} replays wait already.", "Wait for one of them."
            )
        job.asked_by = user
        job.save(force_insert=True)
        if not job.is_trial:
            record(
                Change.Action.REPLAY,
                Change.What.REJECTS,
                who=user.get_username(),
                key=f"{job.agency} {job.pk}",
                after=job.filters,
            )
    ring(settings)
    return job


def ring(settings: Settings) -> None:
    """Tell the worker that there may be something to do."""
    settings.replay_bell_path.touch()


def take_one(settings: Settings) -> bool:
    """Do the oldest job that waits; whether there was one. For the instance's one worker."""
    bell = settings.replay_bell_path
    return queues.take_one(ReplayJob, bell, MAX_ATTEMPTS, partial(_do, settings))


def _do(settings: Settings, job: ReplayJob) -> None:
    log.info("replaying", job=job.pk, agency=job.agency, trial=job.is_trial)
    queues.work_off(
        job,
        lambda: {"result": msgspec.to_builtins(_replayed(settings, job))},
        log.bind(job=job.pk),
        "a replay failed",
        end=_finish,
    )


def _replayed(settings: Settings, job: ReplayJob) -> Replayed:
    who = person(job.asked_by)
    if not who.may(Right.REPLAY_REJECTS, job.agency):
        raise ThuocdoError(
            _NOT_YOURS, f"{job.asked_by} may not replay for {job.agency} any more.", ""
        )

    def tick(seen: int, _whole: int | None) -> None:
        ReplayJob.objects.filter(pk=job.pk).update(seen=seen)

    theirs = whose(who.below(job.agency))
    return replay(settings, Lake.open(settings), wanted(job, theirs), tick, dry_run=job.is_trial)


def _fields(job: ReplayJob) -> dict[str, Any]:
    found = {"agency": job.agency, "reason": job.reason, "feed": job.feed, "is_trial": job.is_trial}
    for name in ("site_id", "since"):
        value = getattr(job, name)
        found |= {f"{name}__isnull": True} if value is None else {name: value}
    return found


def _finish(job: ReplayJob, state: queues.State, **values: Any) -> None:
    with transaction.atomic():
        queues.finish(job, state, **values)
        if not job.is_trial:
            record(
                Change.Action.REPLAY,
                Change.What.REJECTS,
                who=job.asked_by.get_username(),
                key=f"{job.agency} {job.pk}",
                before=job.filters,
                after=values,
            )
