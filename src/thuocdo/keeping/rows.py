"""Kinds that are rows of the control plane: they go in the transaction that writes the line about them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from django.db import models
from django.db.models import Max, Min, Q, Sum

from thuocdo.core.settings import Settings
from thuocdo.keeping.model import Looked
from thuocdo.keeping.policy import Code

_ALL: Final = Q()


def _nothing(_settings: Settings, _before: dt.datetime) -> Q:
    return Q(pk__in=())


@dataclass(frozen=True, slots=True)
class OfRows:
    """Rows of one table.

    mine   which rows of the table are of this kind
    over   those that are over; what waits or runs never goes
    since  the field that tells since when
    bound  those that something depends on, whatever their age; asked anew in the transaction
    bytes  the field with the size of a row's file
    trails tables of lines that only grow, each with the field that names the row: they go with it, and with nothing else
    """

    code: Code
    table: type[models.Model]
    over: Q
    since: str
    mine: Q = _ALL
    bound: Callable[[Settings, dt.datetime], Q] = _nothing
    bytes: str = ""
    trails: tuple[tuple[type[models.Model], str], ...] = ()

    def look(self, settings: Settings, before: dt.datetime) -> Looked:
        bound, over = self.bound(settings, before), self._over()
        past = over.filter(**{f"{self.since}__lt": before})
        due = self._due(settings, before)
        young = over.filter(**{f"{self.since}__gte": before})
        return Looked(
            over.count(),
            self._sum(over),
            over.aggregate(at=Min(self.since))["at"],
            due.count(),
            self._sum(due),
            past.filter(bound).count(),
            young.exclude(bound).aggregate(at=Min(self.since))["at"],
        )

    def remove(self, settings: Settings, before: dt.datetime, most: int) -> tuple[int, Any]:
        """Delete up to so many that may go: how many went, and the latest `since` of them.

        To be called in a transaction: the rows are locked, and judged there.
        """
        due = self._due(settings, before).order_by(self.since, "pk")
        keys = list(due.select_for_update().values_list("pk", flat=True)[:most])
        going = self.table.objects.filter(pk__in=keys)
        latest = going.aggregate(at=Max(self.since))["at"]
        for trail, field in self.trails:  # its own manager lets no line go
            models.QuerySet(trail).filter(**{f"{field}__in": keys}).delete()
        going.delete()
        return len(keys), latest

    def _over(self) -> Any:
        return self.table.objects.filter(self.mine, self.over)

    def _due(self, settings: Settings, before: dt.datetime) -> Any:
        past = self._over().filter(**{f"{self.since}__lt": before})
        return past.exclude(self.bound(settings, before))

    def _sum(self, rows: Any) -> int | None:
        return (rows.aggregate(all=Sum(self.bytes))["all"] or 0) if self.bytes else None
