"""The country an instance starts with: ministries, provinces, mergers, systems (DESIGN.md §5.8).

Pure reading of the CSV files in `registry/data` into rows; `load_builtin` puts in what is
missing and leaves what is there, so an operator's corrections survive an upgrade.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date
from importlib import resources

from django.db import transaction

from thuocdo.core.console import operator
from thuocdo.core.vocabulary import AgencyKind, SystemKind
from thuocdo.registry.models import SYSTEM_NAMES, Agency, Change, Dated, System, system_code
from thuocdo.registry.trail import record

NATIONAL_PORTAL = system_code("NATIONAL", SystemKind.SERVICE_PORTAL.value)
"""The one portal that stays when the ministries' and provinces' own are closed."""

NATIONAL_PORTAL_OWNER = "G22"  # Văn phòng Chính phủ


def load_builtin() -> int:
    """Add the built-in agencies and systems that are missing; how many rows that were."""
    with transaction.atomic():
        agencies = list(builtin_agencies())
        added = _add_missing(agencies) + _add_missing(list(builtin_systems(agencies)))
        if added:
            record(Change.Action.IMPORT, Change.What.BUILTIN, who=operator(), after={"rows": added})
    return added


def builtin_agencies() -> Iterator[Agency]:
    """Every dated row; a code that goes on under a new shape has one row before and one after."""
    english = {row["name"]: row["name_en"] for row in _table("names_en")}
    yield from _ministries(english)
    yield from _old_provinces(english)
    yield from _new_provinces(english)


def builtin_systems(agencies: list[Agency]) -> Iterator[System]:
    """Three systems for each stretch of an agency's life, none for a stretch after their closing."""
    rules = [
        (row["agency_kind"], SystemKind(row["kind"]), _day(row["valid_to"]))
        for row in _table("systems")
    ]
    for agency in agencies:
        for agency_kind, kind, closed in rules:
            last = min(day for day in (agency.valid_to, closed, date.max) if day is not None)
            if agency.kind != agency_kind or (agency.valid_from or date.min) > last:
                continue
            yield System(
                code=system_code(agency.code, kind.value),
                agency=agency.code,
                kind=kind.value,
                name=f"{SYSTEM_NAMES[kind.value]} {agency.name}",
                valid_from=agency.valid_from,
                valid_to=None if last == date.max else last,
            )
    yield System(
        code=NATIONAL_PORTAL,
        agency=NATIONAL_PORTAL_OWNER,
        kind=SystemKind.SERVICE_PORTAL.value,
        name="Cổng Dịch vụ công quốc gia",
    )


def _ministries(english: dict[str, str]) -> Iterator[Agency]:
    for row in _table("ministries"):
        yield Agency(
            code=row["agency_code"],
            name=row["name"],
            name_en=english[row["name"]],
            kind=AgencyKind.MINISTRY.value,
            successor=row["successor"].partition(" ")[0],  # "G10 Bộ Nông nghiệp và Môi trường"
            valid_from=_day(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
        )


def _old_provinces(english: dict[str, str]) -> Iterator[Agency]:
    heirs = {
        old: row["agency_code"]
        for row in _table("provinces_34")
        for old in row["formed_from_gso"].split()
    }
    for row in _table("provinces_63"):
        yield _province(row, english, successor=heirs[row["gso_code"]])


def _new_provinces(english: dict[str, str]) -> Iterator[Agency]:
    for row in _table("provinces_34"):
        yield _province(row, english, city_since=_day(row["city_since"]))


def _province(
    row: dict[str, str],
    english: dict[str, str],
    *,
    successor: str = "",
    city_since: date | None = None,
) -> Agency:
    return Agency(
        code=row["agency_code"],
        name=row["name"],
        name_en=english[row["name"]],
        kind=AgencyKind.PROVINCE.value,
        gso_code=row["gso_code"],
        successor=successor,
        designation=row["kind"],
        city_since=city_since,
        valid_from=_day(row["valid_from"]),
        valid_to=_day(row.get("valid_to", "")),
    )


def _add_missing(rows: list[Agency] | list[System]) -> int:
    model: type[Dated] = type(rows[0])
    there = {row.key for row in model.objects.all()}
    missing = [row for row in rows if row.key not in there]
    model.objects.bulk_create(missing)
    return len(missing)


def _table(name: str) -> list[dict[str, str]]:
    text = (resources.files("thuocdo.registry") / "data" / f"{name}.csv").read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
