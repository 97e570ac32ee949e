"""What a system's messages about dossiers say of the system that sends them: how late they are, by
which channels.

A page view is sent as it happens, and has the server's time unless a key vouches for another; a
message may lie at its sender for days. Read from the raw rows, because facts keep no time of the event
beside the time of landing, and know of dossiers what all their messages together say. Whole minutes,
counted one by one, so that every engine gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, Final, NamedTuple

import ibis.expr.types as ir

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vocabulary import Channel, Feed
from thuocdo.lake.schemas import EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.engine import Engine, micros
from thuocdo.measure.engine.sources import files_by_partition

_MINUTE_US: Final = 60_000_000
_TABLE: Final = "dossier_events"
_MONTHS_BACK: Final = 92
"""Days before `since` in whose home months dossiers are looked for: older ones rarely move."""
_FROM_FILES: Final = (Feed.IMPORT.value, Feed.ACCESS_LOG.value)


class Lags(NamedTuple):
    """Of how many events, and how long half and nineteen of twenty of them took at most, µs."""

    events: int
    p50: int
    p95: int


def by_minute(events: ir.Table, *, system: str, since: int) -> ir.Table:
    """(minutes, events) of what one system sent by itself and landed since an instant, µs UTC."""
    own = _own(events, system, since)
    waited = own.select(minutes=(micros(own.landed_at) - micros(own.event_time)) // _MINUTE_US)
    return waited.group_by("minutes").agg(events=waited.count().cast("int64"))


def by_channel(events: ir.Table, *, system: str, since: int) -> ir.Table:
    """(channel, events) of what one system sent by itself and landed since an instant, µs UTC."""
    own = _own(events, system, since)
    named = own.filter(own.channel.notnull() & (own.channel != Channel.UNKNOWN.value))
    return named.group_by("channel").agg(events=named.count().cast("int64"))


def _own(events: ir.Table, system: str, since: int) -> ir.Table:
    return events.filter(
        (events.system == system)
        & (micros(events.landed_at) >= since)
        & events.feed.notin(_FROM_FILES)
    )


def channels(engine: Engine, lake: Lake, system: str, since: int) -> dict[str, int]:
    """Channel → messages that name it, of what landed since an instant (µs UTC)."""
    found = _counted(engine, lake, by_channel, system, since)
    return {row["channel"]: row["events"] for row in found}


def of_system(engine: Engine, lake: Lake, system: str, since: int) -> Lags | None:
    """What landed since an instant (µs UTC); None where nothing did."""
    found = _counted(engine, lake, by_minute, system, since)
    counts = sorted((row["minutes"], row["events"]) for row in found)
    whole = sum(events for _, events in counts)
    if not whole:
        return None
    return Lags(whole, _at(counts, -(-whole // 2)), _at(counts, -(-whole * 19 // 20)))


def _at(counts: Sequence[tuple[int, int]], rank: int) -> int:
    """The lag of the event at a rank, shortest first, counted from 1; µs."""
    for minutes, events in counts:
        rank -= events
        if rank <= 0:
            return int(minutes) * _MINUTE_US
    raise ValueError("fewer events than the rank")


def _files(lake: Lake, since: int) -> list[str]:
    """None of an instance that was never initialised."""
    first = f"{clock.local_day(since) - timedelta(days=_MONTHS_BACK):%Y-%m}"
    try:
        by_month = files_by_partition(lake, _TABLE)
    except ThuocdoError as error:
        if error.code != "no_table":
            raise
        return []
    return [file for month in sorted(by_month) if month >= first for file in by_month[month]]


def _counted(
    engine: Engine, lake: Lake, make: Callable[..., ir.Table], system: str, since: int
) -> list[dict[str, Any]]:
    there = engine.scan(_files(lake, since), EVENT_TABLES[_TABLE][0], partition=True)
    rows = engine.rows(make, there, system=system, since=since)
    engine.forget()
    return rows.to_pylist()
