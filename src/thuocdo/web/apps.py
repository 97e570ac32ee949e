"""The public site as a Django app: its templates, static files and catalogues."""

from __future__ import annotations

from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "thuocdo.web"
    label = "web"
    verbose_name = "Trang công khai"
