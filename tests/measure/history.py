"""A random life of a small country, the same for the same seed: every column says all it can say."""

from __future__ import annotations

import random
from datetime import date, timedelta
from typing import Any

from thuocdo.core.clock import DAY_US, day_start_us, local_day, to_datetime
from thuocdo.core.vocabulary import (
    ApplicantKind,
    Channel,
    Level,
    Payment,
    RejectReason,
    Status,
    Trust,
    ViewKind,
)

START = date(2022, 1, 30)
DAYS = 4
AGENCIES = ("H26", "H26.01", "H26.01.02", "H01", "G18", "G18.05", "X99")
PROCEDURES = tuple(f"1.00000{n}" for n in range(6))
FLAGS = ("no_catalogue", "clock_ahead", "procedure_not_said")
EDGES = (-(2**63), 2**63 - 1, -1, 0, 1)
"""Halves of a dossier at the ends of their type."""


class History:
    """Rows as the lander and the registry would write them."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self._edge_dossiers = [(high, low) for high in EDGES for low in EDGES]

    def instant(self) -> int:
        """µs UTC, often a whole minute, a whole hour or a midnight's neighbour."""
        at = day_start_us(START) + self.chance.randrange(DAYS * DAY_US)
        round_to = self.chance.choice((1, 1_000_000, 60_000_000, 3_600_000_000))
        midnight = at - (at - day_start_us(START)) % DAY_US
        edge = midnight + self.chance.choice((-1, 0, 1))
        return self.chance.choice((at - at % round_to, at, edge))

    def of(self, *choices: Any) -> Any:
        return self.chance.choice(choices)

    def landed(self) -> dict[str, Any]:
        return {
            "landed_at": to_datetime(
                day_start_us(date(2022, 3, 1)) + self.chance.randrange(DAY_US)
            ),
            "trust": self.of(*Trust),
            "feed": self.of("mcdt", "tracking", "import"),
        }

    def views(self, count: int) -> list[dict[str, Any]]:
        """Most by few visitors, so that visits are long; some reload at a steady interval."""
        moments = [
            (self.instant(), self.of(None, *range(6)), self.of(1, 2, 3)) for _ in range(count)
        ]
        for visitor in (100, 101):
            begun, gap = self.instant(), self.of(30, 600, 1800) * 1_000_000
            moments += [(begun + n * gap, visitor, 1) for n in range(self.of(5, 12, 30))]
        return [
            {
                "day": local_day(at),
                "event_time": to_datetime(at),
                "site_id": site,
                "visitor": visitor,
                "kind": self.of(ViewKind.VIEW, ViewKind.VIEW, *ViewKind),
                "procedure": self.of(None, *PROCEDURES),
                "bot": self.of(None, None, None, "crawler"),
                **self.landed(),
            }
            for at, visitor, site in moments
        ]

    def steps(self, count: int) -> list[dict[str, Any]]:
        made = []
        for _ in range(count):
            at = self.instant()
            row = {
                "day": local_day(at),
                "event_time": to_datetime(at),
                "site_id": self.of(1, 2, 3),
                "procedure": self.of(None, *PROCEDURES),
                "state": self.of("1", "2", None),
                "visitor": self.of(None, *range(4)),
                "bot": self.of(None, None, "headless"),
            }
            made.append(row | self.landed())
        return made

    def rejects(self, count: int) -> list[dict[str, Any]]:
        return [
            {
                "day": START + timedelta(days=self.chance.randrange(DAYS)),
                "site_id": self.of(None, 1, 2, 900, 2**40),
                "agency": self.of(None, *AGENCIES),
                "reason": self.of(*RejectReason),
                "payload": "",
                **self.landed(),
            }
            for _ in range(count)
        ]

    def events(self, count: int) -> list[dict[str, Any]]:
        return [self.event() for _ in range(count)]

    def event(self) -> dict[str, Any]:
        number = self.chance.randrange(60)
        high, low = (
            self._edge_dossiers[number] if number < len(self._edge_dossiers) else (number, -number)
        )
        moment = self.of(None, None, self.instant())
        due = self.of(None, self.instant(), self.instant() + 20 * DAY_US)
        return {
            "home_month": ("2022-01", "2022-02")[number % 2],
            "dossier_hi": high,
            "dossier_lo": low,
            "system": self.of("H26-one_stop", "H01-one_stop", "stranger"),
            "agency": self.of(*AGENCIES),
            "procedure": self.of("~unknown", *PROCEDURES),
            "status": self.of(*Status),
            "event_time": to_datetime(self.instant()),
            "received_at": moment if moment is None else to_datetime(moment),
            "due_at": due if due is None else to_datetime(due),
            "channel": self.of(*Channel),
            "level_declared": self.of(None, *Level),
            "payment": self.of(*Payment),
            "returned_by_post": self.of(None, True, False),
            "digitised": self.of(None, True, False),
            "applicant_kind": self.of(*ApplicantKind),
            "from_national_portal": self.of(None, True, False),
            "quality": self.of([], [], [self.of(*FLAGS)], list(FLAGS), None),
            **self.landed(),
        }

    def services(self) -> list[dict[str, Any]]:
        """Levels that change with time; some begin or end within the days that are told of."""
        return [
            {
                "agency": agency,
                "procedure": procedure,
                "level": self.of(*Level),
                "valid_from": begin,
                "valid_to": self.of(None, None, START + timedelta(days=2)),
                "name": f"Thủ tục {procedure}",
            }
            for agency in ("H26", "H26.01", "G18")
            for procedure in PROCEDURES[:4]
            for begin in self.chance.sample((None, START, START + timedelta(days=1)), 2)
        ]

    def tell(self, world: Any) -> None:
        """Who is who; a site of a ministry, systems of two provinces."""
        kinds = {"H": "province", "G": "ministry"}
        for code in AGENCIES[:-1]:
            kind = kinds[code[0]] if "." not in code else "department"
            world.tell("agencies", {"code": code, "name": f"Cơ quan {code}", "kind": kind})
        world.tell(
            "sites",
            {"site_id": 1, "agency": "H26", "kind": "portal", "name": "Cổng Hà Nội"},
            {"site_id": 2, "agency": "G18", "kind": "portal", "name": "Cổng Bộ Y tế"},
        )
        for code in ("H26", "H01"):
            world.tell("systems", {"code": f"{code}-one_stop", "agency": code, "kind": "one_stop"})

    def live(self, world: Any, size: int) -> None:
        """One batch of everything."""
        world.send("page_views", *self.views(size))
        world.send("service_steps", *self.steps(size // 4))
        world.send("rejects", *self.rejects(size // 4))
        world.send("dossier_events", *self.events(size))
