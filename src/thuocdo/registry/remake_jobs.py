"""The queue of drafts that are to be made again: a row each, taken by the one worker of an instance."""

from __future__ import annotations

from django.conf import settings as django_settings
from django.db import models

from thuocdo.registry import queues


class RemakeJob(queues.Job):
    """One draft of a week's report made again, or made to replace what is published.

    note     why what is published is to be replaced; "" when a draft is only made again
    after    lines of the book of the week that were there when it was asked for
    done, of steps of the making, so that a page can say how far it is; of: 0 before it began
    """

    week = models.CharField(max_length=8, db_index=True)
    is_revision = models.BooleanField(default=False)
    note = models.TextField(blank=True)
    asked_by = models.ForeignKey(django_settings.AUTH_USER_MODEL, models.CASCADE)
    after = models.PositiveIntegerField()
    done = models.PositiveSmallIntegerField(default=0)
    of = models.PositiveSmallIntegerField(default=0)
    started_at = models.DateTimeField(null=True)

    class Meta(queues.Job.Meta):
        constraints = (
            models.UniqueConstraint(
                fields=("week",),
                condition=models.Q(state__in=queues.OPEN),
                name="one_open_remake_a_week",
            ),
        )

    def __str__(self) -> str:
        return f"{self.week} · {self.state}"
