"""From notices to letters to the world: packed once, sent at least once, given up where people see it.

A notice belongs to one letter for ever, so nobody is told of a cause twice by one channel; a letter that
is tried again keeps its key, so a receiver that got it before can tell. Whoever sends takes a letter by
one conditional UPDATE that also says when somebody else may (a lease): a sender that dies in between
leaves it to the next.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any, Final

import structlog
from django.db import transaction
from django.db.models import Count, Q

from thuocdo.core.clock import local_day, to_datetime
from thuocdo.core.settings import Settings
from thuocdo.steer.model import EVENTS, Channel
from thuocdo.steer.models import Letter, Notice
from thuocdo.steer.policy import Policy, policy_on

_KEY_BYTES: Final = 16
_AT_ONCE: Final = 50
"""Letters sent in one go: the worker has other things to do."""
_PATIENCE: Final = 2
"""Failures of one receiver (a webhook, or the mail server) before it is left alone until the next time."""
_LONGEST_US: Final = 60 * 1_000_000
"""Time one go may take; what is left goes next time."""

Send = Callable[[Settings, Letter, Policy, int], str]
"""Sends one letter; "" or why it did not go."""

log = structlog.get_logger("thuocdo.steer")


def new_key() -> str:
    return f"msg_{secrets.token_hex(_KEY_BYTES)}"


def pack(settings: Settings, now: int) -> int:
    """Make letters of the notices that are due at `now` (µs UTC); how many letters."""
    at = to_datetime(now)
    due = Notice.objects.filter(letter__isnull=True, dropped=False, due_at__lte=at)
    made = 0
    for row in due.filter(channel=Channel.WEBHOOK.value).order_by("made_at", "id"):
        made += _pack(Notice.objects.filter(pk=row.pk), row, at)
    if settings.smtp is None:
        return made
    mailed = due.filter(channel=Channel.MAIL.value)
    for recipient in mailed.order_by().values_list("recipient", flat=True).distinct():
        made += _pack_mail(recipient, at)
    return made


def _pack_mail(recipient: str, at: Any) -> int:
    """All that one person has waiting becomes one letter; what is over already is not told any more."""
    rows = Notice.objects.filter(
        letter__isnull=True,
        dropped=False,
        due_at__lte=at,
        channel=Channel.MAIL.value,
        recipient=recipient,
    )
    over = Q(incident__closed_at__isnull=False) & ~Q(
        incident__kind__in=[kind.value for kind in EVENTS]
    )
    with transaction.atomic():
        gone = list(rows.filter(over).values_list("pk", flat=True))
        Notice.objects.filter(pk__in=gone, letter__isnull=True).update(dropped=True)
        first = rows.first()
        return _pack(rows, first, at) if first else 0


def _pack(rows: Any, first: Notice, at: Any) -> int:
    """One letter for these notices, or none when another worker was there first."""
    number = int(first.recipient[1:])
    whose = {"webhook_id": number} if first.recipient.startswith("w") else {"user_id": number}
    with transaction.atomic():
        letter = Letter.objects.create(
            key=new_key(), channel=first.channel, made_at=at, next_at=at, **whose
        )
        packed = list(rows.values_list("pk", flat=True))
        if Notice.objects.filter(pk__in=packed, letter__isnull=True).update(letter=letter):
            return 1
        letter.delete()
    return 0


def send(settings: Settings, now: int, ways: Mapping[str, Send], clock: Callable[[], int]) -> int:
    """Send what is due at `now` (µs UTC); how many letters went out.

    ways   channel → how its letters go; clock: µs UTC, asked anew for every letter
    """
    sent, failed = 0, Counter[int | None]()
    due = Letter.objects.filter(state=Letter.State.WAITING, next_at__lte=to_datetime(now))
    if settings.smtp is None:
        due = due.exclude(channel=Channel.MAIL.value)
    began = clock()
    for letter in due.order_by("next_at", "id")[:_AT_ONCE]:
        if clock() - began > _LONGEST_US:
            break
        if failed[letter.webhook_id] >= _PATIENCE:
            continue
        at = max(now, clock())
        rules = policy_on(local_day(at)).posting
        if _take(letter, to_datetime(at) + timedelta(minutes=rules.lease_minutes)):
            went = _try(settings, letter, ways[letter.channel], at)
            sent += went
            failed[letter.webhook_id] += not went
    return sent


def _take(letter: Letter, until: Any) -> bool:
    """Whether we are the one that tries this letter now."""
    won = Letter.objects.filter(
        pk=letter.pk, state=Letter.State.WAITING, next_at=letter.next_at
    ).update(next_at=until, attempts=letter.attempts + 1)
    letter.attempts += 1
    return bool(won)


def _try(settings: Settings, letter: Letter, way: Send, now: int) -> bool:
    policy, at = policy_on(local_day(now)), to_datetime(now)
    try:
        failure = way(settings, letter, policy, now)
    except (
        Exception
    ) as problem:  # one letter must not keep the others; the page and the log say why
        log.exception("a letter failed", key=letter.key, channel=letter.channel)
        failure = f"internal: {type(problem).__name__}"
    mine = Letter.objects.filter(pk=letter.pk)
    if not failure:
        mine.update(state=Letter.State.SENT, finished_at=at, failure="")
        return True
    pauses = policy.posting.pauses_minutes
    if letter.attempts > len(pauses):
        log.warning("given up", key=letter.key, channel=letter.channel, failure=failure)
        mine.update(state=Letter.State.GIVEN_UP, finished_at=at, failure=failure[:300])
    else:
        wait = timedelta(minutes=pauses[letter.attempts - 1])
        mine.update(next_at=at + wait, failure=failure[:300])
    return False


def again(letter: Letter, now: int) -> bool:
    """Try a letter that was given up once more, under its old key; for who mended the receiver."""
    return bool(
        Letter.objects.filter(pk=letter.pk, state=Letter.State.GIVEN_UP).update(
            state=Letter.State.WAITING, attempts=0, next_at=to_datetime(now), finished_at=None
        )
    )


def waiting() -> dict[str, int]:
    """How many letters failed and wait, or were given up; states without letters are left out."""
    failed = Letter.objects.exclude(state=Letter.State.SENT).exclude(failure="")
    counts = failed.order_by().values("state").annotate(letters=Count("pk"))
    return {row["state"]: row["letters"] for row in counts}


def drop_waiting(recipient: str) -> None:
    """Somebody wants no mail any more: what was not sent is not sent."""
    waiting = Notice.objects.filter(recipient=recipient, channel=Channel.MAIL.value)
    waiting.filter(letter__isnull=True).update(dropped=True)
    Letter.objects.filter(
        notices__in=waiting.filter(letter__isnull=False), state=Letter.State.WAITING
    ).update(state=Letter.State.GIVEN_UP, failure="unsubscribed")
