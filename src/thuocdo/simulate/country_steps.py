"""Interest in procedures: the `trackDVC` calls of people's and officers' browsers, as a tracker sends them.

People look at a procedure several times before they hand in; a hand-in is seen on the agency's portal
unless a blocker stops the script. Officers' screens on one-stop sites send the same call when they accept.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.vocabulary import Channel, SystemKind
from thuocdo.simulate.country_dossiers import working_weights
from thuocdo.simulate.country_plan import Office
from thuocdo.simulate.dossiers import Cases
from thuocdo.simulate.quirks import Client, Quirk, Trap
from thuocdo.simulate.tables import write_parquet

Ints = npt.NDArray[np.int64]

_INSTANT: pa.DataType = pa.timestamp("us", tz="UTC")

STEP_SCHEMA: Final = pa.schema(
    [
        ("site_id", pa.int64()),
        ("event_time", _INSTANT),
        ("visitor", pa.string()),
        ("url", pa.string()),
        ("procedure", pa.string()),
        ("state", pa.string()),
        ("user_agent", pa.string()),
    ]
)
"""One call a row; `run/loading.py` sends them through the collector's log."""

_VIEWED, _USED = "-1", "1"
_SECOND_US: Final = 1_000_000
_HOUR_US: Final = 3_600 * _SECOND_US
_AGENT: Final = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/131.0 Safari/537.36"
)
_CHANGES_AT: Final = 0.45  # of the period


@dataclass(frozen=True, slots=True)
class _Calls:
    """Calls on one site; `who` numbers browsers of a day."""

    at: Ints
    who: Ints
    state: npt.NDArray[np.object_]


def write_steps(
    rng: np.random.Generator,
    offices: tuple[Office, ...],
    cases: Cases,
    period: Period,
    directory: Path,
) -> tuple[Path, dict[Quirk, dict[str, int]]]:
    """Write the calls of the period; returns the file and quirk → site → calls it touches."""
    tables, touched = [], dict[Quirk, dict[str, int]]()
    arrived = np.where(cases.received < 0, cases.submitted, cases.received)
    order = np.argsort(cases.system.astype(str), kind="stable")
    systems, starts = np.unique(cases.system[order].astype(str), return_index=True)
    ends = dict(zip(systems, np.append(starts[1:], len(order)), strict=True))
    begins = dict(zip(systems, starts, strict=True))
    for office in offices:
        if office.system not in ends:
            continue
        own = order[begins[office.system] : ends[office.system]]
        own = own[(arrived[own] >= period.start_us) & (arrived[own] < period.end_us)]
        online = cases.channel[own] == Channel.ONLINE.value
        portal = office.site_of(SystemKind.PORTAL)
        calls, marks = _on_portal(rng, office, arrived[own][online], period)
        for quirk, count in marks.items():
            touched.setdefault(quirk, {})[str(portal.site_id)] = count
        tables.append(_table(rng, office, portal.site_id, portal.host, calls))
        if office.client in {Client.OPENCPS, Client.OPENCPS_RAW}:
            desk = office.site_of(SystemKind.ONE_STOP)
            accepted = arrived[own][online]
            officers = rng.integers(0, 3, len(accepted))
            used = np.full(len(accepted), _USED, dtype=object)
            calls = _Calls(accepted, officers, used)
            tables.append(_table(rng, office, desk.site_id, desk.host, calls))
    every = pa.concat_tables(tables).sort_by("event_time")
    return write_parquet(directory / "service-steps.parquet", every), touched


def _on_portal(
    rng: np.random.Generator, office: Office, dossiers: Ints, period: Period
) -> tuple[_Calls, dict[Quirk, int]]:
    """Looks and hand-ins of people on the main portal."""
    count = len(dossiers)
    seen = dossiers[rng.random(count) < rng.uniform(0.5, 0.95)]
    looks = np.repeat(dossiers, rng.integers(3, 9, count))
    looks = looks - rng.integers(0, 30 * 60, len(looks)) * _SECOND_US
    used = np.full(len(seen), _USED, dtype=object)
    viewed = np.full(len(looks), _VIEWED, dtype=object)
    touched: dict[Quirk, int] = {}
    if office.client is Client.TAN_DAN and Quirk.VIEWED_AS_USED not in office.quirks:
        looks, viewed = looks[:0], viewed[:0]  # that product calls after a hand-in only
    if Quirk.VIEWED_AS_USED in office.quirks:
        since = period.start_us + int(rng.choice([0, _CHANGES_AT]) * period.days) * DAY_US
        late = looks >= since
        viewed[late] = _USED
        touched[Quirk.VIEWED_AS_USED] = int(late.sum())
    at, who, state = (
        [seen, looks],
        [_people(rng, len(seen)), _people(rng, len(looks))],
        [used, viewed],
    )
    for quirk, more, browser in _busy(rng, office, period):
        at.append(more)
        who.append(browser)
        state.append(np.full(len(more), _USED, dtype=object))
        if quirk:
            touched[quirk] = touched.get(quirk, 0) + len(more)
    return _Calls(np.concatenate(at), np.concatenate(who), np.concatenate(state)), touched


def _people(rng: np.random.Generator, count: int) -> Ints:
    return rng.integers(1_000, 1 << 40, count)


def _busy(
    rng: np.random.Generator, office: Office, period: Period
) -> list[tuple[Quirk | None, Ints, Ints]]:
    """Browsers that hand in for many: (quirk or None for the honest ones, instants, browsers)."""
    open_days = np.flatnonzero(working_weights(period) == 1.0)
    found: list[tuple[Quirk | None, Ints, Ints]] = []

    def during(days: Ints, a_day: Ints, browser: int, quirk: Quirk | None) -> None:
        place = np.repeat(days, a_day)
        start = ((period.start_us + OFFSET_US) // DAY_US + place) * DAY_US - OFFSET_US
        seconds = rng.integers(int(7.6 * 3600), int(16.9 * 3600), len(place))
        found.append((quirk, start + seconds * _SECOND_US, np.full(len(place), browser)))

    if Quirk.HEAVY_BROWSER in office.quirks:
        days = open_days[rng.random(len(open_days)) < 0.8]
        during(days, rng.integers(30, 70, len(days)), 1, Quirk.HEAVY_BROWSER)
    if Trap.KIOSK in office.traps:
        during(open_days, rng.integers(6, 18, len(open_days)), 2, None)
    if Trap.LAW_FIRM in office.traps:
        days = rng.choice(open_days, min(3, len(open_days)), replace=False)
        during(days, rng.integers(30, 45, len(days)), 3, None)
    return found


def _table(
    rng: np.random.Generator, office: Office, site_id: int, host: str, calls: _Calls
) -> pa.Table:
    count = len(calls.at)
    codes = np.array([offered.procedure.code for offered in office.services], dtype=object)
    shares = np.array([offered.procedure.share for offered in office.services], dtype=np.float64)
    procedure = rng.choice(codes, count, p=shares / shares.sum()).astype(object)
    urls = np.array([f"https://{host}/thu-tuc-hanh-chinh/{code}" for code in procedure], object)
    return pa.table(
        [
            pa.array(np.full(count, site_id), pa.int64()),
            pa.array(calls.at, pa.int64()).cast(STEP_SCHEMA.field("event_time").type),
            pa.array([f"{int(n):016x}" for n in calls.who], pa.string()),
            pa.array(urls, pa.string()),
            pa.array(procedure, pa.string()),
            pa.array(calls.state, pa.string()),
            pa.array([_AGENT] * count, pa.string()),
        ],
        schema=STEP_SCHEMA,
    )
