"""Ninety days of today's country as import files, with the truth beside them.

People hand in dossiers on working days (holidays of Vietnam count), offices work them off, more
online in a mature agency and every week a little more. Page views follow the same calendar.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

import holidays
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import AgencyKind, Channel, Level, Outcome, Payment, SystemKind
from thuocdo.simulate.country_plan import Offered, Office, Quirk, departments, plan
from thuocdo.simulate.dossiers import (
    MINUTE_US,
    NEVER,
    Cases,
    Draft,
    complete,
    concat,
    events_of,
    office_instants,
    until,
)
from thuocdo.simulate.nation import old_form
from thuocdo.simulate.tables import view_writer, write_csv, write_ndjson, write_truth
from thuocdo.simulate.visits import VIEW_SCHEMA, Sites, over_sites_and_days, page_views, spread

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Texts = npt.NDArray[np.object_]

_DOSSIERS_A_DAY = 2_750  # of the whole country at scale 1
_VISITS_A_DAY = 9_000
_MORE_VIEWS = (0.25, 0.12, 0.08)  # 1.73 views a visit
_BOTS = 0.06
_BOT_WAVE = 5  # crawlers come in so many times their number on the wave's days
_BOT_WAVE_DAYS = (40, 44)
_WARM_UP_DAYS = 20
_DAYS_PER_FILE = 30
_SATURDAY, _SUNDAY_OR_HOLIDAY = 0.25, 0.04
_READERS_WEEKEND = 0.6
_SERVICE_PORTAL_SHARE = 0.12  # visits to the national portal, of all portals' visits
_ONE_STOP_SHARE = 0.15
_SILENT_DAYS = 10
_DUPLICATES = 0.004
_LATEST_US = 6 * 60 * MINUTE_US
_OUTCOMES = (Outcome.RESOLVED, Outcome.WITHDRAWN, Outcome.REJECTED, Outcome.STOPPED)
_OUTCOME_SHARES = (0.965, 0.015, 0.013, 0.007)
_EAGER = {Level.FULL.value: 1.12, Level.PARTIAL.value: 0.7, Level.INFORMATION.value: 0.02}
_POSTAL = 0.035
_REASON = "Pháp luật yêu cầu có mặt trực tiếp"
_REASON_OF = 4  # one partial procedure in so many has it


@dataclass(frozen=True, slots=True)
class CountryFiles:
    """What was written, in the order to import it."""

    agencies: Path
    sites: Path
    services: Path
    dossiers: list[Path]
    page_views: list[Path]
    truth: Path
    period: Period


def history(directory: Path, *, period: Period, scale: float = 1.0, seed: int = 1) -> CountryFiles:
    """Write the country's days `period.first` to `period.last` below `directory`.

    scale   1 gives about 250,000 dossiers and 1.5 million page views for 90 days
    Raises ThuocdoError `bad_scale` for a scale that is not positive.
    """
    if scale <= 0:
        raise ThuocdoError("bad_scale", f"The scale {scale} is not positive.", "Write 1 or 0.1.")
    directory.mkdir(parents=True, exist_ok=True)
    offices = plan(seed, period.last)
    rng = np.random.default_rng([seed, period.first.toordinal()])
    cases = _all_cases(rng, offices, period, scale)
    dossiers = _write_dossiers(rng, cases, directory)
    sites, visits = _visits(rng, offices, period, scale)
    truth = {
        "seed": seed,
        "scale": scale,
        "period": [period.first, period.last],
        "note": "counts within the period; levels are the catalogue's on the day of receipt",
        "quirks": {
            quirk.value: [o.agency.code for o in offices if quirk in o.quirks] for quirk in Quirk
        },
        "agencies": {
            office.agency.code: _truth(office, cases, sites, visits, period) for office in offices
        },
    }
    return CountryFiles(
        agencies=_write_units(offices, directory / "agencies.csv"),
        sites=_write_sites(offices, directory / "sites.csv"),
        services=_write_services(offices, directory / "services.csv"),
        dossiers=dossiers,
        page_views=_write_views(rng, sites, visits, period, directory),
        truth=write_truth(directory / "truth.json", truth),
        period=period,
    )


def working_weights(period: Period) -> Floats:
    """How busy an office is on each day: 1 on a working day, little on weekends and holidays."""
    free = holidays.country_holidays("VN", years=range(period.first.year, period.last.year + 1))
    days = [period.first + timedelta(days=place) for place in range(period.days)]
    return np.array(
        [
            _SUNDAY_OR_HOLIDAY
            if day in free or day.weekday() == 6
            else _SATURDAY
            if day.weekday() == 5
            else 1.0
            for day in days
        ]
    )


# --- dossiers -------------------------------------------------------------------------------------


def _all_cases(
    rng: np.random.Generator, offices: tuple[Office, ...], period: Period, scale: float
) -> Cases:
    """Every case received in the period or shortly before it, as it stood at the period's end."""
    longer = Period(period.first - timedelta(days=_WARM_UP_DAYS), period.last)
    weights = np.array([office.dossier_weight for office in offices])
    counts = spread(round(_DOSSIERS_A_DAY * scale * longer.days), weights)
    parts = [
        _cases_of(rng, office, longer, int(count))
        for office, count in zip(offices, counts, strict=True)
        if count
    ]
    return until(concat(parts), period.end_us)


def _cases_of(rng: np.random.Generator, office: Office, period: Period, count: int) -> Cases:
    weights = working_weights(period)
    chosen_days = rng.choice(period.days, count, p=weights / weights.sum())
    received = office_instants(rng, (period.start_us + OFFSET_US) // DAY_US + chosen_days)
    shares = np.array([offered.procedure.share for offered in office.services], dtype=np.float64)
    service = rng.choice(len(shares), count, p=shares / shares.sum())
    levels = _levels(office, service, received)
    grown = office.maturity + office.growth * chosen_days / period.days
    eager = np.vectorize(_EAGER.__getitem__, otypes=[np.float64])(levels)
    channel = _channels(rng, office, np.minimum(grown * eager, 0.995))
    outcome = rng.choice([o.value for o in _OUTCOMES], count, p=_OUTCOME_SHARES).astype(object)
    allowed = np.array([offered.procedure.days for offered in office.services])[service]
    finished = _finished(rng, office, received, allowed, period)
    declared = levels
    if Quirk.CONSTANT_LEVEL in office.quirks:
        declared = np.full(count, Level.PARTIAL.value, dtype=object)
    codes = np.array([offered.procedure.code for offered in office.services], dtype=object)
    draft = Draft(codes[service], channel, declared, outcome, received, finished)
    cases = complete(
        rng,
        draft,
        system=office.system,
        agency=office.agency.code,
        units=office.units,
        number_head=old_form(office.agency.code),
    )
    fee = np.array([offered.procedure.fee for offered in office.services])[service]
    return replace(
        cases,
        payment=_payments(rng, office, channel, fee),
        due=received + (allowed + 1) * DAY_US,
        by_post=rng.random(count) < 0.1,
    )


def _levels(office: Office, service: Ints, received: Ints) -> Texts:
    """The catalogue's level on the day of receipt."""
    now = np.array([offered.level for offered in office.services], dtype=object)[service]
    raised = np.array(
        [
            (offered.raised - date(1970, 1, 1)).days if offered.raised else NEVER
            for offered in office.services
        ]
    )[service]
    days = (received + OFFSET_US) // DAY_US
    return np.where(days < raised, Level.PARTIAL.value, now).astype(object)


def _channels(rng: np.random.Generator, office: Office, online: Floats) -> Texts:
    drawn = rng.random(len(online))
    postal = rng.random(len(online)) < _POSTAL
    recorded = Channel.ONLINE if Quirk.POSTAL_AS_ONLINE in office.quirks else Channel.POSTAL
    channel = np.where(drawn < online, Channel.ONLINE.value, Channel.COUNTER.value)
    return np.where(postal, recorded.value, channel).astype(object)


def _finished(
    rng: np.random.Generator, office: Office, received: Ints, allowed: Ints, period: Period
) -> Ints:
    """When the office was done: mostly before the due day, a few weeks late at worst."""
    pace = 0.75 - 0.25 * office.maturity
    took = np.ceil(allowed * rng.lognormal(np.log(pace), 0.45, len(received))).astype(np.int64)
    days = (received + OFFSET_US) // DAY_US + took
    if Quirk.MONTH_END_BURST in office.quirks:
        months = days.astype("datetime64[D]").astype("datetime64[M]")
        ends = (months + 1).astype("datetime64[D]").astype(np.int64) - 1
        days = np.where(rng.random(len(days)) < 0.6, ends, days)
    weights = working_weights(Period(period.first, period.last + timedelta(days=365)))
    offset = days - (period.start_us + OFFSET_US) // DAY_US
    closed = weights[np.minimum(offset, len(weights) - 1)] < _SATURDAY
    finished = office_instants(rng, days + closed)
    if Quirk.CLOSED_IN_SECONDS in office.quirks:
        hasty = rng.random(len(received)) < 0.3
        finished = np.where(
            hasty, received + rng.integers(2, 30, len(received)) * 1_000_000, finished
        )
    return np.maximum(finished, received + 2_000_000)


def _payments(
    rng: np.random.Generator, office: Office, channel: Texts, fee: npt.NDArray[np.bool_]
) -> Texts:
    online = (channel == Channel.ONLINE.value) & (rng.random(len(fee)) < office.maturity)
    paid = np.where(online, Payment.ONLINE.value, Payment.OFFLINE.value)
    return np.where(fee, paid, Payment.NONE.value).astype(object)


def _write_dossiers(rng: np.random.Generator, cases: Cases, directory: Path) -> list[Path]:
    """One NDJSON file a home month of sending, events hours late, some twice."""
    events = events_of(cases)
    times = events["event_time"].cast(pa.int64()).to_numpy()
    again = rng.integers(0, len(events), round(_DUPLICATES * len(events)))
    places = np.concatenate([np.arange(len(events)), again])
    arrived = times[places] + rng.integers(0, _LATEST_US, len(places))
    places = places[np.argsort(arrived, kind="stable")]
    months = ((times[places] + OFFSET_US) // DAY_US).astype("datetime64[D]").astype("datetime64[M]")
    return [
        write_ndjson(
            directory / f"dossiers-{month}.ndjson.zst", events.take(places[months == month])
        )
        for month in np.unique(months)
    ]


# --- page views -----------------------------------------------------------------------------------


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


def _write_views(
    rng: np.random.Generator, sites: Sites, visits: Ints, period: Period, directory: Path
) -> list[Path]:
    paths: list[Path] = []
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
                    sites,
                    visits[place : place + 1],
                    more_views=_MORE_VIEWS,
                    bots=_BOTS * (_BOT_WAVE if wave else 1),
                )
                for table in views:
                    writer.write_table(table)
        paths.append(path)
    return paths


# --- the registry's files and the truth -----------------------------------------------------------


def _write_units(offices: tuple[Office, ...], path: Path) -> Path:
    rows = [
        (
            f"{office.agency.code}.{unit['unit']}",
            f"{unit['name']} {office.agency.name}",
            AgencyKind.DEPARTMENT.value,
            office.agency.code,
            office.since,
        )
        for office in offices
        for unit in departments(office.agency.kind)
    ]
    return write_csv(path, ("code", "name", "kind", "parent", "valid_from"), rows)


def _write_sites(offices: tuple[Office, ...], path: Path) -> Path:
    rows = [
        (site.site_id, site.agency, site.kind, site.name, site.host, office.since)
        for office in offices
        for site in office.sites
    ]
    return write_csv(path, ("site_id", "agency", "kind", "name", "hostnames", "valid_from"), rows)


def _has_reason(offered: Offered) -> bool:
    """Whether the catalogue says why a service is partial: of one procedure in four it does."""
    return offered.level == Level.PARTIAL and int(offered.procedure.code[-6:]) % _REASON_OF == 0


def _write_services(offices: tuple[Office, ...], path: Path) -> Path:
    """A service raised lately has two rows: partial until the day before, full since."""
    rows: list[tuple[object, ...]] = []
    for office in offices:
        for offered in office.services:
            procedure, code = offered.procedure, office.agency.code
            local = f"{procedure.code}.{old_form(code)}"
            url = f"https://dichvucong.gov.vn/thu-tuc-hanh-chinh/{procedure.code}"
            head = (code, procedure.code)
            tail = (procedure.name, procedure.field, local, url)
            if offered.raised:
                before = offered.raised - timedelta(days=1)
                rows.append((*head, Level.PARTIAL.value, *tail, office.since, before, ""))
            reason = _REASON if _has_reason(offered) else ""
            rows.append((*head, offered.level, *tail, offered.raised or office.since, None, reason))
    columns = ("agency", "procedure", "level", "name", "field", "local_code", "url")
    return write_csv(path, (*columns, "valid_from", "valid_to", "reason_not_full"), rows)


def _truth(
    office: Office, cases: Cases, sites: Sites, visits: Ints, period: Period
) -> dict[str, object]:
    """True counts of one agency and all below it; "recorded" channels, as the system sent them."""
    portals = [site.site_id for site in office.sites if site.kind == SystemKind.PORTAL]
    own = cases.take(cases.system == office.system)
    received = own.take((own.received >= period.start_us) & (own.received < period.end_us))
    resolved = own.take(
        (own.outcome == Outcome.RESOLVED.value)
        & (own.finished >= period.start_us)
        & (own.finished < period.end_us)
    )
    levels = {offered.procedure.code: offered for offered in office.services}
    dvctt = {code for code, offered in levels.items() if offered.level != Level.INFORMATION}

    def online(some: Cases) -> Cases:
        return some.take(some.channel == Channel.ONLINE.value)

    def counted(some: Cases) -> int:
        return int(sum(code in dvctt for code in some.procedure))

    def services(some: Cases) -> int:
        return len(set(some.procedure) & dvctt)

    return {
        "name": office.agency.name,
        "block": office.agency.kind,
        "portal_visits": int(visits[:, np.isin(sites.site_id, portals)].sum()),
        "dossiers_received": len(received),
        "dossiers_received_online": len(online(received)),
        "dossiers_resolved": len(resolved),
        "dossiers_resolved_online": counted(online(resolved)),
        "services": len(dvctt),
        "services_full": sum(o.level == Level.FULL for o in levels.values()),
        "services_with_dossiers": services(received),
        "services_with_online_dossiers": services(online(received)),
    }
