"""Site checks somebody asked for: a queue that survives any crash, and the results."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SiteCheck(models.Model):
    """One check. A worker takes it by turning `queued` into `running` in one conditional UPDATE."""

    class State(models.TextChoices):
        QUEUED = "queued", _("đang chờ")
        RUNNING = "running", _("đang kiểm tra")
        DONE = "done", _("đã xong")
        FAILED = "failed", _("không thực hiện được")

    url = models.CharField(_("địa chỉ"), max_length=2000)
    site_id = models.PositiveIntegerField(_("mã giám sát"), null=True)
    pages = models.PositiveSmallIntegerField(_("số trang"), default=1)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("người yêu cầu")
    )
    asked_at = models.DateTimeField(_("lúc yêu cầu"), auto_now_add=True)
    state = models.CharField(
        _("trạng thái"), max_length=8, choices=State.choices, default=State.QUEUED, db_index=True
    )
    attempts = models.PositiveSmallIntegerField(_("số lần thử"), default=0)
    finished_at = models.DateTimeField(_("lúc xong"), null=True)
    counts = models.BooleanField(_("được tính"), null=True)
    result = models.JSONField(_("kết quả"), null=True)  # site_check.model.SiteResult
    failure = models.CharField(_("mã lỗi"), max_length=40, blank=True)

    class Meta:
        verbose_name = _("lần kiểm tra mã đo")
        verbose_name_plural = _("các lần kiểm tra mã đo")
        ordering = ("-asked_at", "-id")

    def __str__(self) -> str:
        return f"{self.url} · {self.state}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.QUEUED, self.State.RUNNING)
