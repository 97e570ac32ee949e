"""Tells the rest of the house what the registry says now.

The collector gets one small file (`core/snapshot.py`); the lake gets the dated rows that are new,
changed or gone, each with the time it became known. Publishing twice changes nothing.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from operator import itemgetter
from typing import Any

import pyarrow as pa
from django.db.models import F

from thuocdo.core import snapshot
from thuocdo.core.clock import now_us
from thuocdo.core.settings import Settings
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS
from thuocdo.lake.store import Lake
from thuocdo.registry.models import Agency, Service, Site, SiteKey, System

Row = tuple[Any, ...]

_BY_START = F("valid_from").asc(nulls_first=True)


def publish(settings: Settings) -> None:
    """Write the lake's dimension rows, then replace the collector's snapshot.

    The lake comes first: an event that the collector lets in can always be given its agency.
    Of several processes one publishes at a time, and each reads the database after its turn came:
    the last one has seen everything.
    """
    with _turn(settings):
        now = now_us()
        lake = Lake.open(settings)
        lake.create()
        systems = _owners()
        rows = _dimension_rows(systems)
        for name, of_name in rows.items():
            dimensions.write(lake, name, _with_withdrawn(lake, name, of_name, now))
        snapshot.write(settings.snapshot_path, _snapshot(now, systems, rows["services"]))


@contextmanager
def _turn(settings: Settings) -> Iterator[None]:
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    with (settings.state_dir / "publish.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # let go when the file is closed
        yield


def _owners() -> dict[str, tuple[str, str]]:
    """System code → (agency, kind), of the latest row."""
    rows = System.objects.order_by(_BY_START).values_list("code", "agency", "kind")
    return {code: (agency, kind) for code, agency, kind in rows}


def _dimension_rows(systems: dict[str, tuple[str, str]]) -> dict[str, list[Row]]:
    """Rows in the order of the lake's columns, up to `valid_to`."""
    own = {Agency: "agencies", System: "systems", Service: "services"}
    rows = {
        name: list(model.objects.values_list(*DIMENSIONS[name][0].names[:-2]))
        for model, name in own.items()
    }
    sites = Site.objects.values_list(
        "site_id", "system", "name", "hostnames", "valid_from", "valid_to"
    )
    rows["sites"] = [
        (site_id, system, *systems.get(system, (None, None)), name, hosts.split(), *validity)
        for site_id, system, name, hosts, *validity in sites
    ]
    return rows


def _with_withdrawn(lake: Lake, name: str, rows: list[Row], now: int) -> pa.Table:
    """The registry's rows, and a withdrawal for every key the lake has and the registry no longer."""
    schema, key = DIMENSIONS[name]
    columns = schema.names[:-2]
    places = [columns.index(column) for column in key]
    here = set(zip(*([row[place] for row in rows] for place in places), strict=True))
    there = dimensions.read(lake, name)
    keys = zip(*(there[column].to_pylist() for column in key), strict=True)
    gone = there.filter(pa.array([of_row not in here for of_row in keys], pa.bool_()))
    withdrawn = zip(*(gone[column].to_pylist() for column in columns), strict=True)
    return pa.concat_tables(
        [
            _table(schema, rows, now, withdrawn=False),
            _table(schema, list(withdrawn), now, withdrawn=True),
        ]
    )


def _table(schema: pa.Schema, rows: list[Row], now: int, *, withdrawn: bool) -> pa.Table:
    """Empty text in the registry is null in the lake."""
    columns = list(zip(*rows, strict=True)) if rows else [() for _ in schema.names[:-2]]
    arrays = [
        pa.array([None if value == "" else value for value in column], field.type)
        for column, field in zip(columns, schema, strict=False)
    ]
    arrays.append(pa.array([now] * len(rows), pa.int64()).cast(schema.field("recorded_at").type))
    arrays.append(pa.array([withdrawn] * len(rows), pa.bool_()))
    return pa.table(arrays, schema=schema)


def _snapshot(
    now: int, systems: dict[str, tuple[str, str]], services: list[Row]
) -> snapshot.Snapshot:
    """Sites by start, so that of one id the latest row wins; services latest start first, so that
    the first row that covers a day is the one that holds."""
    return snapshot.Snapshot(
        made_at=now,
        sites=tuple(_sites(systems)),
        keys=tuple(_keys()),
        agencies=tuple(sorted(set(Agency.objects.values_list("code", flat=True)))),
        services=tuple(_services(services)),
    )


def _sites(systems: dict[str, tuple[str, str]]) -> Iterator[snapshot.SiteEntry]:
    for site in Site.objects.order_by("site_id", _BY_START):
        agency, kind = systems.get(site.system, ("", ""))
        yield snapshot.SiteEntry(
            site_id=site.site_id,
            system=site.system,
            agency=agency,
            kind=kind,
            hostnames=tuple(site.host_list),
            valid_from=_iso(site.valid_from),
            valid_to=_iso(site.valid_to),
            only_hosts=site.only_hosts,
            networks=tuple(site.networks.split()),
            needs_key=site.needs_key,
            per_second=site.per_second,
        )


def _keys() -> Iterable[snapshot.KeyEntry]:
    return (
        snapshot.KeyEntry(
            key_hash=key.key_hash,
            name=key.name,
            agency=key.agency or None,
            site_ids=tuple(key.site_ids),
            feeds=tuple(key.feeds),
            expires=_iso(key.expires),
            key_id=key.key_id,
            signing=key.signing,
        )
        for key in SiteKey.objects.filter(revoked_at__isnull=True)
    )


def _services(rows: list[Row]) -> Iterator[snapshot.ServiceEntry]:
    """From the rows of the lake's `services`."""
    names = DIMENSIONS["services"][0].names
    entry = ("agency", "procedure", "level", "local_code", "valid_from", "valid_to")
    picked = map(itemgetter(*(names.index(name) for name in entry)), rows)

    def order(row: Row) -> tuple[str, str, int]:
        agency, procedure, *_, first, _ = row
        return agency, procedure, -first.toordinal() if first else 0

    for agency, procedure, level, local_code, first, last in sorted(picked, key=order):
        yield snapshot.ServiceEntry(
            agency, procedure, level, local_code or None, _iso(first), _iso(last)
        )


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
