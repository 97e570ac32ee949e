"""What people did in the last minutes, by the minute it happened: for a page that is watched.

Read from the raw rows of the day, because facts know days. Robots are left out as everywhere; who
reloads endlessly is known only by a whole day, so these counts may be a little above the day's.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import ibis.expr.types as ir

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.lake.schemas import EVENT_TABLES
from thuocdo.lake.store import Lake
from thuocdo.measure.engine import Engine, micros
from thuocdo.measure.engine.sources import files_by_partition

MINUTE_US: Final = 60_000_000


class Minute(NamedTuple):
    """One minute: when it began (µs UTC), page views by people, and `trackDVC` calls by people."""

    start: int
    views: int
    steps: int


def by_minute(events: ir.Table, *, since: int, until: int) -> ir.Table:
    """(minute, events) of what people did in [since, until), µs UTC."""
    at = micros(events.event_time)
    kept = events.filter(events.bot.isnull() & (at >= since) & (at < until))
    started = kept.select(minute=micros(kept.event_time) // MINUTE_US * MINUTE_US)
    return started.group_by("minute").agg(events=started.count().cast("int64"))


def minutes(engine: Engine, lake: Lake, until: int, count: int) -> list[Minute]:
    """The last whole minutes before `until` (µs UTC), oldest first; zeros where nothing came."""
    end = until // MINUTE_US * MINUTE_US
    since = end - count * MINUTE_US
    days = {str(clock.local_day(moment)) for moment in (since, end - 1)}
    found: dict[str, dict[int, int]] = {}
    for table in ("page_views", "service_steps"):
        files = _files(lake, table, days)
        rows = engine.rows(
            by_minute,
            engine.scan(files, EVENT_TABLES[table][0], partition=True),
            since=since,
            until=end,
        )
        engine.forget()
        found[table] = {row["minute"]: row["events"] for row in rows.to_pylist()}
    return [
        Minute(at, found["page_views"].get(at, 0), found["service_steps"].get(at, 0))
        for at in range(since, end, MINUTE_US)
    ]


def _files(lake: Lake, table: str, days: set[str]) -> list[str]:
    """None of an instance that was never initialised."""
    try:
        by_day = files_by_partition(lake, table)
    except ThuocdoError as error:
        if error.code != "no_table":
            raise
        return []
    return [file for day in sorted(days) for file in by_day.get(day, ())]
