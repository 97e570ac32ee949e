"""Rows with history: a key, and the days between which a row holds (see registry/models.py)."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _


class DatedQuerySet(models.QuerySet):
    """Rows with history."""

    def covering(self, day: date) -> Self:
        """Every row whose own dates include the day."""
        return self.filter(
            Q(valid_from__isnull=True) | Q(valid_from__lte=day),
            Q(valid_to__isnull=True) | Q(valid_to__gte=day),
        )

    def on(self, day: date) -> Self:
        """The rows that hold on a day: of one key's covering rows the latest `valid_from`."""
        same_key = {field: OuterRef(field) for field in self.model.CODE_FIELDS}
        later = self.model.objects.covering(day).filter(
            valid_from__gt=Coalesce(OuterRef("valid_from"), Value(date.min)), **same_key
        )
        return self.covering(day).exclude(Exists(later))


class Dated(models.Model):
    """What every dated row has: `CODE_FIELDS` together with `valid_from` are its key."""

    CODE_FIELDS: ClassVar[tuple[str, ...]] = ()

    valid_from = models.DateField(
        _("hiệu lực từ ngày"),
        null=True,
        blank=True,
        db_index=True,
        help_text=_("Để trống: từ trước đến nay."),
    )
    valid_to = models.DateField(
        _("hiệu lực đến hết ngày"),
        null=True,
        blank=True,
        db_index=True,
        help_text=_("Để trống: chưa kết thúc."),
    )

    objects = DatedQuerySet.as_manager()

    class Meta:
        abstract = True

    @property
    def key(self) -> tuple[Any, ...]:
        """The code fields and `valid_from`."""
        return (*(getattr(self, field) for field in self.CODE_FIELDS), self.valid_from)

    def covers(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or day <= self.valid_to
        )


def dated_constraints(name: str, *fields: str) -> list[models.BaseConstraint]:
    """One row per key (a missing `valid_from` counts as a value) and no life ending before it begins."""
    return [
        models.UniqueConstraint(
            fields=[*fields, "valid_from"],
            name=f"registry_{name}_key",
            violation_error_message=_("Đã có dòng cùng mã và cùng ngày bắt đầu hiệu lực."),
        ),
        models.UniqueConstraint(
            fields=fields,
            condition=Q(valid_from__isnull=True),
            name=f"registry_{name}_open_key",
            violation_error_message=_("Đã có dòng cùng mã không ghi ngày bắt đầu hiệu lực."),
        ),
        models.CheckConstraint(
            condition=Q(valid_from__isnull=True)
            | Q(valid_to__isnull=True)
            | Q(valid_to__gte=F("valid_from")),
            name=f"registry_{name}_dates",
            violation_error_message=_("Ngày kết thúc phải từ ngày bắt đầu trở đi."),
        ),
    ]
