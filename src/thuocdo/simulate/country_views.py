"""The page views of today's country, day by day, and the planted ones in a file of their own.

Planted views are what no person made (loops) or what was made elsewhere (tags on other people's pages);
the truth of visits counts people on the sites' own hosts only.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.vocabulary import SystemKind
from thuocdo.simulate.country_dossiers import working_weights
from thuocdo.simulate.country_plan import Office, Site
from thuocdo.simulate.nation import rows_of
from thuocdo.simulate.quirks import Quirk, Trap
from thuocdo.simulate.tables import view_writer
from thuocdo.simulate.visits import VIEW_SCHEMA, Sites, over_sites_and_days, page_views, spread

Ints = npt.NDArray[np.int64]

_VISITS_A_DAY: Final = 9_000
_MORE_VIEWS: Final = (0.25, 0.12, 0.08)  # 1.73 views a visit
_BOTS: Final = 0.06
_BOT_WAVE: Final = 5  # crawlers come in so many times their number on the wave's days
_BOT_WAVE_DAYS: Final = (40, 44)
_DAYS_PER_FILE: Final = 30
_READERS_WEEKEND: Final = 0.6
_SERVICE_PORTAL_SHARE: Final = 0.12  # visits to the national portal, of all portals' visits
_ONE_STOP_SHARE: Final = 0.15
_SILENT_DAYS: Final = 10
_MOVED_AFTER: Final = 0.4  # of the period
_SECOND_US: Final = 1_000_000
_HOUR_US: Final = 3_600 * _SECOND_US
_STRANGE_HOSTS: Final = ("giaitri24.example", "phim-hay.example", "diendan-nguoidan.example")


@dataclass(frozen=True, slots=True)
class Views:
    """sites, visits[day, site]: those of people; `touched`: quirk → site → planted views."""

    sites: Sites
    visits: Ints
    files: tuple[Path, ...]
    touched: dict[Quirk, dict[str, int]]


def write_views(
    rng: np.random.Generator,
    offices: tuple[Office, ...],
    period: Period,
    scale: float,
    directory: Path,
) -> Views:
    """Draw the visits and write the files."""
    sites, visits = _visits(rng, offices, period, scale)
    files = _write(rng, offices, sites, visits, period, directory)
    planted, touched = _planted(rng, offices, sites, visits, period)
    path = directory / "page-views-planted.parquet"
    with view_writer(path, VIEW_SCHEMA, "parquet") as writer:
        for table in planted:
            writer.write_table(table)
    return Views(sites, visits, (*files, path), touched)


def _visits(
    rng: np.random.Generator, offices: tuple[Office, ...], period: Period, scale: float
) -> tuple[Sites, Ints]:
    """(sites, visits[day, site])."""
    total = _VISITS_A_DAY * scale * period.days
    weights = np.array([office.portal_weight for office in offices])
    totals = spread(round(total), weights)
    readers = np.maximum(working_weights(period), _READERS_WEEKEND)
    ids: list[int] = []
    hosts: list[str] = []
    columns: list[Ints] = []
    for office, count in zip(offices, totals, strict=True):
        trend = 1 + office.growth * np.arange(period.days) / period.days
        days = readers * trend * rng.lognormal(0.0, 0.1, period.days)
        shares = np.array([_share_of(site.kind, site.share) for site in office.sites])
        shares = np.where(
            [s.kind == SystemKind.SERVICE_PORTAL for s in office.sites],
            _SERVICE_PORTAL_SHARE * total / max(int(count), 1),
            shares,
        )
        visits = over_sites_and_days(round(int(count) * float(shares.sum())), shares, days)
        if Quirk.SILENT_PORTAL in office.quirks:
            visits[-_SILENT_DAYS:, 0] = 0
        ids += [site.site_id for site in office.sites]
        hosts += [site.host for site in office.sites]
        columns.append(visits)
    return Sites(np.array(ids), tuple(hosts)), np.concatenate(columns, axis=1)


def _share_of(kind: str, share: float) -> float:
    return _ONE_STOP_SHARE if kind == SystemKind.ONE_STOP else share


def _write(
    rng: np.random.Generator,
    offices: tuple[Office, ...],
    sites: Sites,
    visits: Ints,
    period: Period,
    directory: Path,
) -> list[Path]:
    paths: list[Path] = []
    moved = _moved(offices, sites)
    for start in range(0, period.days, _DAYS_PER_FILE):
        end = min(start + _DAYS_PER_FILE, period.days)
        path = directory / f"page-views-{period.first + timedelta(days=start)}.parquet"
        with view_writer(path, VIEW_SCHEMA, "parquet") as writer:
            for place in range(start, end):
                day = period.first + timedelta(days=place)
                wave = _BOT_WAVE_DAYS[0] <= place < _BOT_WAVE_DAYS[1]
                views = page_views(
                    rng,
                    Period(day, day),
                    moved if place >= _MOVED_AFTER * period.days else sites,
                    visits[place : place + 1],
                    more_views=_MORE_VIEWS,
                    bots=_BOTS * (_BOT_WAVE if wave else 1),
                )
                for table in views:
                    writer.write_table(table)
        paths.append(path)
    return paths


def _moved(offices: tuple[Office, ...], sites: Sites) -> Sites:
    """The sites with the new hosts of portals that moved without telling the registry."""
    new = {
        office.sites[0].host: f"cong-{office.agency.code.lower()}.vn"
        for office in offices
        if Trap.MOVED in office.traps
    }
    return replace(sites, hosts=tuple(new.get(host, host) for host in sites.hosts))


# --- planted -----------------------------------------------------------------------------------------


def _planted(
    rng: np.random.Generator,
    offices: tuple[Office, ...],
    sites: Sites,
    visits: Ints,
    period: Period,
) -> tuple[list[pa.Table], dict[Quirk, dict[str, int]]]:
    column = {int(site): place for place, site in enumerate(sites.site_id)}
    tables: list[pa.Table] = []
    touched: dict[Quirk, dict[str, int]] = {}

    def add(site: Site, times: Ints, who: Sequence[int], host: str, quirk: Quirk | None) -> None:
        tables.append(_table(rng, site, times, who, host))
        if quirk:
            marks = touched.setdefault(quirk, {})
            marks[str(site.site_id)] = marks.get(str(site.site_id), 0) + len(times)

    for office in offices:
        units = [site for site in office.sites if site.kind == SystemKind.PORTAL]
        if Quirk.REFRESH_LOOP in office.quirks:
            steady = rng.random() < 0.6
            site = units[int(rng.integers(1, len(units)))]
            times, who = _loop(rng, period, steady=steady)
            add(site, times, who, site.host, Quirk.REFRESH_LOOP)
        if Quirk.UNRELATED_PAGES in office.quirks:
            site = units[0]
            real = visits[:, column[site.site_id]]
            extra = np.ceil(real * rng.uniform(0.15, 0.6)).astype(np.int64) + 2
            days = np.repeat(np.arange(period.days), extra)
            times = _during(rng, period, days)
            host = _STRANGE_HOSTS[int(rng.integers(0, len(_STRANGE_HOSTS)))]
            add(site, times, range(len(times)), host, Quirk.UNRELATED_PAGES)
        if Trap.COPIES in office.traps:
            site = units[0]
            for host in (f"www.{site.host}", f"m.{site.host}", f"{site.host}.translate.goog"):
                days = np.repeat(np.arange(period.days), 3)
                add(site, _during(rng, period, days), range(len(days)), host, None)
    return tables, touched


def _day_start(period: Period, place: Ints) -> Ints:
    return ((period.start_us + OFFSET_US) // DAY_US + place) * DAY_US - OFFSET_US


def _during(rng: np.random.Generator, period: Period, days: Ints) -> Ints:
    """Instants at people's hours of these days of the period (numbers)."""
    return (
        _day_start(period, days)
        + rng.integers(7, 22, len(days)) * _HOUR_US
        + rng.integers(0, 3_600, len(days)) * _SECOND_US
    )


def _loop(rng: np.random.Generator, period: Period, *, steady: bool) -> tuple[Ints, list[int]]:
    """A page that reloads itself: at a steady interval in office hours, or at any from early to late."""
    times: list[Ints] = []
    who: list[int] = []
    for place in range(int(rng.integers(0, 20)), period.days):
        if rng.random() < 0.2:
            continue
        begins, ends = (8, 17) if steady else (3, 23)
        if steady:
            gaps = np.full(400, 90.0) * rng.uniform(0.98, 1.02, 400)
        else:
            gaps = rng.uniform(120, 1_500, 400)
        at = begins * 3_600 + np.cumsum(gaps)
        at = at[at < ends * 3_600 + 1_800]
        times.append(_day_start(period, np.full(len(at), place)) + at.astype(np.int64) * _SECOND_US)
        who += [place] * len(at)
    return np.concatenate([np.zeros(0, np.int64), *times]), who


def _table(
    rng: np.random.Generator, site: Site, times: Ints, who: Sequence[int], host: str
) -> pa.Table:
    agents = [row["user_agent"] for row in rows_of("simulate", "agents.csv") if not row["bot"]]
    salt = int(rng.integers(0, 1 << 30))
    names = [f"{salt:08x}{number:08x}" for number in who]
    count = len(times)

    def labels(values: list[str]) -> pa.Array[Any]:
        return pa.array(values, pa.string()).dictionary_encode()

    return pa.Table.from_arrays(
        [
            pa.array(np.full(count, site.site_id, dtype=np.int32)),
            pa.array(times).cast(VIEW_SCHEMA.field("event_time").type),
            pa.array(names, pa.string()),
            labels([f"https://{host}/"] * count),
            labels([""] * count),
            labels([agents[0]] * count),
        ],
        schema=VIEW_SCHEMA,
    )
