"""The registry as a Django app."""

from __future__ import annotations

from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _


class RegistryConfig(AppConfig):
    default = True
    name = "thuocdo.registry"
    label = "registry"
    verbose_name = _("Sổ đăng ký")

    def ready(self) -> None:
        # Models can be imported only when every app is known.
        from thuocdo.registry.watching import watch  # noqa: PLC0415

        watch()


class DeskConfig(admin_apps.SimpleAdminConfig):
    """Django's admin with our own door.

    Its pages are found when addresses are (web/urls.py): no command pays a second for pages it has none of.
    """

    default = False
    default_site = "thuocdo.registry.desk.Desk"
