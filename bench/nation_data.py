"""A nation-year in the lake, as landing and compaction leave it: the data of bench/nation.py.

Everything the state has today is registered: 34 provinces with their 3,321 communes and their
departments, all ministries, 9,000 sites, 60,000 services. The year is 2025-12-01..2026-11-30. Rows
are drawn by numpy and written with the lake's own writer in its own order; what a row says about how
it came (frame times, one segment a second, numbers within a batch) is what a collector at that rate
leaves, so that bytes at rest are those of the real thing. Each day or month is one commit, so a
killed run goes on where it stopped.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from thuocdo.core.clock import DAY_US, OFFSET_US, day_start_us
from thuocdo.core.settings import Settings
from thuocdo.lake import dimensions
from thuocdo.lake.delta_files import DataFile
from thuocdo.lake.schemas import DIMENSIONS
from thuocdo.lake.store import Lake
from thuocdo.simulate.country_plan import departments, host_label
from thuocdo.simulate.nation import agencies, rows_of

FIRST, LAST = date(2025, 12, 1), date(2026, 11, 30)
VIEWS, DOSSIERS = 365_000_000, 60_000_000
SITES, SERVICES = 9_000, 60_000
SECOND_US, MINUTE_US, HOUR_US = 1_000_000, 60_000_000, 3_600_000_000
MONTH_FILES = 7  # compaction makes files of 64 MiB: some three million events
LATE_VIEWS = 3  # small files of a day that came too late to be compacted
STATUSES = ("received", "processing", "completed", "returned")
HOURS = np.array(
    [3, 2, 1, 1, 1, 2, 5, 20, 60, 75, 70, 50, 30, 45, 72, 70, 55, 35, 25, 28, 30, 24, 14, 7.0]
)

Numbers = np.ndarray[Any, np.dtype[Any]]


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


# Page views


@cache
def _sites() -> tuple[Numbers, list[str]]:
    """How popular each site is, added up to 1; and its host."""
    known = nation()
    owners, kinds = site_owners()
    random = np.random.default_rng(5)
    weight = random.permutation(1.0 / np.arange(1, SITES + 1) ** 0.95)
    labels = [known.labels[known.agency_top[place]] for place in owners]
    hosts = [
        f"{'motcua' if kind == 'one_stop' else f'trang{n}'}.{label}.gov.vn"
        for n, (label, kind) in enumerate(zip(labels, kinds, strict=True))
    ]
    return np.cumsum(weight) / weight.sum(), hosts


def _words(words: list[str | None], places: Numbers) -> pa.Array:
    """Places among some words as a column of words, with those alone that are used."""
    used, codes = np.unique(places, return_inverse=True)
    return _dictionary(pa.array([words[place] for place in used], pa.string()), codes)


def _dictionary(words: pa.Array, codes: Numbers) -> pa.Array:
    if not words.null_count:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), words)
    null = int(np.flatnonzero(words.is_null().to_numpy(zero_copy_only=False))[0])
    kept = pa.array(np.delete(np.arange(len(words)), null))
    codes = codes.astype(np.int32)
    moved = np.where(codes > null, codes - 1, codes)
    return pa.DictionaryArray.from_arrays(pa.array(moved, mask=codes == null), words.take(kept))


AGENTS: list[tuple[str, str, str]] = [
    (device, browser, system)
    for device, browser, system in (
        ("desktop", "Chrome", "Windows"), ("mobile", "Chrome Mobile", "Android"),
        ("mobile", "Mobile Safari", "iOS"), ("desktop", "Edge", "Windows"),
        ("desktop", "Coc Coc", "Windows"), ("desktop", "Firefox", "Windows"),
        ("desktop", "Safari", "Mac OS X"), ("mobile", "Zalo", "Android"), ("mobile", "Zalo", "iOS"),
        ("mobile", "Samsung Internet", "Android"), ("tablet", "Mobile Safari", "iOS"),
        ("desktop", "Chrome", "Linux"), ("mobile", "Facebook", "Android"), ("mobile", "Opera Mobile", "Android"),
    )
]  # fmt: skip
OUTSIDE = [None, "www.google.com", "www.google.com.vn", "m.facebook.com", "l.facebook.com", "coccoc.com",
           "dichvucong.gov.vn", "www.bing.com", "baochinhphu.vn", *(f"bao{n}.vn" for n in range(400))]  # fmt: skip
BOTS = [None, "crawler", "monitor", "automation", "datacentre"]
SECTIONS = [
    f"/{name}"
    for name in (
        "tin-tuc",
        "thong-bao",
        "van-ban",
        "thu-tuc",
        "gioi-thieu",
        "lien-he",
        "dau-thau",
        "hoi-dap",
    )
]
SLUGS = [f"bai-viet-ve-viec-so-{n * n % 9973}-cua-dia-phuong" for n in range(3_000)]


def views_of(day: date, scale: float) -> int:
    """Working days have more, and the country grows a little."""
    share = 1.15 if day.weekday() < 5 else 0.62
    return max(200, int(VIEWS / 365 * scale * share * (0.95 + 0.1 * (day - FIRST).days / 365)))


def view_columns(day: date, rows: int, seed: int = 0) -> dict[str, Any]:
    """Some views of one day in the lake's order; `rows` more or less."""
    random = np.random.default_rng([day.toordinal(), seed])
    popularity, hosts = _sites()
    people = max(1, int(rows / 3.9))
    site_of = np.minimum(np.searchsorted(popularity, random.random(people)), SITES - 1)
    visits_of = 1 + (random.random(people) < 0.15) + (random.random(people) < 0.04)
    person = np.repeat(np.arange(people), visits_of)
    count = np.minimum(random.geometric(0.31, len(person)), 60)
    hour = random.choice(24, len(person), p=HOURS / HOURS.sum())
    begin = hour * HOUR_US + random.integers(0, HOUR_US, len(person))
    visit = np.repeat(np.arange(len(person)), count)
    first_of_visit = np.repeat(np.cumsum(count) - count, count)
    gaps = random.exponential(70 * SECOND_US, len(visit)).astype(np.int64)
    gaps[first_of_visit == np.arange(len(visit))] = 0
    passed = np.cumsum(gaps)
    at = (
        np.minimum(begin[visit] + passed - passed[first_of_visit], DAY_US - 1)
        // SECOND_US
        * SECOND_US
    )
    who = person[visit]
    visitor = random.integers(-(2**63), 2**63 - 1, people)[who]
    site = site_of[who]
    order = np.lexsort((at, visitor, site))
    at, who, visitor, site, visit = (a[order] for a in (at, who, visitor, site, visit))
    opening = np.r_[True, visit[1:] != visit[:-1]]
    total = len(at)
    agent = np.minimum(random.geometric(0.28, people) - 1, len(AGENTS) - 1)[who]
    bot = np.where(random.random(people) < 0.03, random.integers(1, len(BOTS), people), 0)[who]
    outside = np.minimum((random.pareto(0.7, total)).astype(np.int64), len(OUTSIDE) - 1)
    landed = day_start_us(day) + at + random.integers(800, 1_040_000, total)
    measured = (random.random(people) < 0.6)[who] & (bot == 0)  # older snippets time nothing
    server = random.lognormal(4.4, 0.9, total) * (1 + site % 5 / 3)
    dom = server + random.lognormal(6.2, 0.6, total)
    load = dom + random.lognormal(6.0, 0.8, total)
    anonymous = random.random(people)[who] < 0.01
    return {
        "event_time": pa.array(day_start_us(day) + at),
        "site_id": pa.array((site + 101).astype(np.int32)),
        "visitor": pa.array(visitor, mask=anonymous),
        "kind": _words(["view", "download", "search", "outlink"], np.where(random.random(total) < 0.03, 1, 0)),
        "host": _words(hosts, site),
        "path": _paths(random, day, site),
        "referrer_host": _words([*OUTSIDE, *hosts], np.where(opening, outside, len(OUTSIDE) + site)),
        "procedure": _words([None, *nation().procedures[:1_700]],
                            np.where(site < len(nation().tops), 1 + (random.pareto(1, total) * 3).astype(np.int64) % 1_700, 0)),
        **{name: _words([agent[n] for agent in AGENTS], agent) for n, name in enumerate(("device", "browser", "os"))},
        "bot": _words(BOTS, bot),
        **{name: pa.array(values.astype(np.int32), mask=~measured)
           for name, values in (("t_server_ms", server), ("t_dom_ms", dom), ("t_load_ms", load))},
        **_origin(landed, site * 0),
        "feed": _words(["tracking"], np.zeros(total, np.int64)),
        "trust": _words(["unverified", "verified"], (site % 10 == 0).astype(np.int64)),
    }  # fmt: skip


def _paths(random: np.random.Generator, day: date, site: Numbers) -> pa.Array:
    """The home page, a few standing pages, and the news of the last weeks: the newest most of all."""
    total = len(site)
    back = np.minimum((random.pareto(0.8, total) * 2).astype(np.int64), 400)
    number = (day.toordinal() * 4 - back) * (random.random(total) > 0.3)
    page = site * 10_000_000 + number
    used, codes = np.unique(page, return_inverse=True)
    place, number = used // 10_000_000, used % 10_000_000
    section = pa.array(SECTIONS).take(pa.array((place + number) % len(SECTIONS)))
    slug = pa.array(SLUGS).take(pa.array((place * 31 + number) % len(SLUGS)))
    tail = pc.cast(pa.array(number), pa.string())
    words = pc.if_else(
        pa.array(number == 0),
        "/",
        pc.binary_join_element_wise(section, pc.binary_join_element_wise(slug, tail, "-"), "/"),
    )
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), words)


def _origin(landed: Numbers, writer: Numbers) -> dict[str, Any]:
    """When rows landed, in which segment (one a second), and their number in it, in stored order."""
    second = landed // SECOND_US
    used, codes = np.unique(second * 8 + writer, return_inverse=True)
    by_segment = np.argsort(codes, kind="stable")
    sizes = np.bincount(codes)
    number = np.empty(len(landed), np.int64)
    number[by_segment] = np.arange(len(landed)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    closed = np.zeros(len(used), np.int64)
    np.maximum.at(closed, codes, landed)
    names = pc.binary_join_element_wise(
        pa.array([f"{n * 2654435761 + 305419896:08x}" for n in range(8)]).take(pa.array(used % 8)),
        pc.cast(pa.array(used // 8 - day_start_us(FIRST) // SECOND_US), pa.string()),
        "/",
    )
    return {
        "landed_at": pa.array(closed[codes]),
        "segment": pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), names),
        "event_id": pa.array(number),
    }


def write_day(root: str, day: date, scale: float) -> list[DataFile]:
    """A compacted file, and some that came after."""
    lake, rows = Lake(Path(root)), views_of(day, scale)
    late = max(20, rows // 500)
    sizes = [rows - LATE_VIEWS * late, *[late] * LATE_VIEWS]
    return [
        lake.write_partition("page_views", str(day), typed(view_columns(day, size, seed)))
        for seed, size in enumerate(sizes)
    ]


def typed(columns: dict[str, Any]) -> dict[str, Any]:
    """Instants as instants."""
    instant = pa.timestamp("us", tz="UTC")
    names = ("event_time", "landed_at", "received_at", "due_at")
    return columns | {name: columns[name].cast(instant) for name in names if name in columns}


# Dossiers


def write_month(root: str, month: str, scale: float) -> list[DataFile]:
    """All events of the dossiers received in a month, a file for each stretch of landing."""
    lake = Lake(Path(root))
    cases = _cases(month, scale)
    shown = [np.flatnonzero(at < day_start_us(LAST) + DAY_US) for at in cases["at"]]
    moments = np.concatenate([at[rows] for at, rows in zip(cases["at"], shown, strict=True)])
    files = max(1, min(MONTH_FILES, len(moments) // 20_000))
    edges = np.quantile(moments, np.linspace(0, 1, files + 1))
    edges[-1] += 1
    made = []
    for begin, end in pairwise(edges):
        rows = [
            found[(at[found] >= begin) & (at[found] < end)]
            for at, found in zip(cases["at"], shown, strict=True)
        ]
        columns = _event_columns(cases, rows)
        made.append(lake.write_partition("dossier_events", month, typed(columns)))
    return made


def _cases(month: str, scale: float) -> dict[str, Any]:
    """Dossiers received in a month: what each is, and when its four steps were taken (µs UTC)."""
    random = np.random.default_rng([34, *map(int, month.split("-"))])
    known, services = nation(), nation().services
    here = [day for day in days() if f"{day:%Y-%m}" == month]
    count = int(DOSSIERS * scale * len(here) / len(days()))
    popularity = np.cumsum(services.weight) / services.weight.sum()
    service = np.minimum(np.searchsorted(popularity, random.random(count)), SERVICES - 1)
    first, there = np.array(known.communes)[services.top[service]].T
    commune = first + (random.random(count) ** 1.5 * np.maximum(there, 1)).astype(np.int64)
    executor = np.where(services.executor[service] < 0, commune, services.executor[service])
    weekday = np.array([1.0 if day.weekday() < 5 else 0.12 for day in here])
    day = random.choice(len(here), count, p=weekday / weekday.sum())
    hour = random.choice(24, count, p=HOURS**1.4 / (HOURS**1.4).sum())
    received = (
        day_start_us(here[0])
        + day * DAY_US
        + hour * HOUR_US
        + random.integers(0, 3600, count) * SECOND_US
    )
    due_days = np.maximum(1, services.days[service])
    taken = np.minimum(random.lognormal(-0.7, 0.9, count), 3.0) * due_days
    processing = received + random.integers(60, 8 * 3600, count) * SECOND_US
    completed = processing + (taken * 86_400).astype(np.int64) * SECOND_US
    returned = completed + (random.exponential(0.7, count) * 86_400).astype(np.int64) * SECOND_US
    maturity = 0.35 + 0.5 * np.random.default_rng(3).random(len(known.tops))
    online = random.random(count) < maturity[services.top[service]]
    channel = np.where(online, 0, np.where(random.random(count) < 0.12, 2, 1))
    return {
        "hi": random.integers(-(2**63), 2**63 - 1, count), "lo": random.integers(-(2**63), 2**63 - 1, count),
        "service": service, "executor": executor, "channel": channel,
        "at": [received, processing, completed, returned],
        "due": (received + OFFSET_US) // DAY_US * DAY_US + due_days * DAY_US + 17 * HOUR_US - OFFSET_US,
        "paid": random.choice(4, count, p=[0.3, 0.35, 0.25, 0.1]), "digitised": random.random(count) < 0.6,
        "by_post": random.random(count) < 0.08, "applicant": random.choice(4, count, p=[0.78, 0.17, 0.02, 0.03]),
        "mixed": random.random(count) < 0.01, "national": random.random(count) < 0.4,
    }  # fmt: skip


def _event_columns(cases: dict[str, Any], rows: list[Numbers]) -> dict[str, Any]:
    """The events of some dossiers (`rows` of each step) in the lake's order."""
    known, services = nation(), nation().services
    step = np.repeat(np.arange(4), [len(found) for found in rows])
    case = np.concatenate(rows)
    at = np.concatenate([cases["at"][n][found] for n, found in enumerate(rows)])
    order = np.lexsort((at, cases["lo"][case], cases["hi"][case]))
    step, case, at = step[order], case[order], at[order]
    service = cases["service"][case]
    top = services.top[service]
    feed = top % 4  # two of four one-stop systems send batches with a key
    verified = (feed < 2) & ~(cases["mixed"][case] & (step == 1))
    pushed = (at // (5 * MINUTE_US) + 1) * 5 * MINUTE_US + top * 1_234_567 % (4 * MINUTE_US)
    landed = np.where(
        feed < 2, pushed, at + (case * 7919 + step * 104_729) % (3 * SECOND_US) + 1_000
    )
    level = services.level[service]
    said = (step != 1) | (feed != 2)
    levels, unknown = ["full", "partial", "information", None], 3
    return {
        "dossier_hi": pa.array(cases["hi"][case]), "dossier_lo": pa.array(cases["lo"][case]),
        "system": _words([f"{code}-one_stop" for code in known.tops], top),
        "agency": _words(known.agencies, cases["executor"][case]),
        "procedure": _words(known.procedures, services.procedure[service]),
        "status": _words(list(STATUSES), step),
        "event_time": pa.array(at),
        "received_at": pa.array(cases["at"][0][case], mask=(step > 0) & (feed != 3)),
        "due_at": pa.array(cases["due"][case], mask=~said),
        "channel": _words(["online", "counter", "postal", "unknown"], np.where(said, cases["channel"][case], 3)),
        "level_declared": _words(levels, np.where(said, np.where(feed == 2, 1, level), unknown)),
        "level_catalogue": _words(levels, level),
        "payment": _words(["none", "online", "offline", "unknown"], np.where(step >= 2, cases["paid"][case], 3)),
        "returned_by_post": pa.array(cases["by_post"][case], mask=step < 3),
        "digitised": pa.array(cases["digitised"][case], mask=step < 2),
        "applicant_kind": _words(["citizen", "business", "state", "other"], cases["applicant"][case]),
        "from_national_portal": pa.array(cases["national"][case]),
        "quality": _flags((case * 31) % 97 == 0),
        **_origin(landed, feed * 0),
        "feed": _words(["canonical", "canonical", "mcdt", "dvcqg"], feed),
        "trust": _words(["unverified", "verified"], verified.astype(np.int64)),
    }  # fmt: skip


def _flags(flagged: Numbers) -> pa.Array:
    """`no_catalogue` where it is so, else no flag."""
    offsets = np.r_[0, np.cumsum(flagged)].astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(["no_catalogue"] * int(offsets[-1]), pa.string())
    )


# All of it


def build(settings: Settings, scale: float, processes: int, drawn: int) -> Iterator[str]:
    """Fill the lake of an instance, from where an earlier run stopped; tells what is done.

    drawn  days of views that are drawn; each later day is a copy of the files of the day so many
           days before it (a multiple of 7), whose times then are those of that day
    """
    lake = Lake.open(settings)
    lake.create()
    register(lake)
    root = str(lake.root)
    drawn = min(drawn, len(days()))
    with ProcessPoolExecutor(processes, get_context("spawn")) as pool:
        for table, write, parts in (
            ("dossier_events", write_month, months()),
            ("page_views", write_day, days()[:drawn]),
        ):
            done = lake.landed_version(table, "nation") + 1
            left = parts[done:]
            written = pool.map(write, [root] * len(left), left, [scale] * len(left))
            for number, (part, files) in enumerate(zip(left, written, strict=True), done):
                lake.record(table, files, {"nation": number})
                yield f"{table} {part}: {sum(file.rows for file in files):,} rows"
    for number in range(max(drawn, lake.landed_version("page_views", "nation") + 1), len(days())):
        files = copied_day(lake, days()[number % drawn], days()[number])
        lake.record("page_views", files, {"nation": number})
        yield f"page_views {days()[number]}: copied"


def copied_day(lake: Lake, day: date, to: date) -> list[DataFile]:
    """The views of a day once more under another."""
    made = []
    for path in lake.files("page_views", partitions=[str(day)]):
        copy = Path(f"day={to}") / Path(path).name
        (lake.root / "page_views" / copy.parent).mkdir(exist_ok=True)
        shutil.copyfile(path, lake.root / "page_views" / copy)
        rows = pq.read_metadata(path).num_rows
        made.append(DataFile(str(copy), Path(path).stat().st_size, rows, str(to)))
    return made
