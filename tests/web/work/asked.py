"""A small measured country in which two one-stop systems send a constant for the level."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from tests.web.conftest import TODAY, fill_registry, quiet, write_lines

from thuocdo.core import settings as instance
from thuocdo.core.settings import Settings
from thuocdo.lake.imports import import_dossiers
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh
from thuocdo.registry.models import Agency, Service, Site, System

CONSTANT = ("H26", "H29")
"""Agencies whose systems declare every dossier as partial; the catalogue says full."""
_ROWS: dict = {Agency: [], System: [], Site: [], Service: []}


@pytest.fixture(scope="session")
def questioned_home(tmp_path_factory, django_db_setup, django_db_blocker) -> Settings:
    found = instance.load({"THUOCDO_HOME": str(tmp_path_factory.mktemp("asked") / "home")})
    found.make_folders()
    with django_db_blocker.unblock(), transaction.atomic():
        fill_registry(found, tmp_path_factory.mktemp("files"))
        for model in _ROWS:
            _ROWS[model] = list(model.objects.all())
        transaction.set_rollback(True)
    lake = Lake.open(found)
    dossiers = [
        {
            "system": f"{agency}-one_stop",
            "agency": agency,
            "dossier": f"{agency}-{n}",
            "procedure": "1.004194",
            "status": "received",
            "event_time": f"{TODAY - timedelta(days=2 + n % 3)}T09:00:00+07:00",
            "channel": "online",
            "level": "3",
        }
        for agency in CONSTANT
        for n in range(60)
    ]
    path = write_lines(tmp_path_factory.mktemp("events") / "dossiers.ndjson", dossiers)
    import_dossiers(found, lake, [path], quiet)
    refresh(found, lake, head=Ledger(found, lake).extend())
    return found


@pytest.fixture
def questioned(questioned_home: Settings, settings, db) -> Settings:
    """Measured, its registry in the database, and Django pointed at it."""
    for model, rows in _ROWS.items():
        model.objects.bulk_create(rows)
    settings.THUOCDO = questioned_home
    return questioned_home
