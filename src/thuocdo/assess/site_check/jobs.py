"""Checks in the background: the site asks, the worker does, and a crash in between loses nothing.

The queue is a table. There is one worker to an instance (run/worker.py holds a lock), so a row found
`running` when it looks for work was left by one that died: it is done again, once. A bell, a file in
the instance's state folder, spares the worker the database while nobody asks. A host at which a scan of ours is
just now is left alone until that has ended (hosts/locks.py); what it gets of checks and scans is one budget.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any, Final

import msgspec
import structlog
from django.contrib.auth.models import AbstractBaseUser

from thuocdo.assess.hosts import budget
from thuocdo.assess.hosts.locks import Hold, Hosts, host_of
from thuocdo.assess.models import SiteCheck
from thuocdo.assess.printable import fit_all
from thuocdo.assess.site_check.check import (
    Wanted,
    check_sites,
    normal_url,
    refuse_nonsense,
)
from thuocdo.assess.site_check.model import SiteResult
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.registry import queues

MAX_OPEN: Final = 5
"""Checks one person may have waiting."""
MAX_ATTEMPTS: Final = 2

log = structlog.get_logger("thuocdo.site_check")


def ask(settings: Settings, user: AbstractBaseUser, wanted: Wanted) -> SiteCheck:
    """Put a check in the queue. Raises ThuocdoError as `check_sites` does, `too_many_checks` or `host_budget`."""
    refuse_nonsense(settings, wanted)
    waiting = SiteCheck.objects.filter(asked_by=user, state__in=queues.OPEN)
    if waiting.count() >= MAX_OPEN:
        raise ThuocdoError(
            "too_many_checks", f"{MAX_OPEN} checks are waiting already.", "Wait for one of them."
        )
    url = normal_url(wanted.url)
    with budget.asking(settings, url):
        late = budget.lately()
        free_at = late.check_free_at(url, wanted.pages)
        if free_at > late.now:
            raise budget.Spent(budget.HOST, host_of(url), free_at)
        job = SiteCheck.objects.create(
            url=url, site_id=wanted.site_id, pages=wanted.pages, asked_by=user
        )
    ring(settings)
    return job


def ring(settings: Settings) -> None:
    """Tell the worker that there may be something to do."""
    settings.bell_path.touch()


def take_one(settings: Settings) -> bool:
    """Do the oldest check that waits and whose host is free; whether there was one. For the instance's one worker."""
    hosts = Hosts.of(settings)

    def pick(_queue: type[SiteCheck]) -> SiteCheck | None:
        job, hold = _take(hosts) or (None, None)
        if hold is not None:
            held.callback(hold.release)
        elif SiteCheck.objects.filter(state=queues.State.QUEUED).exists():
            ring(settings)  # their hosts are busy: another time
        return job

    def do(job: SiteCheck) -> None:
        log.info("checking", job=job.pk, url=job.url)
        _check(settings, job)

    with ExitStack() as held:
        return queues.take_one(SiteCheck, settings.bell_path, MAX_ATTEMPTS, do, pick=pick)


def waits_for_host(settings: Settings, job: SiteCheck) -> bool:
    """Whether a check waits because a scan of ours is at its host."""
    return job.state == queues.State.QUEUED and not Hosts.of(settings).is_free(job.url)


def _take(hosts: Hosts) -> tuple[SiteCheck, Hold] | None:
    waiting = SiteCheck.objects.filter(state=queues.State.QUEUED).order_by("asked_at", "id")
    for job in waiting:
        hold = hosts.hold(job.url)
        if hold is None:
            continue
        if queues.take(job):
            return job, hold
        hold.release()
    return None


def _check(settings: Settings, job: SiteCheck) -> None:
    def work() -> dict[str, Any]:
        (result,) = check_sites(settings, [Wanted(job.url, job.site_id, pages=job.pages)])
        return {"result": fit_all(msgspec.to_builtins(result)), "counts": result.counts}

    queues.work_off(job, work, log.bind(job=job.pk, url=job.url), "a check failed")


def result_of(job: SiteCheck) -> SiteResult | None:
    """What a finished check found."""
    return None if job.result is None else msgspec.convert(job.result, SiteResult)
