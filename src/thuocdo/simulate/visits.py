"""Simulated page views whose number of visits is known beforehand, a day at a time.

Visits are what is planned; page views are drawn around them: a visit's views lie less than 30
minutes apart, two visits of one visitor at least 30 minutes, and none crosses local midnight
(DESIGN.md §5.3). The edges are planted on purpose: gaps of 29:59 and of exactly 30:00, and
visitors who come back two minutes after midnight. Crawlers come on top and count for nothing.
Memory is bounded by one day of the whole country.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.simulate.nation import rows_of

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_INSTANT: pa.DataType = pa.timestamp("us", tz="UTC")
_LABEL: pa.DataType = pa.dictionary(pa.int32(), pa.string())

VIEW_SCHEMA = pa.schema(
    [
        ("site_id", pa.int32()),
        ("event_time", _INSTANT),
        ("visitor", pa.string()),
        ("url", _LABEL),
        ("referrer", _LABEL),
        ("user_agent", _LABEL),
    ]
)
"""The import format of page views (DESIGN.md §6.4)."""

_MINUTE_MS = 60_000
_HOUR_MS = 60 * _MINUTE_MS
_GAP_MS = 30 * _MINUTE_MS
_PAIRS_OF = 8  # one visitor of so many comes twice on a day
_EXACT_OF = 16  # one pair of so many returns after exactly 30 minutes
_LONG_OF = 200  # one visit of so many has views 29:59 apart
_LAST_START_MS = 22 * _HOUR_MS  # the longest visit still ends before midnight
_HOURS = np.array(
    [3, 2, 1, 1, 1, 2, 5, 14, 26, 30, 27, 16, 12, 20, 26, 25, 20, 12, 9, 12, 14, 11, 7, 4],
    dtype=np.float64,
)
"""How Vietnam's visits spread over the hours of a working day, relative."""

_PATHS = (
    "/",
    "/tin-tuc",
    "/thong-bao",
    "/gioi-thieu/co-cau-to-chuc",
    "/van-ban-quy-pham-phap-luat",
    "/thu-tuc-hanh-chinh",
    "/thu-tuc-hanh-chinh/1.004194",
    "/thu-tuc-hanh-chinh/2.000635",
    "/cong-khai-ngan-sach",
    "/lich-cong-tac",
    "/hoi-dap",
    "/lien-he",
    "/tim-kiem?q=khai+sinh",
    "/du-an-dau-tu",
    "/du-thao-van-ban",
    "/chuyen-muc/chuyen-doi-so",
)
_REFERRERS = ("", "https://www.google.com/", "https://www.facebook.com/", "https://coccoc.com/")
_REFERRER_SHARES = (0.45, 0.35, 0.12, 0.08)


@dataclass(frozen=True, slots=True)
class Sites:
    """The measured sites of a simulation, parallel: their ids and host names."""

    site_id: Ints
    hosts: tuple[str, ...]


@cache
def _agents() -> tuple[tuple[str, ...], Floats, int]:
    """(user agents with people's first, shares summing to 1 in each part, how many are people's)."""
    rows = sorted(rows_of("simulate", "agents.csv"), key=lambda row: row["bot"] != "")
    people = sum(row["bot"] == "" for row in rows)
    shares = np.array([float(row["share"]) for row in rows])
    shares[:people] /= shares[:people].sum()
    shares[people:] /= shares[people:].sum()
    return tuple(row["user_agent"] for row in rows), shares, people


def spread(total: int, weights: Floats) -> Ints:
    """Share a total out by weights so that the parts sum to it exactly (largest remainder)."""
    exact = total * weights / weights.sum()
    parts: Ints = np.floor(exact).astype(np.int64)
    missing = total - int(parts.sum())
    largest = np.argsort(-(exact - parts), axis=None, kind="stable")[:missing]
    parts.reshape(-1)[largest] += 1
    return parts


def over_sites_and_days(total: int, shares: Floats, days: Floats) -> Ints:
    """visits[day, site]: first to the sites, so that small ones are heard from, then to the days."""
    columns = [spread(int(part), days) for part in spread(total, shares)]
    return np.stack(columns, axis=1)


def page_views(
    rng: np.random.Generator,
    period: Period,
    sites: Sites,
    visits: Ints,
    *,
    more_views: tuple[float, float, float],
    bots: float,
) -> Iterator[pa.Table]:
    """One table in `VIEW_SCHEMA` a day, ordered by time.

    visits      days x sites: how many visits
    more_views  shares of visits with 2, 3 and 4 views; the rest has one
    bots        crawlers' views as a share of people's visits
    """
    urls = pa.array([f"https://{host}{path}" for host in sites.hosts for path in _PATHS])
    pool = 3 * visits.max(axis=0, initial=1) + 1
    start_day = (period.start_us + OFFSET_US) // DAY_US
    for place in range(period.days):
        day_us = (start_day + place) * DAY_US - OFFSET_US
        people = _people(rng, visits[place], pool, more_views)
        crawlers = _crawlers(rng, visits[place], bots)
        yield _table(rng, day_us, sites, urls, people, crawlers)


@dataclass(frozen=True, slots=True)
class _Views:
    """Page views of one day: place of the site, visitor's number on it, ms of the day, agent."""

    site: Ints
    visitor: Ints
    at: Ints
    agent: Ints


def _people(
    rng: np.random.Generator, visits: Ints, pool: Ints, more_views: tuple[float, float, float]
) -> _Views:
    site = np.repeat(np.arange(len(visits)), visits)
    place = np.arange(len(site)) - np.repeat(np.cumsum(visits) - visits, visits)
    paired = 2 * (visits // (2 * _PAIRS_OF))[site]
    in_pair = place < paired
    second = in_pair & (place % 2 == 1)
    visitor_place = np.where(in_pair, place // 2, place - paired // 2)
    # Number 0 is the night owl of every day, the others are drawn anew without meeting twice.
    shift = rng.integers(0, 1 << 40, len(visits))[site]
    visitor = np.where(
        (visitor_place == 0) & in_pair,
        0,
        1 + (visitor_place + shift) % np.maximum(pool - 1, 1)[site],
    )
    two, three, four = more_views
    drawn = rng.random(len(site))
    views = 1 + (drawn < two + three + four) + (drawn < three + four) + (drawn < four)
    gap = rng.integers(4_000, 480_000, len(site))
    gap = np.where(~in_pair & (place % _LONG_OF == 7), _GAP_MS - 1_000, gap)
    start = _starts(rng, in_pair, second)
    owl = in_pair & (place // 2 == 0)
    views = np.where(owl, 1, views)
    start = np.where(owl, np.where(second, 24 * _HOUR_MS - _MINUTE_MS, _MINUTE_MS), start)
    exact = np.flatnonzero(second & ~owl & ((place // 2) % _EXACT_OF == 1))
    before = exact - 1
    start[exact] = start[before] + (views[before] - 1) * gap[before] + _GAP_MS
    rank = np.arange(int(views.sum())) - np.repeat(np.cumsum(views) - views, views)
    _, shares, human = _agents()
    # A visitor keeps the browser it came with: the agent follows from its number.
    trait = (_mix(visitor * 1_000_003 + site) >> np.uint64(32)).astype(np.float64) / (1 << 32)
    agent = np.minimum(np.searchsorted(np.cumsum(shares[:human]), trait), human - 1)
    return _Views(
        site=np.repeat(site, views),
        visitor=np.repeat(visitor, views),
        at=np.repeat(start, views) + rank * np.repeat(gap, views),
        agent=np.repeat(agent, views),
    )


def _starts(
    rng: np.random.Generator, in_pair: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]
) -> Ints:
    """ms of the local day: pairs come in the morning and again in the afternoon, others at any hour."""
    count = len(in_pair)
    hour = np.searchsorted(np.cumsum(_HOURS) / _HOURS.sum(), rng.random(count), side="right")
    free = hour * _HOUR_MS + rng.integers(0, _HOUR_MS, count)
    free = np.where(free > _LAST_START_MS, free - rng.integers(2, 12, count) * _HOUR_MS, free)
    morning = rng.integers(6 * _HOUR_MS, 11 * _HOUR_MS, count)
    afternoon = rng.integers(13 * _HOUR_MS, 21 * _HOUR_MS, count)
    return np.where(in_pair, np.where(second, afternoon, morning), free)


def _crawlers(rng: np.random.Generator, visits: Ints, share: float) -> _Views:
    counts = rng.binomial(visits, share) if share else np.zeros_like(visits)
    site = np.repeat(np.arange(len(visits)), counts)
    _, shares, human = _agents()
    drawn = np.searchsorted(np.cumsum(shares[human:]), rng.random(len(site)))
    return _Views(
        site=site,
        visitor=-1 - rng.integers(0, 50, len(site)),
        at=rng.integers(0, 24 * _HOUR_MS, len(site)),
        agent=human + np.minimum(drawn, len(shares) - human - 1),
    )


def _table(
    rng: np.random.Generator,
    day_us: int,
    sites: Sites,
    urls: pa.Array[Any],
    people: _Views,
    crawlers: _Views,
) -> pa.Table:
    at = np.concatenate([people.at, crawlers.at])
    order = np.argsort(at, kind="stable")
    site = np.concatenate([people.site, crawlers.site])[order]
    visitor = np.concatenate([people.visitor, crawlers.visitor])[order]
    agent = np.concatenate([people.agent, crawlers.agent])[order].astype(np.int32)
    count = len(order)
    # Squaring favours the first paths: the front page is read most.
    path = (rng.random(count) ** 2 * len(_PATHS)).astype(np.int64)
    came_from = rng.choice(len(_REFERRERS), count, p=_REFERRER_SHARES).astype(np.int32)
    agents, _, _ = _agents()
    return pa.Table.from_arrays(
        [
            pa.array(sites.site_id[site].astype(np.int32)),
            pa.array(day_us + at[order] * 1000).cast(_INSTANT),
            _hex(_mix(visitor * 100_003 + sites.site_id[site])),
            pa.DictionaryArray.from_arrays((site * len(_PATHS) + path).astype(np.int32), urls),
            pa.DictionaryArray.from_arrays(came_from, pa.array(_REFERRERS)),
            pa.DictionaryArray.from_arrays(agent, pa.array(agents)),
        ],
        schema=VIEW_SCHEMA,
    )


def _mix(numbers: Ints) -> npt.NDArray[np.uint64]:
    """splitmix64: numbers that look like the random client ids browsers make."""
    z = numbers.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


_HEX_PAIRS = np.frombuffer("".join(f"{byte:02x}" for byte in range(256)).encode(), np.uint16)


def _hex(numbers: npt.NDArray[np.uint64]) -> pa.Array[Any]:
    """16 hexadecimal digits each, the form of Matomo's `_id`."""
    digits = _HEX_PAIRS[numbers.view(np.uint8)].tobytes()
    offsets = np.arange(0, 16 * (len(numbers) + 1), 16, dtype=np.int32)
    return pa.StringArray.from_buffers(
        len(numbers), pa.py_buffer(offsets.tobytes()), pa.py_buffer(digits)
    )
