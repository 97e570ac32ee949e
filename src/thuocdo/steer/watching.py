"""The watch: looks for every kind that is due, writes incidents down, and sends what is to be told.

For the worker, every few minutes, and for `thuocdo alerts check`. Idempotent: two at a time, or one that
dies anywhere, leave the same incidents and the same letters.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

import structlog
from django.db.models import Q

from thuocdo.core import clock
from thuocdo.core.clock import local_day, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.measure.service import Measure
from thuocdo.steer import causes, incidents, letters, outbox
from thuocdo.steer.causes import Down, Failing, Report
from thuocdo.steer.incidents import Written
from thuocdo.steer.looking import LOOKS, OF_FACTS, Scene
from thuocdo.steer.model import Kind
from thuocdo.steer.models import Look, Task
from thuocdo.steer.policy import Policy, policy_on

log = structlog.get_logger("thuocdo.steer")


class Watched(NamedTuple):
    """What one watch did. failed: kind → why it could not be told."""

    looked: tuple[str, ...]
    opened: int
    closed: int
    sent: int
    failed: dict[str, str]

    def __bool__(self) -> bool:
        return bool(self.opened or self.closed or self.sent or self.failed)


def watch(
    settings: Settings,
    measure: Measure,
    now: int,
    *,
    reports: Iterable[Report] = (),
    downs: Callable[[], Iterable[Down]] = tuple,
    failing: Callable[[], Iterable[Failing]] = tuple,
    every: bool = False,
) -> Watched:
    """Look, write, send, at `now` (µs UTC).

    reports  those that are out, new or not
    downs    tells which systems do not answer
    failing  tells which regular jobs fail
    every    also the kinds that are not due yet
    """
    policy, total, failed = policy_on(local_day(now)), Written(), {}
    due = [kind for kind in LOOKS if every or _is_due(kind, policy, measure, now)]
    version = measure.freshness().facts_version
    scene = Scene(measure, policy, now, open_tasks(), downs, failing)
    for kind in due:
        try:
            found = LOOKS[kind](scene)
        except ThuocdoError as refused:
            failed[kind.value] = str(refused)
            log.warning("could not look", kind=kind.value, reason=str(refused))
            incidents.could_not_look(kind, refused.code, now, version)
            continue
        if found is None:
            incidents.could_not_look(kind, "nothing_landed", now, version)
            continue
        done = incidents.write(settings, kind, found, policy, now, version)
        total = Written(*(map(sum, zip(total, done, strict=True))))
    oldest = local_day(now) - timedelta(days=policy.report_published.fresh_days)
    new = [
        incidents.announce(settings, causes.published(report, policy), policy, now)
        for report in reports
        if report.last >= oldest
    ]
    return Watched(
        tuple(kind.value for kind in due),
        total.opened + sum(new),
        total.closed,
        post(settings, now),
        failed,
    )


def post(settings: Settings, now: int) -> int:
    """Pack what is due and send it; how many letters went."""
    outbox.pack(settings, now)
    return outbox.send(settings, now, letters.WAYS, clock.now_us)


def open_tasks() -> tuple[causes.OpenTask, ...]:
    """Tasks that wait for their agency."""
    rows = Task.objects.filter(Q(state=Task.State.OPEN))
    return tuple(causes.OpenTask(row.pk, row.agency, row.title, row.due) for row in rows)


def _is_due(kind: Kind, policy: Policy, measure: Measure, now: int) -> bool:
    look = Look.objects.filter(kind=kind.value).first()
    if look is None:
        return True
    since = to_datetime(now) - look.looked_at
    if timedelta() <= since < timedelta(minutes=policy.every_minutes(kind)):
        return False
    moved = look.facts_version != measure.freshness().facts_version
    return kind not in OF_FACTS or moved or look.day != local_day(now)
