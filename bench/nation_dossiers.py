"""A year of dossiers of the whole state, with their events, month by month."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from nation_columns import HOUR_US, HOURS, MINUTE_US, SECOND_US, Numbers, origin, typed, words
from nation_state import LAST, SERVICES, days, nation

from thuocdo.core.clock import DAY_US, OFFSET_US, day_start_us
from thuocdo.lake import table_files
from thuocdo.lake.delta_files import DataFile

DOSSIERS = 60_000_000
MONTH_FILES = 7  # compaction makes files of 64 MiB: some three million events
STATUSES = ("received", "processing", "completed", "returned")


def write_month(root: str, month: str, scale: float) -> list[DataFile]:
    """All events of the dossiers received in a month, a file for each stretch of landing."""
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
        made.append(
            table_files.write_partition(Path(root), "dossier_events", month, typed(columns))
        )
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
        "system": words([f"{code}-one_stop" for code in known.tops], top),
        "agency": words(known.agencies, cases["executor"][case]),
        "procedure": words(known.procedures, services.procedure[service]),
        "status": words(list(STATUSES), step),
        "event_time": pa.array(at),
        "received_at": pa.array(cases["at"][0][case], mask=(step > 0) & (feed != 3)),
        "due_at": pa.array(cases["due"][case], mask=~said),
        "channel": words(["online", "counter", "postal", "unknown"], np.where(said, cases["channel"][case], 3)),
        "level_declared": words(levels, np.where(said, np.where(feed == 2, 1, level), unknown)),
        "level_catalogue": words(levels, level),
        "payment": words(["none", "online", "offline", "unknown"], np.where(step >= 2, cases["paid"][case], 3)),
        "returned_by_post": pa.array(cases["by_post"][case], mask=step < 3),
        "digitised": pa.array(cases["digitised"][case], mask=step < 2),
        "applicant_kind": words(["citizen", "business", "state", "other"], cases["applicant"][case]),
        "from_national_portal": pa.array(cases["national"][case]),
        "quality": flags((case * 31) % 97 == 0),
        **origin(landed, feed * 0),
        "feed": words(["canonical", "canonical", "mcdt", "dvcqg"], feed),
        "trust": words(["unverified", "verified"], verified.astype(np.int64)),
    }  # fmt: skip


def flags(flagged: Numbers) -> pa.Array:
    """`no_catalogue` where it is so, else no flag."""
    offsets = np.r_[0, np.cumsum(flagged)].astype(np.int32)
    return pa.ListArray.from_arrays(
        pa.array(offsets), pa.array(["no_catalogue"] * int(offsets[-1]), pa.string())
    )
