"""What people choose to hear, and the addresses programs are called at; every change leaves a trace."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from thuocdo.core.clock import now_us, to_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.sealing import seal
from thuocdo.core.settings import Settings
from thuocdo.registry.models import Change
from thuocdo.registry.trail import contents, record
from thuocdo.steer import hooks, outbox
from thuocdo.steer.letters import SEALED_FOR, confirmed, unsubscribed
from thuocdo.steer.model import Channel, Kind, Mode, Severity
from thuocdo.steer.models import Incident, Letter, Notice, Subscription, Webhook
from thuocdo.steer.recipients import wish_of
from thuocdo.steer.timing import due

CONFIRM_HOURS: Final = 48
_HOURS: Final = range(24)
_WEEKDAYS: Final = range(7)


def wishes_of(user: Any) -> Subscription:
    """Somebody's choices; a row that is not saved yet where they made none."""
    return Subscription.objects.filter(user=user).first() or Subscription(user=user)


def save(wishes: Subscription, now: int | None = None) -> Subscription:
    """Keep choices, ask a new address whether it is theirs, and time anew what waits to be mailed.

    Raises ThuocdoError `bad_subscription`.
    """
    _refuse_nonsense(wishes)
    at = now_us() if now is None else now
    with transaction.atomic():
        before = Subscription.objects.filter(pk=wishes.pk).first() if wishes.pk else None
        if before is None or before.address != wishes.address:
            wishes.confirmed_at = None
        wishes.save()
        if wishes.by_mail and wishes.confirmed_at is None and wishes.address:
            _ask(wishes, at)
        if not wishes.by_mail:
            outbox.drop_waiting(f"u{wishes.user_id}")
        _time_anew(wishes, at)
        _trace(wishes, before and contents(before))
    return wishes


def confirm(token: str, user: Any, now: int) -> bool:
    """Whether the token shows that the address of `user`'s choices is theirs; then it counts."""
    wishes = confirmed(token, CONFIRM_HOURS)
    if wishes is None or wishes.user_id != user.pk:
        return False
    if wishes.confirmed_at is None:
        with transaction.atomic():
            before = contents(wishes)
            wishes.confirmed_at = to_datetime(now)
            wishes.save()
            _trace(wishes, before)
    return True


def unsubscribe(token: str) -> bool:
    """No mail any more, as a mail's own header asks; whether the token was one of ours."""
    wishes = unsubscribed(token)
    if wishes is None:
        return False
    if wishes.by_mail:
        with transaction.atomic():
            before = contents(wishes)
            wishes.by_mail = False
            wishes.save()
            outbox.drop_waiting(f"u{wishes.user_id}")
            _trace(wishes, before)
    return True


def inbox(user: Any) -> Any:
    """Somebody's notices, the newest first."""
    mine = Notice.objects.filter(channel=Channel.INBOX.value, recipient=f"u{user.pk}")
    return mine.select_related("incident")


def unread(user: Any) -> int:
    return inbox(user).filter(read_at__isnull=True).count()


def read(user: Any, now: int, incident: Incident | None = None) -> int:
    """Mark notices read, all or those of one incident; how many were new."""
    rows = inbox(user).filter(read_at__isnull=True)
    if incident is not None:
        rows = rows.filter(incident=incident)
    return rows.update(read_at=to_datetime(now))


def register(
    settings: Settings, name: str, url: str, agency: str, kinds: list[str], floor: int, who: str
) -> tuple[Webhook, str]:
    """A new webhook and its secret, which is never shown again.

    Raises ThuocdoError `bad_webhook` for an address that may be none's, `bad_subscription`.
    """
    _refuse_kinds(kinds, floor)
    if not name.strip() or "\0" in name:
        raise ThuocdoError("bad_subscription", "A webhook needs a name.", "Write one.")
    secret = hooks.new_secret()
    with transaction.atomic():
        hook = Webhook.objects.create(
            name=name.strip()[:120],
            url=hooks.refuse_nonsense(url),
            agency=agency,
            kinds=kinds,
            floor=floor,
            secret=seal(settings, SEALED_FOR, secret),
            made_by=who[:200],
        )
        record(
            Change.Action.CREATE,
            Change.What.WEBHOOK,
            who=who,
            key=_key(hook),
            after=contents(hook),
        )
    return hook, secret


def disable(hook: Webhook, who: str, now: int) -> bool:
    """End a webhook; what waits is not sent any more. False: it was ended before."""
    with transaction.atomic():
        ended = Webhook.objects.filter(pk=hook.pk, disabled_at__isnull=True)
        if not ended.update(disabled_at=to_datetime(now)):
            return False
        Letter.objects.filter(webhook=hook, state=Letter.State.WAITING).update(
            state=Letter.State.GIVEN_UP, failure="the webhook was turned off"
        )
        Notice.objects.filter(recipient=f"w{hook.pk}", letter__isnull=True).update(dropped=True)
        record(
            Change.Action.REVOKE,
            Change.What.WEBHOOK,
            who=who,
            key=_key(hook),
            before=contents(hook),
        )
    return True


def _ask(wishes: Subscription, now: int) -> None:
    """One letter that asks; an earlier one that still waits is not sent besides."""
    at = to_datetime(now)
    Letter.objects.filter(
        user=wishes.user, purpose=Letter.Purpose.CONFIRM, state=Letter.State.WAITING
    ).update(state=Letter.State.GIVEN_UP, failure="asked anew", finished_at=at)
    Letter.objects.create(
        key=outbox.new_key(),
        purpose=Letter.Purpose.CONFIRM,
        channel=Channel.MAIL.value,
        user=wishes.user,
        address=wishes.address,
        made_at=at,
        next_at=at,
    )


def _time_anew(wishes: Subscription, now: int) -> None:
    """What waits for the old hours waits for the new ones."""
    waiting = Notice.objects.filter(
        recipient=f"u{wishes.user_id}",
        channel=Channel.MAIL.value,
        letter__isnull=True,
        dropped=False,
    ).select_related("incident")
    wish, rows = wish_of(wishes), list(waiting)
    for row in rows:
        row.due_at = to_datetime(due(wish, Severity(row.incident.severity), now))
    Notice.objects.bulk_update(rows, ["due_at"])


def _refuse_nonsense(wishes: Subscription) -> None:
    _refuse_kinds(wishes.kinds, wishes.floor)
    hours = (wishes.hour, wishes.quiet_start, wishes.quiet_end)
    if (
        any(hour not in _HOURS for hour in hours)
        or wishes.weekday not in _WEEKDAYS
        or wishes.mode not in tuple(Mode)
        or wishes.language not in ("vi", "en")
    ):
        raise ThuocdoError(
            "bad_subscription",
            "The choices name an hour, day or way there is none of.",
            "Choose from the lists.",
        )
    if wishes.by_mail and not wishes.address:
        raise ThuocdoError(
            "mail_without_address", "Mail needs an address.", "Write one, or turn mail off."
        )
    if wishes.address:
        try:
            validate_email(wishes.address)
        except ValidationError:
            raise ThuocdoError(
                "bad_address", f"{wishes.address[:100]!r} is no mail address.", "Correct it."
            ) from None


def _refuse_kinds(kinds: list[str], floor: int) -> None:
    if not set(kinds) <= set(Kind) or floor not in tuple(Severity):
        raise ThuocdoError(
            "bad_subscription", "There is no such kind or severity.", "Choose from the lists."
        )


def _trace(wishes: Subscription, before: dict[str, Any] | None) -> None:
    after = contents(wishes)
    for side in (before, after):
        if side:  # that there is an address is told, not which
            side["address"] = bool(side["address"])
    if before != after:
        done = Change.Action.CREATE if before is None else Change.Action.UPDATE
        name = wishes.user.get_username()
        record(done, Change.What.SUBSCRIPTION, who=name, key=name, before=before, after=after)


def _key(hook: Webhook) -> str:
    return f"{hook.pk} {hook.name}"
