"""A block of eight provinces that behave, on real tables; tests spoil or excuse the first of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.measure.conftest import World

from thuocdo.core.clock import Period, day_start_us, local_day, to_datetime
from thuocdo.core.settings import DUCKDB
from thuocdo.measure.quality import Finding, examine

FIRST, LAST = date(2026, 7, 1), date(2026, 8, 31)
PERIOD = Period(FIRST, LAST)
HOUR = 3_600_000_000
SECOND = 1_000_000
CODES = tuple(f"H{number:02d}" for number in range(1, 9))
BAD = CODES[0]
DOSSIERS = 440


@dataclass(frozen=True)
class Dossier:
    """What is recorded of one dossier. `took`: days until the result; instants within the day in hours."""

    number: int
    received: date
    procedure: str
    channel: str
    declared: str | None
    catalogue: str | None
    national: bool | None = True
    by_post: bool = False
    submitted: float | None = 8.2  # hours of the day of receipt; below 0: the day before
    arrived: float = 10.0
    took: float = 1.0
    due: int = 3
    feed: str = "import"


Change = Callable[[Dossier], Dossier]


def working_days(first: date, last: date) -> list[date]:
    days = [first + timedelta(days=place) for place in range((last - first).days + 1)]
    return [day for day in days if day.weekday() < 5]


_DAYS = working_days(FIRST, LAST)


def honest(number: int) -> Dossier:
    """The number decides everything, so that every office is alike, and none is perfect."""
    post, online = number % 20 == 19, number % 10 < 6
    channel = "postal" if post else "online" if online else "counter"
    level = "full" if number % 2 else "partial"
    return Dossier(
        number=number,
        received=_DAYS[number * 7 % len(_DAYS)],
        procedure=f"1.00000{number % 3}",
        channel=channel,
        declared=level,
        catalogue=level,
        by_post=post or number % 8 == 0,
        submitted=(-4.0 if number % 4 == 0 else 8.2) if online else None,
        took=1.0 + number % 5,
    )


class Provinces:
    """Eight one-stop systems and their portals."""

    working_days = tuple(_DAYS)

    def __init__(self, world: World) -> None:
        self.world = world
        world.tell(
            "agencies", *({"code": c, "name": f"Tỉnh {c}", "kind": "province"} for c in CODES)
        )
        world.tell(
            "systems",
            *({"code": f"{c}-one_stop", "agency": c, "kind": "one_stop", "name": c} for c in CODES),
        )
        world.tell(
            "sites",
            *(
                {
                    "site_id": place,
                    "agency": c,
                    "kind": "portal",
                    "name": c,
                    "hostnames": [f"{c.lower()}.gov.vn"],
                }
                for place, c in enumerate(CODES, start=1)
            ),
        )

    def dossiers(self, change: Change = lambda one: one, *, count: int = DOSSIERS) -> Provinces:
        """Send every office's dossiers; `change` is done to the first office's."""
        rows = []
        for place, code in enumerate(CODES):
            made = (honest(n) for n in range(count if code == BAD else DOSSIERS))
            for one in map(change, made) if code == BAD else made:
                rows += self._events(code, place * 100_000 + one.number + 1, one)
        self.world.send("dossier_events", *rows)
        return self

    def _events(self, code: str, key: int, one: Dossier) -> list[dict[str, Any]]:
        start = day_start_us(one.received)
        received = start + int(one.arrived * HOUR)
        due = start + (one.due * 24 + 17) * HOUR
        shared = {
            "system": f"{code}-one_stop",
            "agency": code,
            "procedure": one.procedure,
            "home_month": f"{one.received:%Y-%m}",
            "channel": one.channel,
            "level_declared": one.declared,
            "level_catalogue": one.catalogue,
            "from_national_portal": one.national,
            "returned_by_post": one.by_post,
            "received_at": to_datetime(received),
            "due_at": to_datetime(due),
            "feed": one.feed,
        }
        event = self.world.event
        found = [event(key, "received", received, **shared)]
        if one.submitted is not None:
            at = start + int(one.submitted * HOUR)
            found.append(event(key, "submitted", at, **shared | {"received_at": None}))
        found.append(event(key, "completed", received + int(one.took * 24 * HOUR), **shared))
        return found

    def views(self, *rows: tuple[int, int, int, str]) -> Provinces:
        """(site, visitor, instant, host)."""
        sent = [
            self.world.view(at, site=site, visitor=who, host=host) for site, who, at, host in rows
        ]
        self.world.send("page_views", *sent)
        return self

    def steps(self, *rows: tuple[int, int | None, int, str]) -> Provinces:
        """(site, visitor, instant, state)."""
        sent = [
            {
                "day": local_day(at),
                "event_time": to_datetime(at),
                "site_id": site,
                "procedure": "1.000001",
                "state": state,
                "visitor": who,
            }
            for site, who, at, state in rows
        ]
        self.world.send("service_steps", *sent)
        return self

    def look(self, **more: Any) -> dict[tuple[str, str], Finding]:
        """(detector, subject) → what is said of it."""
        self.world.refresh()
        found = examine(self.world.measure(), PERIOD, **more)
        return {(one.detector, one.subject): one for one in found}


@pytest.fixture
def provinces(tmp_path: Path) -> Provinces:
    """On one engine: that both count alike is a test of its own (test_inspection.py)."""
    return Provinces(World(tmp_path, DUCKDB))


def every(**fields: Any) -> Change:
    """Set these fields of every dossier."""
    return lambda one: replace(one, **fields)
