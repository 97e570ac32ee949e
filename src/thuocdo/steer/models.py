"""Incidents, who is to be told of them, the letters that go out, and tasks with their trail.

Whoever opens an incident writes the notices of it in the same transaction; letters are made of notices
later and sent last. So a crash anywhere loses nothing, and the constraints here keep anything from being
told twice: one open incident a cause, one notice an incident, event, channel and recipient.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from thuocdo.registry.append_only import Trail
from thuocdo.steer.model import Channel, Kind, Mode, Severity

SEVERITIES = [(one.value, one.name.lower()) for one in Severity]
KINDS = [(one.value, one.value) for one in Kind]


class Incident(models.Model):
    """One cause from when it was first seen until it was gone."""

    kind = models.CharField(max_length=24, choices=KINDS)
    subject = models.CharField(max_length=200)
    agency = models.CharField(max_length=40, blank=True, db_index=True)  # "": the whole country
    severity = models.PositiveSmallIntegerField(choices=SEVERITIES)
    evidence = models.JSONField()  # by the names of words.yaml
    policy = models.CharField(max_length=20)
    opened_at = models.DateTimeField(db_index=True)
    last_seen = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, db_index=True)

    class Meta:
        ordering = ("-opened_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("kind", "subject", "agency"),
                condition=models.Q(closed_at__isnull=True),
                name="steer_one_open_incident_a_cause",
            ),
        )

    def __str__(self) -> str:
        return f"{self.kind} · {self.subject} · {self.agency}"

    @property
    def is_open(self) -> bool:
        return self.closed_at is None


class Look(models.Model):
    """When a kind was last looked for, and on which facts: what did not move is not looked at again."""

    kind = models.CharField(max_length=24, primary_key=True)
    looked_at = models.DateTimeField()
    facts_version = models.BigIntegerField()
    day = models.DateField()
    failure = models.CharField(max_length=300, blank=True)  # why it could not be told; else ""

    def __str__(self) -> str:
        return f"{self.kind} · {self.looked_at}"


class Subscription(models.Model):
    """What one person wants to hear, and how; without a row policy.yaml's `usual` holds.

    agency    only this one and those below it; "": all that their rights reach
    kinds     empty: all
    address   mail goes there once its holder has shown that it is theirs
    """

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="subscription"
    )
    agency = models.CharField(max_length=40, blank=True)
    kinds = models.JSONField(default=list)
    floor = models.PositiveSmallIntegerField(choices=SEVERITIES, default=Severity.WARNING)
    language = models.CharField(max_length=2, default="vi")
    by_mail = models.BooleanField(default=False)
    address = models.EmailField(blank=True)
    confirmed_at = models.DateTimeField(null=True)
    mode = models.CharField(
        max_length=8, choices=[(one.value, one.value) for one in Mode], default=Mode.NOW
    )
    hour = models.PositiveSmallIntegerField(default=8)
    weekday = models.PositiveSmallIntegerField(default=0)
    quiet_start = models.PositiveSmallIntegerField(default=0)
    quiet_end = models.PositiveSmallIntegerField(default=0)
    quiet_weekends = models.BooleanField(default=False)
    quiet_holidays = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.user)


class Webhook(models.Model):
    """An address of somebody's program. Its secret is sealed; `disabled_at` ends it, the row stays."""

    name = models.CharField(max_length=120)
    url = models.CharField(max_length=1000)
    agency = models.CharField(max_length=40, blank=True, db_index=True)
    kinds = models.JSONField(default=list)
    floor = models.PositiveSmallIntegerField(choices=SEVERITIES, default=Severity.WARNING)
    secret = models.TextField()
    made_by = models.CharField(max_length=200)
    made_at = models.DateTimeField(auto_now_add=True)
    disabled_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return self.name


class Letter(models.Model):
    """One mail or one call of a webhook. A sender takes it by one conditional UPDATE.

    key      the idempotency key: the mail's Message-ID, the webhook's webhook-id; the same in every attempt
    next_at  when it may be tried (again); while one tries, when it may be taken from them
    """

    class State(models.TextChoices):
        WAITING = "waiting"
        SENT = "sent"
        GIVEN_UP = "given_up"

    class Purpose(models.TextChoices):
        NOTICES = "notices"
        CONFIRM = "confirm"  # is this address yours?

    key = models.CharField(max_length=64, unique=True)
    purpose = models.CharField(max_length=8, choices=Purpose.choices, default=Purpose.NOTICES)
    channel = models.CharField(max_length=8)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True)
    webhook = models.ForeignKey(Webhook, models.CASCADE, null=True, related_name="letters")
    address = models.EmailField(blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField(db_index=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    failure = models.CharField(max_length=300, blank=True)  # of the last attempt

    class Meta:
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return f"{self.channel} · {self.key} · {self.state}"


class Notice(models.Model):
    """That one recipient is to be told of one incident by one channel.

    recipient  "u<id>" or "w<id>"; due_at: not before; letter: None until it is packed
    dropped    the incident was over before it could be told
    """

    class Event(models.TextChoices):
        OPENED = "opened"
        CLOSED = "closed"  # webhooks alone

    incident = models.ForeignKey(Incident, models.CASCADE, related_name="notices")
    event = models.CharField(max_length=6, choices=Event.choices, default=Event.OPENED)
    channel = models.CharField(max_length=8, choices=[(one.value, one.value) for one in Channel])
    recipient = models.CharField(max_length=24, db_index=True)
    made_at = models.DateTimeField()
    due_at = models.DateTimeField(db_index=True)
    letter = models.ForeignKey(Letter, models.CASCADE, null=True, related_name="notices")
    dropped = models.BooleanField(default=False)
    read_at = models.DateTimeField(null=True)  # of the inbox

    class Meta:
        ordering = ("-made_at", "-id")
        constraints = (
            models.UniqueConstraint(
                fields=("incident", "event", "channel", "recipient"),
                name="steer_told_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.incident_id} · {self.channel} · {self.recipient}"


class Task(models.Model):
    """Something a ministry asks of an agency, by a day. What was said about it is its trail."""

    class State(models.TextChoices):
        OPEN = "open"
        REPORTED = "reported"  # the agency says it is done
        ACCEPTED = "accepted"
        WITHDRAWN = "withdrawn"

    title = models.CharField(max_length=200)
    text = models.TextField(max_length=4000)
    agency = models.CharField(max_length=40, db_index=True)
    due = models.DateField()  # included
    given_by = models.CharField(max_length=200)
    given_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    closed_at = models.DateTimeField(null=True)  # accepted or withdrawn
    incident = models.ForeignKey(Incident, models.SET_NULL, null=True, related_name="tasks")
    indicator = models.CharField(max_length=60, blank=True)
    target = models.CharField(max_length=80, blank=True)  # a code of the targets on record
    with_advice = models.BooleanField(default=False)  # the agency's list of recommendations

    class Meta:
        ordering = ("due", "id")

    def __str__(self) -> str:
        return f"{self.pk} · {self.title}"


class Step(Trail):
    """One line of a task's trail."""

    class Kind(models.TextChoices):
        GIVEN = "given"
        PROGRESS = "progress"
        REPORTED = "reported"
        RETURNED = "returned"
        ACCEPTED = "accepted"
        MOVED = "moved"  # another last day
        WITHDRAWN = "withdrawn"

    task = models.ForeignKey(Task, models.PROTECT, related_name="steps")
    kind = models.CharField(max_length=9, choices=Kind.choices)
    text = models.TextField(max_length=4000, blank=True)
    percent = models.PositiveSmallIntegerField(null=True)
    due = models.DateField(null=True)
    who = models.CharField(max_length=200)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("at", "id")

    def __str__(self) -> str:
        return f"{self.task_id} · {self.kind}"
