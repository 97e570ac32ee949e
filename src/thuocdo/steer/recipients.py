"""Who is to be told of an incident: people by their rights and wishes, webhooks by their agency."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet

from thuocdo.core.clock import local_day, to_datetime
from thuocdo.core.settings import Settings
from thuocdo.registry.people import Person, person, tree_on
from thuocdo.registry.rights import Right, Scope, plain
from thuocdo.registry.tree import Tree
from thuocdo.steer.model import OF_EVERYBODY, Channel, Kind, Mode, Severity
from thuocdo.steer.models import Incident, Notice, Step, Subscription, Task, Webhook
from thuocdo.steer.policy import Policy, severity_of
from thuocdo.steer.timing import Quiet, Wish, due

_ANSWERS = (Step.Kind.PROGRESS, Step.Kind.REPORTED)


class Listener(NamedTuple):
    """One recipient. scope: over which agencies; wish: of its mail, None where it gets none."""

    recipient: str
    scope: Scope
    agency: str
    kinds: frozenset[str]
    floor: int
    channels: tuple[Channel, ...]
    wish: Wish = Wish()


def notices(
    settings: Settings, incidents: Iterable[Incident], policy: Policy, now: int
) -> list[Notice]:
    """Every notice that these open incidents call for; those that are there already included."""
    found = list(incidents)
    if not found:
        return []
    day = local_day(now)
    tree = tree_on(day)
    everybody = [*_people(settings, policy, day), *_webhooks()]
    made = []
    for incident in found:
        giver = _giver(incident)
        for listener in everybody:
            if listener.recipient == giver or _wants(listener, incident, tree):
                made += [_notice(incident, listener, channel, now) for channel in listener.channels]
    return made


def wish_of(subscription: Subscription) -> Wish:
    quiet = Quiet(
        subscription.quiet_start,
        subscription.quiet_end,
        subscription.quiet_weekends,
        subscription.quiet_holidays,
    )
    return Wish(Mode(subscription.mode), subscription.hour, subscription.weekday, quiet)


def visible(rows: QuerySet, user: object, right: Right = Right.SEE_INCIDENTS) -> QuerySet:
    """The incidents somebody may see: of their agencies, and what concerns everybody."""
    who = person(user)
    codes = who.agencies(right)
    if codes is None:
        return rows
    if not codes:
        return rows.none()
    return rows.filter(in_agencies(codes) | Q(kind__in=[kind.value for kind in OF_EVERYBODY]))


def in_agencies(codes: Iterable[str], field: str = "agency") -> Q:
    """Rows of these agencies and of unregistered ones below them."""
    known = frozenset(codes)
    found = Q(**{f"{field}__in": known})
    for code in known:
        if code.rpartition(".")[0] not in known:
            found |= Q(**{f"{field}__startswith": f"{code}."})
    return found


def _people(settings: Settings, policy: Policy, day: date) -> list[Listener]:
    wishes = {row.user_id: row for row in Subscription.objects.all()}
    found = []
    for user in get_user_model().objects.filter(is_active=True):
        scope = Person(user, day).scope(Right.SEE_INCIDENTS)
        if not scope:
            continue
        wish = wishes.get(user.pk)
        if wish is None:
            floor = severity_of(policy.usual.floor)
            found.append(Listener(f"u{user.pk}", scope, "", frozenset(), floor, (Channel.INBOX,)))
            continue
        mailed = wish.by_mail and wish.confirmed_at is not None and settings.smtp is not None
        channels = (Channel.INBOX, Channel.MAIL) if mailed else (Channel.INBOX,)
        found.append(
            Listener(
                f"u{user.pk}",
                scope,
                wish.agency,
                frozenset(wish.kinds),
                wish.floor,
                channels,
                wish_of(wish),
            )
        )
    return found


def _webhooks() -> list[Listener]:
    return [
        Listener(
            f"w{hook.pk}",
            Scope(not hook.agency, frozenset({plain(hook.agency)} if hook.agency else ())),
            "",
            frozenset(hook.kinds),
            hook.floor,
            (Channel.WEBHOOK,),
        )
        for hook in Webhook.objects.filter(disabled_at__isnull=True)
    ]


def _wants(listener: Listener, incident: Incident, tree: Tree) -> bool:
    if listener.kinds and incident.kind not in listener.kinds:
        return False
    if Kind(incident.kind) in OF_EVERYBODY:
        return True  # whatever its gravity
    if incident.kind == Kind.TASK_STEP and listener.scope.country:
        return False  # between the agency and who gave the task
    path = tree.path(incident.agency) if incident.agency else ()
    inside = not listener.agency or plain(listener.agency) in path
    return incident.severity >= listener.floor and inside and listener.scope.holds(path)


def _giver(incident: Incident) -> str:
    """Who gave the task that the agency has answered; "" for anything else."""
    if incident.kind != Kind.TASK_STEP or incident.evidence["step"] not in _ANSWERS:
        return ""
    task = Task.objects.filter(pk=incident.subject.partition(":")[0]).first()
    user = task and get_user_model().objects.filter(username=task.given_by).first()
    return f"u{user.pk}" if user else ""


def _notice(incident: Incident, listener: Listener, channel: Channel, now: int) -> Notice:
    at = due(listener.wish, Severity(incident.severity), now) if channel is Channel.MAIL else now
    return Notice(
        incident=incident,
        channel=channel.value,
        recipient=listener.recipient,
        made_at=to_datetime(now),
        due_at=to_datetime(at),
    )
