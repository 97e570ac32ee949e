"""Starts Django for the command line and makes an instance ready for use."""

from __future__ import annotations

import os

import django
from django.apps import apps
from django.core.management import call_command

from thuocdo.core.settings import Settings


def setup_django() -> None:
    """Load Django with the instance's settings; harmless when it is loaded already."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thuocdo.web.settings")
    if not apps.ready:
        django.setup()


def initialise(settings: Settings) -> None:
    """Folders, database, the country as built in, snapshot and lake. A second run changes nothing."""
    settings.make_folders()
    setup_django()
    # Models can be imported only after Django has been set up.
    from thuocdo.registry.builtin import load_builtin  # noqa: PLC0415
    from thuocdo.registry.publish import publish  # noqa: PLC0415

    call_command("migrate", interactive=False, verbosity=0)
    load_builtin()
    publish(settings)
