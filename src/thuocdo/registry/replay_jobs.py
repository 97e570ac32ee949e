"""The queue of replays: a row each, taken by the one worker of an instance (`replaying.py`)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from django.conf import settings as django_settings
from django.db import models

from thuocdo.registry import queues

if TYPE_CHECKING:  # the lake is no concern of every command that has tables
    from thuocdo.lake.replaying import Replayed


class ReplayJob(queues.Job):
    """One replay, or one trial of it.

    agency  whose records: its own and those of agencies below it; empty filters are "every"
    seen    records looked at so far
    """

    agency = models.CharField(max_length=40, db_index=True)
    reason = models.CharField(max_length=40, blank=True)
    feed = models.CharField(max_length=20, blank=True)
    site_id = models.PositiveIntegerField(null=True)
    since = models.DateField(null=True)
    is_trial = models.BooleanField()
    asked_by = models.ForeignKey(django_settings.AUTH_USER_MODEL, models.CASCADE)
    seen = models.PositiveBigIntegerField(default=0)
    result = models.JSONField(null=True)  # lake.replaying.Replayed

    def __str__(self) -> str:
        return f"{self.agency} · {self.state}"

    @property
    def replayed(self) -> Replayed | None:
        """What became of the records, once it is done."""
        from thuocdo.lake.replaying import Replayed  # noqa: PLC0415 - see above

        return None if self.result is None else msgspec.convert(self.result, Replayed)

    @property
    def filters(self) -> dict[str, Any]:
        """What was asked for, as JSON can hold it."""
        return {
            "agency": self.agency,
            "reason": self.reason,
            "feed": self.feed,
            "site_id": self.site_id,
            "since": self.since.isoformat() if self.since else None,
        }
