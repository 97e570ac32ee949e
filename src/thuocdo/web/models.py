"""What the public site keeps: the figures it showed, so that their addresses answer later too."""

from __future__ import annotations

from django.db import models


class ShownFigure(models.Model):
    """A figure as it was shown under its name; never changed, only added.

    answer  what the name's last sixteen digits are the check of (measure/passport/naming.py: Answer)
    """

    name = models.CharField(max_length=300, unique=True)
    answer = models.JSONField()
    shown_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "con số đã công bố"
        verbose_name_plural = "con số đã công bố"

    def __str__(self) -> str:
        return self.name
