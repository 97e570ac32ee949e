"""Links that open a new account, and requests to take a lost second factor away (members.py uses them)."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Invitation(models.Model):
    """A link that sets the first password of an account, once. Only the token's digest is kept."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("người dùng"))
    token = models.CharField(_("dấu khóa"), max_length=64, unique=True)
    who = models.CharField(_("người mời"), max_length=200)
    at = models.DateTimeField(_("lúc"), auto_now_add=True)
    expires = models.DateTimeField(_("hết hạn lúc"))
    used_at = models.DateTimeField(_("lúc dùng"), null=True, blank=True)

    class Meta:
        verbose_name = _("lời mời")
        verbose_name_plural = _("lời mời")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.at}"


class FactorReset(models.Model):
    """That somebody's second factor is lost, said by one administrator, done by another."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, verbose_name=_("người dùng"))
    who = models.CharField(_("người đề nghị"), max_length=200)
    at = models.DateTimeField(_("lúc"), auto_now_add=True)
    done_by = models.CharField(_("người xác nhận"), max_length=200, blank=True)
    done_at = models.DateTimeField(_("lúc xác nhận"), null=True, blank=True)

    class Meta:
        verbose_name = _("đề nghị gỡ yếu tố đăng nhập")
        verbose_name_plural = _("đề nghị gỡ yếu tố đăng nhập")
        ordering = ("-at",)

    def __str__(self) -> str:
        return f"{self.user_id} · {self.at}"
