"""One small measured country for the room: real files imported into a real lake, real facts."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.db.models import Model
from django.utils import translation

from thuocdo.core import clock
from thuocdo.core import settings as instance
from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings
from thuocdo.lake.imports import import_dossiers, import_page_views
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.store import Lake
from thuocdo.measure.invariants.check import check
from thuocdo.measure.refresh import refresh
from thuocdo.measure.service import Measure
from thuocdo.registry.builtin import load_builtin
from thuocdo.registry.loaders import import_services, import_sites
from thuocdo.registry.models import Agency, Service, Site, System
from thuocdo.web import board

TODAY = clock.local_day(clock.now_us())
ONLINE = {
    **{"H26": (80, 100), "H29": (44, 55), "H14": (20, 60), "G02": (30, 30), "G01": (25, 100)},
    **{"H04": (1, 3), "H31": (9, 19)},  # too few to be published
}
"""Agency → (dossiers submitted online, all dossiers)."""


DUE_BEFORE = "G08"
"""A ministry whose dossiers are due before they came: a check blocks what is said of its timeliness."""

REGISTERED: dict[type[Model], list[Model]] = {Agency: [], System: [], Site: [], Service: []}
"""The rows of the registry that the lake was filled with."""


def quiet(_done: int, _total: int | None) -> None:
    """Progress that nobody watches."""


def write(path: Path, rows: list[dict[str, object]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return path


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def fill_registry(settings: Settings, folder: Path) -> None:
    """The built-in country, a portal of Hà Nội and of two others, a service each."""
    load_builtin()
    portals = {391: "H26", 392: "H29", 393: "G02"}
    sites = [
        {"site_id": n, "agency": a, "kind": "portal", "name": f"Cổng {a}", "hostnames": f"{a}.vn"}
        for n, a in portals.items()
    ]
    import_sites(settings, [write(folder / "sites.csv", sites)], quiet)
    services = [
        {"agency": agency, "procedure": "1.004194", "level": "full", "name": "Đăng ký tạm trú"}
        for agency in (*ONLINE, DUE_BEFORE)
    ]
    import_services(settings, [write(folder / "services.csv", services)], quiet)


def fill_lake(settings: Settings, folder: Path) -> None:
    lake = Lake.open(settings)
    days = [TODAY - timedelta(days=n) for n in (0, 3, 20)]
    views = [
        {"site_id": site, "event_time": f"{day}T00:00:0{n}+07:00", "visitor": f"v{n}"}
        for site, size in ((391, 5), (392, 2), (393, 3))
        for day in days
        for n in range(size)
    ]
    import_page_views(settings, lake, [write(folder / "views.csv", views)], quiet)
    dossiers = [
        {
            "system": f"{agency}-one_stop",
            "agency": agency,
            "dossier": f"{agency}-{n}",
            "procedure": "1.004194",
            "status": "received",
            "event_time": f"{TODAY - timedelta(days=2)}T09:00:00+07:00",
            "channel": "online" if n < online else "counter",
        }
        for agency, (online, total) in ONLINE.items()
        for n in range(total)
    ]
    import_dossiers(settings, lake, [write_lines(folder / "dossiers.ndjson", dossiers)], quiet)
    early = [
        {
            "system": f"{DUE_BEFORE}-one_stop",
            "agency": DUE_BEFORE,
            "dossier": f"{DUE_BEFORE}-{n}",
            "procedure": "1.004194",
            "status": status,
            "event_time": f"{TODAY - timedelta(days=2)}T{hour}:00:00+07:00",
            "due_at": f"{TODAY - timedelta(days=9)}T09:00:00+07:00",
            "channel": "counter",
        }
        for n in range(20)
        for status, hour in (("received", "09"), ("completed", "10"))
    ]
    import_dossiers(settings, lake, [write_lines(folder / "early.ndjson", early)], quiet)
    refresh(settings, lake, head=Ledger(settings, lake).extend())
    measure = Measure(settings)
    check(measure, Period(TODAY - timedelta(days=30), TODAY))
    measure.shelf.keep(measure.remembered())  # as the site leaves what it counted: web/warming.py


@pytest.fixture(scope="session")
def measured(tmp_path_factory, django_db_setup, django_db_blocker) -> Settings:
    """The instance with its lake and facts; the database is left as it was."""
    found = instance.load({"THUOCDO_HOME": str(tmp_path_factory.mktemp("web") / "home")})
    found.make_folders()
    with django_db_blocker.unblock(), transaction.atomic():
        fill_registry(found, tmp_path_factory.mktemp("files"))
        for model in REGISTERED:
            REGISTERED[model] = list(model.objects.all())
        transaction.set_rollback(True)
    fill_lake(found, tmp_path_factory.mktemp("events"))
    return found


@pytest.fixture
def country(measured: Settings, settings, db) -> Settings:
    """What `measured` measured, with its registry in the database and Django pointed at it."""
    for model, rows in REGISTERED.items():
        model.objects.bulk_create(rows)
    settings.THUOCDO = measured
    return measured


@pytest.fixture
def empty(settings, db, tmp_path: Path) -> Settings:
    """An instance in which nothing was ever measured or registered."""
    found = instance.load({"THUOCDO_HOME": str(tmp_path / "empty")})
    found.make_folders()
    settings.THUOCDO = found
    return found


@pytest.fixture
def today() -> date:
    return TODAY


@pytest.fixture(autouse=True)
def vietnamese() -> Iterator[None]:
    """Each test begins in Vietnamese: a page asked for in English leaves the thread speaking it."""
    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def no_names_from_before() -> None:
    """English names are kept for a minute; a test must not see another test's registry."""
    board._english_names.cache_clear()
