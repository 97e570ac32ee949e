"""Writes down what a look has found: incidents and the notices of them, in one transaction a kind.

The row of the kind (`Look`) is locked while it is written, so that of two workers one sees what the
other did. Every write is idempotent: the same causes again change nothing but `last_seen`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Q

from thuocdo.core.clock import DAY_US, from_datetime, local_day, to_datetime
from thuocdo.core.settings import Settings
from thuocdo.steer.model import Cause, Channel, Key, Kind
from thuocdo.steer.models import Incident, Look, Notice, Webhook
from thuocdo.steer.policy import Policy
from thuocdo.steer.recipients import notices
from thuocdo.steer.settling import Known, settle

_HOUR_US = DAY_US // 24


class Written(NamedTuple):
    """How many incidents a look opened (returned ones apart) and closed."""

    opened: int = 0
    returned: int = 0
    closed: int = 0


def write(
    settings: Settings,
    kind: Kind,
    causes: Collection[Cause],
    policy: Policy,
    now: int,
    facts_version: int,
) -> Written:
    """Let the incidents of a kind be what its causes are at `now` (µs UTC)."""
    at = to_datetime(now)
    looked = {"looked_at": at, "facts_version": facts_version, "day": local_day(now)}
    with transaction.atomic():
        look, _made = Look.objects.get_or_create(kind=kind.value, defaults=looked)
        Look.objects.select_for_update().get(pk=look.pk)
        done = _write(settings, kind, causes, policy, now)
        Look.objects.filter(pk=look.pk).update(failure="", **looked)
    return done


def could_not_look(kind: Kind, reason: str, now: int, facts_version: int) -> None:
    """Remember that a kind could not be told: its incidents stay as they are."""
    Look.objects.update_or_create(
        kind=kind.value,
        defaults={
            "looked_at": to_datetime(now),
            "facts_version": facts_version,
            "day": local_day(now),
            "failure": reason[:300],
        },
    )


def announce(settings: Settings, event: Cause, policy: Policy, now: int) -> bool:
    """Tell of something that has happened, once for its key; whether it was new."""
    at = to_datetime(now)
    with transaction.atomic():
        row, _made = Look.objects.get_or_create(
            kind=event.kind.value,
            defaults={"looked_at": at, "facts_version": 0, "day": local_day(now)},
        )
        Look.objects.select_for_update().get(pk=row.pk)
        if Incident.objects.filter(**event.key._asdict()).exists():
            return False
        incident = _new(event, policy, at)
        incident.closed_at = at
        incident.save()
        Notice.objects.bulk_create(notices(settings, [incident], policy, now))
    return True


def _write(
    settings: Settings, kind: Kind, causes: Collection[Cause], policy: Policy, now: int
) -> Written:
    at, gap = to_datetime(now), policy.quiet_gap_hours * _HOUR_US
    rows = {
        row.pk: row
        for row in Incident.objects.filter(
            Q(closed_at__isnull=True) | Q(closed_at__gt=at - timedelta(microseconds=gap)),
            kind=kind.value,
        )
    }
    known = [Known(row.pk, _key(row), row.closed_at and from_datetime(row.closed_at)) for row in rows.values()]  # fmt: skip
    moves = settle(known, causes, now, gap)
    opened = [_new(cause, policy, at) for cause in moves.opens]
    Incident.objects.bulk_create(opened)
    graver = []
    for number, cause in (*moves.goes_on, *moves.returns):
        row = rows[number]
        if cause.severity > row.severity:
            graver.append(row)  # a floor may be reached only now
        row.severity, row.evidence = cause.severity, cause.evidence
        row.last_seen, row.closed_at = at, None
    Incident.objects.bulk_update(
        [rows[number] for number, _cause in (*moves.goes_on, *moves.returns)],
        ["severity", "evidence", "last_seen", "closed_at"],
    )
    Incident.objects.filter(pk__in=moves.ends).update(closed_at=at)
    due = notices(settings, [*opened, *graver], policy, now)
    missed = _missed(settings, [rows[number] for number, _cause in moves.returns], policy, now)
    told = [*missed, *due, *_endings(moves.ends, now)]
    Notice.objects.bulk_create(told, ignore_conflicts=True)
    return Written(len(opened), len(moves.returns), len(moves.ends))


def _missed(
    settings: Settings, returned: Collection[Incident], policy: Policy, now: int
) -> list[Notice]:
    """Mails that were dropped because the incident was over, due again for whoever still wants them."""
    mails = {"incident__in": returned, "channel": Channel.MAIL.value}
    dropped = Notice.objects.filter(**mails, letter__isnull=True, dropped=True)
    missed = set(dropped.values_list("incident_id", "recipient"))
    if not missed:
        return []
    dropped.delete()
    return [
        notice
        for notice in notices(settings, [*returned], policy, now)
        if notice.channel == Channel.MAIL and (notice.incident_id, notice.recipient) in missed
    ]


def _endings(ended: Collection[int], now: int) -> list[Notice]:
    """Webhooks that heard of the beginning, and are there still, hear of the end."""
    at = to_datetime(now)
    there = {
        f"w{number}"
        for number in Webhook.objects.filter(disabled_at=None).values_list("pk", flat=True)
    }
    told = Notice.objects.filter(
        incident__in=ended, channel=Channel.WEBHOOK.value, event=Notice.Event.OPENED
    )
    return [
        Notice(
            incident_id=notice.incident_id,
            event=Notice.Event.CLOSED.value,
            channel=notice.channel,
            recipient=notice.recipient,
            made_at=at,
            due_at=at,
        )
        for notice in told
        if notice.recipient in there
    ]


def _new(cause: Cause, policy: Policy, at: Any) -> Incident:
    return Incident(
        **cause.key._asdict(),
        severity=cause.severity,
        evidence=cause.evidence,
        policy=policy.version,
        opened_at=at,
        last_seen=at,
    )


def _key(row: Incident) -> Key:
    return Key(row.kind, row.subject, row.agency)
