"""Raw events of 2022 whose true figures are those of a published weekly report.

The report's agencies and figures come from `data/golden-<week>.json`; `golden_plan` finds the
counts, `golden_dossiers` and `visits` draw the events, and `truth.json` says what is true of
every agency, so that any product can be judged by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import fold_accents
from thuocdo.core.vocabulary import AgencyKind, SystemKind
from thuocdo.simulate.dossiers import concat, events_of
from thuocdo.simulate.golden_dossiers import Service, dossiers_of
from thuocdo.simulate.golden_plan import GOLDEN_NAMES, Goal, GoldenPlan, plan_golden
from thuocdo.simulate.nation import Agency
from thuocdo.simulate.tables import (
    ViewFormat,
    view_writer,
    write_csv,
    write_parquet,
    write_truth,
)
from thuocdo.simulate.visits import VIEW_SCHEMA, Sites, over_sites_and_days, page_views

Floats = npt.NDArray[np.float64]

VisitsOf = Literal["all", "printed"]

_SITES_SINCE = date(2021, 1, 1)
_SITES_UNTIL = date(2022, 12, 31)
_FIRST_SITE = {"2022-W18": 20_001, "2022-W40": 30_001}
_SITES_PER_AGENCY = 10
_DOSSIER_FILES = 4
_DAYS_PER_FILE = 10
_DUPLICATES = 0.015
_LATEST_US = 3 * DAY_US
_MORE_VIEWS = (0.07, 0.02, 0.005)  # 1.125 views a visit
_BOTS = 0.02
_OTHER_VISITS = 0.02  # visits to each service portal and one-stop system, as a share of the portals
_WEEKEND = 0.55


@dataclass(frozen=True, slots=True)
class _SiteKind:
    """A site every agency has: what it is, whose it is (unit below the agency), visits' share."""

    kind: SystemKind
    unit: str
    name: str
    host: str
    share: float


_SITE_KINDS = (
    _SiteKind(SystemKind.PORTAL, "", "Cổng Thông tin điện tử", "", 0.72),
    _SiteKind(SystemKind.SERVICE_PORTAL, "", "Cổng Dịch vụ công", "dichvucong.", 0.0),
    _SiteKind(SystemKind.ONE_STOP, "", "Hệ thống một cửa điện tử", "motcua.", 0.0),
    _SiteKind(SystemKind.PORTAL, "", "Trang thông tin chuyển đổi số", "chuyendoiso.", 0.08),
    _SiteKind(SystemKind.PORTAL, "01", "Trang thông tin điện tử Văn phòng", "vanphong.", 0.12),
    _SiteKind(SystemKind.PORTAL, "02", "Trang thông tin điện tử Thanh tra", "thanhtra.", 0.08),
)
_UNITS = {"01": "Văn phòng", "02": "Thanh tra"}


@dataclass(frozen=True, slots=True)
class GoldenFiles:
    """What was written, in the order to import it; `visits` are those of the period, the others rows."""

    agencies: Path
    sites: Path
    services: Path
    dossiers: list[Path]
    page_views: list[Path]
    truth: Path
    period: Period
    visits: int
    views: int
    dossier_events: int
    steps: None = None  # the systems of 2022 sent none


def golden_source(name: str) -> bytes:
    """The published report as JSON. Raises ThuocdoError `no_such_golden`."""
    if name not in GOLDEN_NAMES:
        raise ThuocdoError(
            "no_such_golden",
            f"There is no golden report {name}.",
            f"Write {' or '.join(GOLDEN_NAMES)}.",
        )
    return files("thuocdo").joinpath("simulate", "data", f"golden-{name}.json").read_bytes()


def write_golden(
    name: str,
    directory: Path,
    *,
    seed: int = 1,
    visits_scale: float = 1.0,
    visits_of: VisitsOf = "all",
    page_view_format: ViewFormat = "parquet",
) -> GoldenFiles:
    """Write agencies, sites, services, dossiers, page views and the truth below `directory`.

    name           "2022-W18" or "2022-W40"
    visits_scale   an agency gets round(published visits * visits_scale); dossiers are always whole
    visits_of      whether agencies that the report does not print have visits, too
    Raises ThuocdoError `no_such_golden` or `golden_unreachable`.
    """
    source = golden_source(name)
    rng = np.random.default_rng([seed, GOLDEN_NAMES.index(name)])
    plan = plan_golden(name, source, rng, visits_scale=visits_scale, visits_of=visits_of)
    directory.mkdir(parents=True, exist_ok=True)
    dossiers, events, services = _write_dossiers(rng, plan, directory)
    paths, views = _write_views(rng, plan, directory, page_view_format)
    return GoldenFiles(
        agencies=_write_units(plan, directory / "agencies.csv"),
        sites=_write_sites(plan, directory / "sites.csv"),
        services=services,
        dossiers=dossiers,
        page_views=paths,
        truth=write_truth(directory / "truth.json", _truth(plan, seed)),
        period=plan.period,
        visits=sum(goal.visits for goal in plan.goals),
        views=views,
        dossier_events=events,
    )


def _write_units(plan: GoldenPlan, path: Path) -> Path:
    rows = [
        (
            f"{goal.agency.code}.{unit}",
            f"{unit_name} {goal.agency.name}",
            AgencyKind.DEPARTMENT.value,
            goal.agency.code,
            _SITES_SINCE,
            _SITES_UNTIL,
        )
        for goal in plan.goals
        for unit, unit_name in _UNITS.items()
    ]
    return write_csv(path, ("code", "name", "kind", "parent", "valid_from", "valid_to"), rows)


def _write_sites(plan: GoldenPlan, path: Path) -> Path:
    first = _FIRST_SITE[plan.name]
    rows = [
        (
            first + place * _SITES_PER_AGENCY + number,
            f"{goal.agency.code}.{site.unit}".rstrip("."),
            site.kind.value,
            f"{site.name} {goal.agency.name}",
            _host(site, goal.agency),
            _SITES_SINCE,
            _SITES_UNTIL,
        )
        for place, goal in enumerate(plan.goals)
        for number, site in enumerate(_SITE_KINDS)
        if goal.visits or site.kind is not SystemKind.PORTAL
    ]
    columns = ("site_id", "agency", "kind", "name", "hostnames", "valid_from", "valid_to")
    return write_csv(path, columns, rows)


def _host(site: _SiteKind, agency: Agency) -> str:
    label = "".join(char for char in fold_accents(agency.name) if char.isascii() and char.isalpha())
    return f"{site.host}{label}.gov.vn"


def _write_dossiers(
    rng: np.random.Generator, plan: GoldenPlan, directory: Path
) -> tuple[list[Path], int, Path]:
    parts = []
    services: list[tuple[str, Service]] = []
    for goal in plan.goals:
        code = goal.agency.code
        units = tuple(f"{code}.{unit}" for unit in _UNITS)
        cases, rows = dossiers_of(rng, goal, plan.period, f"{code}-one_stop", units)
        parts.append(cases)
        services += [(code, row) for row in rows]
    events = events_of(concat(parts))
    places = _sent(rng, events)
    paths = [
        write_parquet(directory / f"dossiers-{place}.parquet", events.take(chunk))
        for place, chunk in enumerate(np.array_split(places, _DOSSIER_FILES), start=1)
    ]
    columns = ("agency", "procedure", "level", "name", "field", "valid_from", "valid_to")
    written = write_csv(
        directory / "services.csv",
        columns,
        (
            (code, row.procedure, row.level, row.name, row.field, row.valid_from, row.valid_to)
            for code, row in services
        ),
    )
    return paths, len(places), written


def _sent(rng: np.random.Generator, events: pa.Table) -> npt.NDArray[np.int64]:
    """Places of the events as they arrive: days late, out of order, some twice."""
    times = events["event_time"].cast(pa.int64()).to_numpy()
    again = rng.integers(0, len(events), round(_DUPLICATES * len(events)))
    places = np.concatenate([np.arange(len(events)), again])
    arrived = times[places] + rng.integers(0, _LATEST_US, len(places))
    return places[np.argsort(arrived, kind="stable")]


def _write_views(
    rng: np.random.Generator, plan: GoldenPlan, directory: Path, view_format: ViewFormat
) -> tuple[list[Path], int]:
    """Page views of the period and of the day before and after it, which must not count."""
    padded = Period(plan.period.first - timedelta(days=1), plan.period.end)
    sites, visits = _planned_visits(rng, plan, padded)
    paths: list[Path] = []
    views = 0
    for start in range(0, padded.days, _DAYS_PER_FILE):
        last = min(start + _DAYS_PER_FILE, padded.days) - 1
        days = Period(padded.first + timedelta(days=start), padded.first + timedelta(days=last))
        path = directory / f"page-views-{days.first}.{view_format}"
        with view_writer(path, VIEW_SCHEMA, view_format) as writer:
            for table in page_views(
                rng, days, sites, visits[start : last + 1], more_views=_MORE_VIEWS, bots=_BOTS
            ):
                writer.write_table(table)
                views += len(table)
        paths.append(path)
    return paths, views


def _planned_visits(
    rng: np.random.Generator, plan: GoldenPlan, padded: Period
) -> tuple[Sites, npt.NDArray[np.int64]]:
    """(sites, visits[day, site]): portals sum to the goal within the period, nothing else counts."""
    days = _day_weights(rng, padded)
    shares = np.array([site.share for site in _SITE_KINDS])
    ids: list[int] = []
    hosts: list[str] = []
    columns: list[npt.NDArray[np.int64]] = []
    for place, goal in enumerate(plan.goals):
        inside = days[1:-1] * rng.lognormal(0.0, 0.15, len(days) - 2)
        visits = np.zeros((len(days), len(_SITE_KINDS)), dtype=np.int64)
        visits[1:-1] = over_sites_and_days(goal.visits, shares, inside)
        visits[0] = visits[1:-1].mean(axis=0)
        visits[-1] = visits[0] + 1 * (visits[0] > 0)
        others = shares == 0
        visits[:, others] = rng.poisson(_OTHER_VISITS * goal.visits / len(days), (len(days), 1))
        first = _FIRST_SITE[plan.name] + place * _SITES_PER_AGENCY
        ids += range(first, first + len(_SITE_KINDS))
        hosts += [_host(site, goal.agency) for site in _SITE_KINDS]
        columns.append(visits)
    return Sites(np.array(ids), tuple(hosts)), np.concatenate(columns, axis=1)


def _day_weights(rng: np.random.Generator, period: Period) -> Floats:
    """Working days weigh more; a slow rise over the year; a little of everyday's noise."""
    offsets = np.arange(period.days)
    weekday = (period.first.weekday() + offsets) % 7
    trend = 1 + 0.3 * offsets / period.days
    weights: Floats = np.where(weekday >= 5, _WEEKEND, 1.0) * trend
    return weights * rng.lognormal(0.0, 0.08, period.days)


def _truth(plan: GoldenPlan, seed: int) -> dict[str, object]:
    def per_agency(goal: Goal) -> dict[str, object]:
        return {
            "name": goal.agency.name,
            "block": goal.agency.kind,
            "portal_visits": goal.visits or None,
            "services_with_online_dossiers@2022-05": [goal.services_online, goal.services_all],
            "services_with_online_dossiers@2022-10": [goal.services_online, goal.services_any],
            "online_dossier_rate@2022-05": [goal.resolved_online, goal.resolved],
        }

    return {
        "golden": plan.name,
        "seed": seed,
        "period": [plan.period.first, plan.period.last],
        "note": "pairs are [numerator, denominator]; visits are those of the agency and all below it",
        "agencies": {goal.agency.code: per_agency(goal) for goal in plan.goals},
    }
