"""Assessment as a Django app: the checks that were asked for, and what came of them."""

from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssessConfig(AppConfig):
    name = "thuocdo.assess"
    label = "assess"
    verbose_name = _("Đánh giá")
