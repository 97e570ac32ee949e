"""The public site as a Django app: its templates, static files and catalogues."""

from __future__ import annotations

from django.apps import AppConfig
from django.conf import settings


class WebConfig(AppConfig):
    name = "thuocdo.web"
    label = "web"
    verbose_name = "Trang công khai"

    def ready(self) -> None:
        """A wrong owner stops the start, not a page."""
        _ = settings.OWNER.row
