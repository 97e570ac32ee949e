"""Site checks somebody asked for: a queue that survives any crash, and the results.

Nobody edits these rows by hand, so they carry no labels; the workspace has its own words.
"""

from __future__ import annotations

from django.conf import settings
from django.db import models


class SiteCheck(models.Model):
    """One check. A worker takes it by turning `queued` into `running` in one conditional UPDATE."""

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        DONE = "done"
        FAILED = "failed"  # `failure` says why, as a ThuocdoError's code

    url = models.CharField(max_length=2000)
    site_id = models.PositiveIntegerField(null=True)
    pages = models.PositiveSmallIntegerField(default=1)
    asked_by = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    asked_at = models.DateTimeField(auto_now_add=True)
    state = models.CharField(
        max_length=8, choices=State.choices, default=State.QUEUED, db_index=True
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    finished_at = models.DateTimeField(null=True)
    counts = models.BooleanField(null=True)
    result = models.JSONField(null=True)  # site_check.model.SiteResult
    failure = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.url} · {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)
