"""Starts Django for the command line and makes an instance ready for use."""

from __future__ import annotations

import os
from pathlib import Path

import django
from django.apps import apps
from django.core.management import call_command
from django.db import close_old_connections

import thuocdo
from thuocdo.core.settings import Settings
from thuocdo.lake.schemas import DIMENSIONS, EVENT_TABLES, schema_of


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
    _schema_path(settings).write_text(_schema())


def is_current(settings: Settings) -> bool:
    """Whether the instance's database and lake are as this version needs them; neither is asked."""
    path = _schema_path(settings)
    return path.exists() and path.read_text() == _schema()


def _schema() -> str:
    """The migrations this version comes with, and the columns of its lake."""
    found = Path(thuocdo.__path__[0]).glob("*/migrations/[0-9]*.py")
    migrations = sorted(f"{path.parent.parent.name}.{path.stem}" for path in found)
    columns = [
        f"{name}: {', '.join(schema_of(name).names)}" for name in (*EVENT_TABLES, *DIMENSIONS)
    ]
    return "\n".join((*migrations, *columns))


def _schema_path(settings: Settings) -> Path:
    return settings.state_dir / "schema.txt"


def awake() -> None:
    """For a process that lives long: Django is loaded, and no connection is one that the database has closed."""
    setup_django()
    fresh_connections()


def fresh_connections() -> None:
    """For a process that lives long: a connection the database has closed in between is opened anew."""
    close_old_connections()
