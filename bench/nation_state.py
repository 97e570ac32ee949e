"""Who there is in the nation-year of bench/nation.py: agencies, sites and services, as the registry knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from typing import Any

import numpy as np
import pyarrow as pa
from nation_columns import FIRST, Numbers

from thuocdo.core.clock import day_start_us
from thuocdo.lake import dimensions
from thuocdo.lake.schemas import DIMENSIONS
from thuocdo.lake.store import Lake
from thuocdo.simulate.country_plan import departments, host_label
from thuocdo.simulate.nation import agencies, rows_of

LAST = date(2026, 11, 30)
SITES, SERVICES = 9_000, 60_000


@dataclass(frozen=True, slots=True)
class Services:
    """The catalogue as numbers: each array has one entry a service."""

    top: Numbers  # place among the tops
    procedure: Numbers  # place among the procedures
    weight: Numbers
    level: Numbers
    executor: Numbers  # place among the agencies; -1: any commune of the province
    days: Numbers


@dataclass(frozen=True, slots=True)
class Nation:
    """Who there is: codes by place, and who belongs to whom."""

    tops: list[str]
    kinds: list[str]
    labels: list[str]
    agencies: list[str]
    names: list[str]
    agency_kinds: list[str]
    agency_top: Numbers
    communes: list[tuple[int, int]]  # of each top: the first commune's place, how many
    procedures: list[str]
    services: Services


def days() -> list[date]:
    return [FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1)]


def months() -> list[str]:
    return sorted({f"{day:%Y-%m}" for day in days()})


@cache
def nation() -> Nation:
    random = np.random.default_rng(34)
    heads = agencies(LAST)
    communes_of = {
        row["agency_code"]: int(row["communes"]) for row in rows_of("registry", "provinces_34.csv")
    }
    codes, names, kinds, top, communes, units = [], [], [], [], [], []
    for place, head in enumerate(heads):
        below = departments(head.kind)
        first = len(codes)
        codes += [head.code, *(f"{head.code}.{unit['unit']}" for unit in below)]
        names += [head.name, *(f"{unit['name']} {head.name}" for unit in below)]
        kinds += [head.kind, *("department" for _ in below)]
        units.append((first, 1 + len(below)))
        count = communes_of.get(head.code, 0)
        communes.append((len(codes), count))
        codes += [f"{head.code}.{200 + n}" for n in range(count)]
        names += [f"Ủy ban nhân dân xã số {n + 1}, {head.name}" for n in range(count)]
        kinds += ["commune"] * count
        top += [place] * (len(codes) - first)
    provinces = np.array([head.kind == "province" for head in heads])
    services = _services(random, provinces, units)
    procedures = [
        f"{1 + n % 3}.{n * 7 % 1_000_000:06d}" for n in range(int(services.procedure.max()) + 1)
    ]
    return Nation(
        tops=[head.code for head in heads],
        kinds=[head.kind for head in heads],
        labels=[host_label(head) for head in heads],
        agencies=codes, names=names, agency_kinds=kinds, agency_top=np.array(top), communes=communes,
        procedures=procedures, services=services,
    )  # fmt: skip


def _services(
    random: np.random.Generator, provinces: Numbers, units: list[tuple[int, int]]
) -> Services:
    """60,000 services: provinces share 1,700 procedures, each ministry has its own."""
    columns: dict[str, list[Numbers]] = {name: [] for name in Services.__slots__}
    by_ministry, left = divmod(SERVICES - 1_700 * int(provinces.sum()), int((~provinces).sum()))
    size = random.lognormal(0, 0.7, len(provinces)) * np.where(provinces, 1.0, 0.15)
    for top, is_province in enumerate(provinces):
        count = 1_700 if is_province else by_ministry + left
        first = 0 if is_province else 1_700 + top * (by_ministry + 40)
        left = left if is_province else 0  # the first ministry has what does not divide
        rank = 1 + np.arange(count)
        popularity = rank**-1.05 * random.lognormal(0, 0.6, count)
        begin, there = units[top]
        communal = is_province & (random.random(count) < 0.5)
        chosen = begin + (rank * 7919 + top) % there
        columns["top"].append(np.full(count, top))
        columns["procedure"].append(first + rank - 1)
        columns["weight"].append(size[top] * popularity / popularity.sum())
        columns["level"].append(random.choice(3, count, p=[0.5, 0.4, 0.1]))
        columns["executor"].append(np.where(communal, -1, chosen))
        columns["days"].append(random.integers(1, 30, count))
    return Services(**{name: np.concatenate(parts) for name, parts in columns.items()})


def register(lake: Lake) -> None:
    """Write the dimensions. Half the departments' services stand under the department itself."""
    known = nation()
    recorded = pa.scalar(day_start_us(FIRST), pa.timestamp("us", tz="UTC"))

    def tell(name: str, rows: Mapping[str, Any]) -> None:
        schema = DIMENSIONS[name][0]
        count = len(next(iter(rows.values())))
        arrays = {n: pa.array(v, schema.field(n).type) for n, v in rows.items()}
        arrays["recorded_at"] = pa.repeat(recorded, count)
        dimensions.write(lake, name, pa.table(arrays))

    top_of = [known.tops[place] for place in known.agency_top]
    tell("agencies", {
        "code": known.agencies, "name": known.names, "kind": known.agency_kinds,
        "parent": [None if code == top else top for code, top in zip(known.agencies, top_of, strict=True)],
    })  # fmt: skip
    systems = [(top, kind) for top in known.tops for kind in ("portal", "one_stop")]
    tell("systems", {
        "code": [f"{top}-{kind}" for top, kind in systems],
        "agency": [top for top, _ in systems], "kind": [kind for _, kind in systems],
    })  # fmt: skip
    owners, site_kinds = site_owners()
    tell("sites", {
        "site_id": np.arange(SITES) + 101,
        "agency": [known.agencies[place] for place in owners],
        "system": [f"{top_of[place]}-{kind}" for place, kind in zip(owners, site_kinds, strict=True)],
        "kind": site_kinds, "name": [f"Trang {known.names[place]}" for place in owners],
    })  # fmt: skip
    services = known.services
    own = (services.executor >= 0) & (np.arange(SERVICES) % 2 == 0)
    level = np.array(["full", "partial", "information"])[services.level]
    raised = np.flatnonzero((services.level == 1) & (np.arange(SERVICES) % 9 == 0))
    agency = np.where(
        own, np.array(known.agencies)[services.executor], np.array(known.tops)[services.top]
    )
    procedure = np.array(known.procedures)[services.procedure]
    names = np.array([f"Thủ tục số {n}" for n in range(len(known.procedures))])[services.procedure]
    half = date(2026, 6, 1)
    tell("services", {
        "agency": [*agency, *agency[raised]], "procedure": [*procedure, *procedure[raised]],
        "name": [*names, *names[raised]], "level": [*level, *("full" for _ in raised)],
        "valid_from": [*(FIRST for _ in level), *(half for _ in raised)],
    })  # fmt: skip


def site_owners() -> tuple[Numbers, list[str]]:
    """Whose each site is (place among the agencies), and its kind."""
    known = nation()
    there = len(known.agencies)
    heads = np.flatnonzero(np.array([code in set(known.tops) for code in known.agencies]))
    first = np.concatenate([heads, np.arange(there)])
    more = np.random.default_rng(9).integers(0, there, SITES - len(first))
    kinds = ["one_stop"] * len(heads) + ["portal"] * (SITES - len(heads))
    return np.concatenate([first, more]), kinds
