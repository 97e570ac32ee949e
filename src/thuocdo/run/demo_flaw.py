"""The demonstration's own broken checks: a slip of two simulated ministries, which one of them has mended.

Their new software is said to write the year of the due date wrong, so that dossiers are due before they
came. The dossiers come in by the same import as all others, the checks find them, and the watch opens its
incidents; one ministry sends its dossiers again with the right day, and the next look closes its incident.
Nothing here tells a check what to find. It is done after the demonstration's reports are published, so
that their figures stand on what was there before.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

from thuocdo.core import clock
from thuocdo.core.settings import Settings

STANDING: Final = "G19"
"""The ministry that has not mended it."""
MENDED: Final = "G16"
DOSSIERS: Final = 40
"""Of each: several in a hundred of what such a ministry receives in ninety days."""
_DAYS: Final = 10
_DUE_AFTER: Final = timedelta(days=14)
_YEAR: Final = timedelta(days=365)


def plant_and_mend(settings: Settings) -> None:
    """Import the slip, look, import what mends one half, look again. Started again it doubles nothing."""
    from thuocdo.registry.setup import setup_django

    setup_django()
    today = clock.local_day(clock.now_us())
    _import(settings, [*_rows(STANDING, today, _YEAR), *_rows(MENDED, today, _YEAR)])
    _look(settings)
    _import(settings, _rows(MENDED, today, timedelta(), "T11:00:00+07:00"))
    _look(settings)


def _rows(
    agency: str, today: date, slip: timedelta, hour: str = "T09:00:00+07:00"
) -> Iterator[dict[str, str]]:
    """Dossiers of the last days, each due two weeks after it came, less the slip."""
    from thuocdo.registry.models import Service

    procedures = sorted(
        set(Service.objects.filter(agency=agency).values_list("procedure", flat=True))
    )
    for number in range(DOSSIERS):
        came = today - timedelta(days=1 + number % _DAYS)
        yield {
            "system": f"{agency}-one_stop",
            "agency": agency,
            "dossier": f"TRINH-DIEN-{agency}-{number:03}",
            "procedure": procedures[number % len(procedures)],
            "status": "received",
            "event_time": f"{came}{hour}",
            "received_at": f"{came}T09:00:00+07:00",
            "due_at": f"{came + _DUE_AFTER - slip}T17:00:00+07:00",
            "channel": "counter",
        }


def _import(settings: Settings, rows: Iterator[dict[str, str]] | list[dict[str, str]]) -> None:
    from thuocdo.lake.imports import import_dossiers
    from thuocdo.lake.store import Lake
    from thuocdo.run.once import refresh_now

    found = list(rows)
    path = settings.state_dir / "demo-flaw.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)
    import_dossiers(settings, Lake.open(settings), [path], lambda _done, _total: None)
    path.unlink()
    refresh_now(settings)


def _look(settings: Settings) -> None:
    """What the worker's watch does for this kind, now."""
    from thuocdo.measure.service import Measure
    from thuocdo.steer import incidents
    from thuocdo.steer.looking import Scene, broken_invariants
    from thuocdo.steer.model import Kind
    from thuocdo.steer.policy import policy_on

    now, measure = clock.now_us(), Measure(settings)
    policy = policy_on(clock.local_day(now))
    found = broken_invariants(Scene(measure, policy, now, ()))
    version = measure.freshness().facts_version
    incidents.write(settings, Kind.BROKEN_INVARIANT, found, policy, now, version)
