"""Which person holds which role, for which agencies, from when to when."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from thuocdo.registry.dated import Dated, dated_constraints
from thuocdo.registry.rights import Grant, Role, plain, policy

GIVEN = tuple(role for role in Role if role is not Role.PUBLIC)
"""Roles somebody can be given; everybody has the public one."""

ROLE_LABELS = {
    Role.VIEWER: _("Người xem"),
    Role.OFFICER: _("Cán bộ"),
    Role.AGENCY_ADMIN: _("Quản trị cơ quan"),
    Role.ANALYST: _("Chuyên viên phân tích"),
    Role.PUBLISHER: _("Người công bố"),
    Role.ASSESSOR: _("Người đánh giá"),
    Role.ROUND_KEEPER: _("Người điều hành đợt đánh giá"),
    Role.OPERATOR: _("Người vận hành"),
}


class Membership(Dated):
    """One role of one person; several add up."""

    CODE_FIELDS = ("user_id", "role", "agency")

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.CASCADE,
        verbose_name=_("người dùng"),
        related_name="memberships",
    )
    role = models.CharField(
        _("vai trò"), max_length=20, choices=[(role.value, ROLE_LABELS[role]) for role in GIVEN]
    )
    agency = models.CharField(
        _("mã cơ quan"),
        max_length=40,
        blank=True,
        help_text=_("Cơ quan này và mọi cơ quan cấp dưới; để trống: cả nước."),
    )

    class Meta:
        verbose_name = _("vai trò của người dùng")
        verbose_name_plural = pgettext_lazy("plural", "vai trò của người dùng")
        ordering = ("user_id", "role", "agency", "valid_from")
        constraints = dated_constraints("membership", "user", "role", "agency")

    def __str__(self) -> str:
        return f"{self.user.get_username()} · {self.role} · {self.agency or '*'}"

    def clean(self) -> None:
        super().clean()
        self.agency = plain(self.agency.strip())
        if self.agency and self.role in GIVEN and policy().roles[Role(self.role)].country_only:
            raise ValidationError({"agency": _("Vai trò này chỉ giao cho cả nước: để trống.")})

    @property
    def grant(self) -> Grant:
        """As `rights.may` reads it."""
        return Grant(Role(self.role), self.agency, self.valid_from, self.valid_to)
