"""A year of page views of the whole state, day by day."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from nation_columns import FIRST, HOUR_US, HOURS, SECOND_US, Numbers, origin, typed, words
from nation_state import SITES, nation, site_owners

from thuocdo.core.clock import DAY_US, day_start_us
from thuocdo.lake import table_files
from thuocdo.lake.delta_files import DataFile

VIEWS = 365_000_000
LATE_VIEWS = 3  # small files of a day that came too late to be compacted


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
        "kind": words(["view", "download", "search", "outlink"], np.where(random.random(total) < 0.03, 1, 0)),
        "host": words(hosts, site),
        "path": _paths(random, day, site),
        "referrer_host": words([*OUTSIDE, *hosts], np.where(opening, outside, len(OUTSIDE) + site)),
        "procedure": words([None, *nation().procedures[:1_700]],
                            np.where(site < len(nation().tops), 1 + (random.pareto(1, total) * 3).astype(np.int64) % 1_700, 0)),
        **{name: words([agent[n] for agent in AGENTS], agent) for n, name in enumerate(("device", "browser", "os"))},
        "bot": words(BOTS, bot),
        **{name: pa.array(values.astype(np.int32), mask=~measured)
           for name, values in (("t_server_ms", server), ("t_dom_ms", dom), ("t_load_ms", load))},
        **origin(landed, site * 0),
        "feed": words(["tracking"], np.zeros(total, np.int64)),
        "trust": words(["unverified", "verified"], (site % 10 == 0).astype(np.int64)),
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


def write_day(root: str, day: date, scale: float) -> list[DataFile]:
    """A compacted file, and some that came after."""
    rows = views_of(day, scale)
    late = max(20, rows // 500)
    sizes = [rows - LATE_VIEWS * late, *[late] * LATE_VIEWS]
    return [
        table_files.write_partition(
            Path(root), "page_views", str(day), typed(view_columns(day, size, seed))
        )
        for seed, size in enumerate(sizes)
    ]
