"""What the public site keeps: the figures it showed, so that their addresses answer later, and what readers say."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


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


class Feedback(models.Model):
    """What a reader said, and the answer; of who said it nothing is kept.

    code  the number the reader was given; whoever has it reads the answer
    page  the address it is about, as the reader wrote it
    """

    class Kind(models.TextChoices):
        FIGURE = "figure", _("phản đối một con số")
        FAULT = "fault", _("trang bị lỗi")
        ACCESS = "access", _("khó tiếp cận")
        IDEA = "idea", _("góp ý khác")

    code = models.CharField(_("mã"), max_length=20, unique=True)
    kind = models.CharField(_("loại"), max_length=8, choices=Kind.choices)
    page = models.CharField(_("trang"), max_length=500, blank=True)
    text = models.TextField(_("nội dung"))
    made_at = models.DateTimeField(_("lúc gửi"), auto_now_add=True, db_index=True)
    answer = models.TextField(_("trả lời"), blank=True)
    answered_by = models.CharField(_("người trả lời"), max_length=200, blank=True)
    answered_at = models.DateTimeField(_("lúc trả lời"), null=True)

    class Meta:
        verbose_name = _("góp ý")
        verbose_name_plural = _("góp ý của người đọc")
        ordering = ("-made_at", "-id")

    def __str__(self) -> str:
        return self.code
