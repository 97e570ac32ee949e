"""Assessment as a Django app: the checks that were asked for, and what came of them."""

from __future__ import annotations

from django.apps import AppConfig


class AssessConfig(AppConfig):
    name = "thuocdo.assess"
    label = "assess"
