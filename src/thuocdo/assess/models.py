"""Site checks and scans somebody asked for, and rounds of assessment: queues that survive any crash, and trails.

Nobody edits these rows by hand, so they carry no labels; the workspace has its own words.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models

from thuocdo.registry import queues
from thuocdo.registry.append_only import Trail


class SiteCheck(queues.Job):
    """One check of a page's measuring code."""

    url = models.CharField(max_length=2000)
    site_id = models.PositiveIntegerField(null=True)
    pages = models.PositiveSmallIntegerField(default=1)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    counts = models.BooleanField(null=True)
    result = models.JSONField(null=True)  # site_check.model.SiteResult

    def __str__(self) -> str:
        return f"{self.url} · {self.state}"


class Round(models.Model):
    """One assessment campaign. Its rules are frozen with it: `rules` is the set itself, not its name."""

    class State(models.TextChoices):
        MEASURING = "measuring"
        PRELIMINARY = "preliminary"  # told to the agencies, who may appeal until `appeals_until`
        PUBLISHED = "published"

    class Scanning(models.TextChoices):
        """Whether the instance's scanner is to measure it; what the command line measures stays `off`."""

        OFF = "off"
        ON = "on"
        PAUSED = "paused"

    code = models.SlugField(max_length=40, unique=True)
    rules = models.JSONField()  # criteria.model.CriteriaSet
    rules_sha256 = models.CharField(max_length=64)
    software = models.CharField(max_length=40)
    is_trial = models.BooleanField(default=False)  # of fixture sites: nobody can appeal
    state = models.CharField(max_length=12, choices=State.choices, default=State.MEASURING)
    planned_at = models.DateTimeField(auto_now_add=True)
    appeals_until = models.DateTimeField(null=True)
    published_at = models.DateTimeField(null=True)
    publication = models.TextField(blank=True)  # a compact JWS
    scanning = models.CharField(max_length=6, choices=Scanning.choices, default=Scanning.OFF)
    scanning_since = models.DateTimeField(null=True)  # first started: the older round comes first
    contact = models.CharField(max_length=200, blank=True)  # whom the owner of a site may write to
    lab_runs = models.PositiveSmallIntegerField(default=5)

    def __str__(self) -> str:
        return f"{self.code} · {self.state}"


class Entry(models.Model):
    """One system in a round. A scanner takes it by one conditional UPDATE."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"

    round = models.ForeignKey(Round, models.CASCADE, related_name="entries")
    code = models.CharField(max_length=80)
    name = models.CharField(max_length=300)
    block = models.CharField(max_length=20)
    vendor = models.CharField(max_length=200, blank=True)
    url = models.CharField(max_length=2000)
    plain_url = models.CharField(max_length=2000, blank=True)
    site_id = models.PositiveIntegerField(null=True)
    turn = models.PositiveIntegerField()  # the order of the queue
    state = models.CharField(
        max_length=8, choices=State.choices, default=State.QUEUED, db_index=True
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    results = models.JSONField(null=True)  # list of results.Result
    fault = models.CharField(max_length=20, blank=True)  # what kept every look from being made

    class Meta:
        constraints = (models.UniqueConstraint(fields=("round", "code"), name="entry_once"),)

    def __str__(self) -> str:
        return f"{self.code} · {self.state}"


class Mark(Trail):
    """Points one assessor gave one criterion. Nobody changes a mark, not even who made it."""

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="marks")
    assessor = models.CharField(max_length=120)
    key = models.CharField(max_length=80)
    points = models.DecimalField(max_digits=6, decimal_places=2)
    evidence = models.TextField(blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = (
            models.UniqueConstraint(fields=("entry", "assessor", "key"), name="mark_once"),
        )

    def __str__(self) -> str:
        return f"{self.assessor}: {self.key} = {self.points}"


class Ruling(Trail):
    """Points that were settled and why: two assessors reconciled, an appeal allowed, a correction made.

    The latest ruling on a criterion holds. One made after publication is an entry of the correction log.
    """

    class Kind(models.TextChoices):
        RECONCILED = "reconciled"
        APPEAL = "appeal"
        CORRECTION = "correction"

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="rulings")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=80)
    points = models.DecimalField(max_digits=6, decimal_places=2)
    reason = models.TextField()
    who = models.CharField(max_length=120)
    made_at = models.DateTimeField(auto_now_add=True)

    def __str__(self) -> str:
        return f"{self.kind}: {self.key} = {self.points}"


class ShadowScan(queues.Job):
    """One system scanned outside any round: an agency asked for it, or an appeal ordered it.

    agency  for which it was asked, whose budget it is counted to; "" for a system the registry lacks
    system  the registry's code
    who     the account, or whoever sat at the command line
    """

    agency = models.CharField(max_length=40, db_index=True)
    system = models.CharField(max_length=80, db_index=True)
    name = models.CharField(max_length=300)
    url = models.CharField(max_length=2000)
    plain_url = models.CharField(max_length=2000, blank=True)
    site_id = models.PositiveIntegerField(null=True)
    for_appeal = models.BooleanField(default=False)
    contact = models.CharField(max_length=200)
    lab_runs = models.PositiveSmallIntegerField()
    who = models.CharField(max_length=120)
    started_at = models.DateTimeField(null=True)
    results = models.JSONField(null=True)  # list of results.Result

    class Meta(queues.Job.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("system", "for_appeal"),
                condition=models.Q(state__in=queues.OPEN),
                name="one_open_scan_a_system",
            ),
        )

    def __str__(self) -> str:
        return f"{self.system} · {self.state}"


class Appeal(models.Model):
    """What an agency says against its preliminary result, and what was decided."""

    class Verdict(models.TextChoices):
        OPEN = "open"
        ALLOWED = "allowed"
        DISMISSED = "dismissed"

    entry = models.ForeignKey(Entry, models.PROTECT, related_name="appeals")
    key = models.CharField(max_length=80)
    text = models.TextField()
    who = models.CharField(max_length=120)
    made_at = models.DateTimeField(auto_now_add=True)
    verdict = models.CharField(max_length=10, choices=Verdict.choices, default=Verdict.OPEN)
    answer = models.TextField(blank=True)
    rescan = models.ForeignKey(ShadowScan, models.SET_NULL, null=True, related_name="appeals")
    decided_by = models.CharField(max_length=120, blank=True)
    decided_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return f"{self.entry.code} · {self.key} · {self.verdict}"
