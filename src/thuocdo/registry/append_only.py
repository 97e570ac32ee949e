"""Trails: rows that are written once and stay."""

from __future__ import annotations

from typing import Any

from django.db import models

_CHANGED = "The trail only grows: its rows are never changed."
_DELETED = "The trail only grows: its rows are never deleted."


class AppendOnly(models.QuerySet):
    """A trail that cannot be rewritten through the program."""

    def update(self, **_values: Any) -> int:
        raise TypeError(_CHANGED)

    def delete(self) -> tuple[int, dict[str, int]]:
        raise TypeError(_DELETED)


class Trail(models.Model):
    """A row that is saved once."""

    objects = AppendOnly.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise TypeError(_CHANGED)
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> tuple[int, dict[str, int]]:
        raise TypeError(_DELETED)
