"""Today's country, the same for the same seed: who offers what, by which software, how well.

34 provinces and the ministries after the mergers of 2025, each with a character: size, digital
maturity, growth from week to week and the one-stop software that sends its messages, with that
software's known distortions (facts: OpenCPS declares level 3 for everything, Tân Dân's counts
post as online). A few agencies game their numbers, others only look as if they did (quirks.py).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

import numpy as np

from thuocdo.core.vietnamese import fold_accents
from thuocdo.core.vocabulary import AgencyKind, Level, SystemKind
from thuocdo.simulate.nation import (
    Agency,
    Procedure,
    agencies,
    long_catalogue,
    procedures,
    rows_of,
)
from thuocdo.simulate.quirks import Client, Place, Planted, Quirk, Trap, plant

TODAY = date(2026, 10, 1)
"""A day on which the organisations are as simulated here."""

PROVINCES_SINCE = date(2025, 7, 1)
MINISTRIES_SINCE = date(2025, 3, 1)

NATIONAL_PORTAL_SITE = 100
_NATIONAL_PORTAL_AGENCY = "G22"
_FIRST_SITE = 101
_SITES_PER_AGENCY = 10
_MAIN_PORTAL_SHARE = 0.6
_MINISTRY_SERVICES = 24
_MINISTRY_WEIGHT = 6.0  # dossiers of a ministry for one point of its procedures' popularity
_SMALL = 0.3
_RAISED_OF = 9  # one partial service in so many becomes full while we watch
_RAISED_BEFORE_TODAY = timedelta(days=45)


@dataclass(frozen=True, slots=True)
class Site:
    """One measured site; `share` is its part of the agency's portal visits."""

    site_id: int
    agency: str
    kind: str
    name: str
    host: str
    share: float


@dataclass(frozen=True, slots=True)
class Offered:
    """A service: its level now and, when it was raised lately, since when (before: partial)."""

    procedure: Procedure
    level: str
    raised: date | None


@dataclass(frozen=True, slots=True)
class Office:
    """One agency's character. maturity 0…1; growth is the rise of online use over 90 days."""

    agency: Agency
    maturity: float
    growth: float
    portal_weight: float
    dossier_weight: float
    client: Client
    quirks: frozenset[Quirk]
    traps: frozenset[Trap]
    sites: tuple[Site, ...]
    services: tuple[Offered, ...]
    since: date

    @property
    def system(self) -> str:
        """The code the registry gives its one-stop system."""
        return f"{self.agency.code}-{SystemKind.ONE_STOP}"

    @property
    def units(self) -> tuple[str, ...]:
        """Departments below it that have a site of their own."""
        return tuple(s.agency for s in self.sites if s.agency != self.agency.code)

    def site_of(self, kind: SystemKind) -> Site:
        return next(site for site in self.sites if site.kind == kind)


@cache
def plan(seed: int, today: date = TODAY) -> tuple[Office, ...]:
    """Every agency of today's country. `today` only dates the services raised lately."""
    rng = np.random.default_rng([seed, 34])
    nation = agencies(TODAY)
    offices = [_office(rng, place, agency, today) for place, agency in enumerate(nation)]
    total = sum(office.dossier_weight for office in offices)
    places = [Place(office.client, office.dossier_weight / total) for office in offices]
    return tuple(
        _as_planted(office, planted)
        for office, planted in zip(offices, plant(seed, places), strict=True)
    )


def departments(kind: str) -> list[dict[str, str]]:
    """`unit, name, label` of the departments every agency of a kind has."""
    return [row for row in rows_of("simulate", "departments.csv") if row["kind"] == kind]


def host_label(agency: Agency) -> str:
    """`bacgiang` from Bắc Giang."""
    return "".join(c for c in fold_accents(agency.name) if c.isascii() and c.isalpha())


def _office(rng: np.random.Generator, place: int, agency: Agency, today: date) -> Office:
    ministry = agency.kind == AgencyKind.MINISTRY
    maturity = float(np.clip(rng.normal(0.74 if ministry else 0.62, 0.14), 0.2, 0.97))
    client = (Client.CANONICAL, Client.OPENCPS, Client.TAN_DAN, Client.OPENCPS_RAW)[place % 4]
    services = tuple(_services(rng, agency, maturity, today))
    popularity = sum(offered.procedure.share for offered in services)
    return Office(
        agency=agency,
        maturity=maturity,
        growth=float(rng.normal(0.12, 0.08)),
        portal_weight=agency.size * float(rng.lognormal(0.0, 0.55)),
        dossier_weight=(_MINISTRY_WEIGHT * popularity if ministry else agency.size)
        * float(rng.lognormal(0, 0.2)),
        client=client,
        quirks=frozenset(),
        traps=frozenset(),
        sites=tuple(_sites(place, agency)),
        services=services,
        since=MINISTRIES_SINCE if ministry else PROVINCES_SINCE,
    )


def _as_planted(office: Office, planted: Planted) -> Office:
    """The office with its peculiarities; some are a matter of what it offers and how much is asked."""
    office = replace(office, quirks=planted.quirks, traps=planted.traps)
    if Trap.ALL_FULL in planted.traps:
        full = tuple(replace(o, level=Level.FULL.value, raised=None) for o in office.services)
        office = replace(office, services=full)
    if Trap.SMALL_AND_PERFECT in planted.traps:
        office = replace(office, dossier_weight=office.dossier_weight * _SMALL)
    return office


def _sites(place: int, agency: Agency) -> list[Site]:
    code, label = agency.code, host_label(agency)
    first = _FIRST_SITE + place * _SITES_PER_AGENCY
    units = departments(agency.kind)
    rest = (1 - _MAIN_PORTAL_SHARE) / sum(range(1, len(units) + 1))
    sites = [
        Site(
            first,
            code,
            SystemKind.PORTAL.value,
            f"Cổng Thông tin điện tử {agency.name}",
            f"{label}.gov.vn",
            _MAIN_PORTAL_SHARE,
        ),
        Site(
            first + 1,
            code,
            SystemKind.ONE_STOP.value,
            f"Hệ thống thông tin giải quyết thủ tục hành chính {agency.name}",
            f"motcua.{label}.gov.vn",
            0.0,
        ),
    ]
    sites += [
        Site(
            first + 2 + number,
            f"{code}.{unit['unit']}",
            SystemKind.PORTAL.value,
            f"Trang thông tin điện tử {unit['name']} {agency.name}",
            f"{unit['label']}.{label}.gov.vn",
            rest * (len(units) - number),
        )
        for number, unit in enumerate(units)
    ]
    if code == _NATIONAL_PORTAL_AGENCY:
        sites.append(
            Site(
                NATIONAL_PORTAL_SITE,
                code,
                SystemKind.SERVICE_PORTAL.value,
                "Cổng Dịch vụ công Quốc gia",
                "dichvucong.gov.vn",
                0.0,
            )
        )
    return sites


def _services(
    rng: np.random.Generator, agency: Agency, maturity: float, today: date
) -> list[Offered]:
    offered = []
    for place, procedure in enumerate(_offer(agency)):
        level, raised = procedure.level, None
        if level == Level.FULL and rng.random() > maturity + 0.25:
            level = Level.PARTIAL.value
        elif level == Level.PARTIAL and place % _RAISED_OF == 0:
            level, raised = Level.FULL.value, today - _RAISED_BEFORE_TODAY
        offered.append(Offered(procedure, level, raised))
    return offered


def _offer(agency: Agency) -> list[Procedure]:
    if agency.kind == AgencyKind.PROVINCE:
        return list(procedures(AgencyKind.PROVINCE))
    owners = {row["field"]: row["agency_code"] for row in rows_of("simulate", "owners.csv")}
    own = [p for p in long_catalogue(AgencyKind.MINISTRY) if owners.get(p.field) == agency.code]
    return own[:_MINISTRY_SERVICES]
