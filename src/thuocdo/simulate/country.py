"""Ninety days of today's country as import files, with the truth beside them.

People hand in dossiers on working days (holidays of Vietnam count), offices work them off, more
online in a mature agency and every week a little more. Page views follow the same calendar. What is
planted for detectors to find, and what is honest and only looks so, is told in cheats.json.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import AgencyKind, Channel, Level, Outcome, SystemKind
from thuocdo.simulate.country_dossiers import all_dossiers, working_weights
from thuocdo.simulate.country_plan import Offered, Office, departments, plan
from thuocdo.simulate.country_steps import write_steps
from thuocdo.simulate.country_views import write_views
from thuocdo.simulate.dossiers import MINUTE_US, Cases, events_of
from thuocdo.simulate.nation import old_form
from thuocdo.simulate.quirks import Quirk, Trap
from thuocdo.simulate.tables import write_csv, write_ndjson, write_truth
from thuocdo.simulate.visits import Sites

__all__ = ["CountryFiles", "history", "working_weights"]

Ints = npt.NDArray[np.int64]

_DUPLICATES = 0.004
_LATEST_US = 6 * 60 * MINUTE_US
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
    steps: Path
    truth: Path
    cheats: Path
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
    drawn = all_dossiers(rng, offices, period, scale)
    dossiers = _write_dossiers(rng, drawn.cases, directory)
    views = write_views(rng, offices, period, scale, directory)
    steps, stepped = write_steps(rng, offices, drawn.cases, period, directory)
    truth = {
        "seed": seed,
        "scale": scale,
        "period": [period.first, period.last],
        "note": "counts within the period; levels are the catalogue's on the day of receipt; "
        "visits without those of page-views-planted.parquet",
        "quirks": {
            quirk.value: [o.agency.code for o in offices if quirk in o.quirks] for quirk in Quirk
        },
        "agencies": {
            office.agency.code: _truth(office, drawn.cases, views.sites, views.visits, period)
            for office in offices
        },
    }
    cheats = _cheats(offices, {**drawn.touched, **views.touched, **stepped})
    return CountryFiles(
        agencies=_write_units(offices, directory / "agencies.csv"),
        sites=_write_sites(offices, directory / "sites.csv"),
        services=_write_services(offices, directory / "services.csv"),
        dossiers=dossiers,
        page_views=list(views.files),
        steps=steps,
        truth=write_truth(directory / "truth.json", truth),
        cheats=write_truth(directory / "cheats.json", cheats),
        period=period,
    )


def _cheats(
    offices: tuple[Office, ...], touched: Mapping[Quirk, Mapping[str, int]]
) -> dict[str, object]:
    """Who is planted with what: detector → system or site → records touched; trap → agencies."""
    return {
        "planted": {
            quirk.value: {key: count for key, count in sorted(marks.items()) if count}
            for quirk, marks in sorted(touched.items())
        },
        "traps": {trap.value: [o.agency.code for o in offices if trap in o.traps] for trap in Trap},
    }


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
