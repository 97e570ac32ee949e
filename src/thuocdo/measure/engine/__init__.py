"""Engines: where facts and indicators are computed, behind one URL (`THUOCDO_ENGINE`).

Facts and indicators are Ibis expressions over integers of microseconds and days, so that the same
expressions run in DuckDB within the process and on any Spark Connect server, and agree to the last
digit (docs/engines.md). Everything else about engines is here: what they all do (`Engine`), the
statements an expression becomes, and the two of them.
"""

from __future__ import annotations

from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import DUCKDB, Settings
from thuocdo.measure.engine.duckdb import DuckDBEngine
from thuocdo.measure.engine.expressions import (
    date_number,
    day_number,
    local_day,
    micros,
    number_day,
    same,
    union,
)
from thuocdo.measure.engine.shape import Engine, Make, Rows, write_parquet
from thuocdo.measure.engine.sources import batched, files_by_partition

__all__ = [
    "Engine",
    "Make",
    "Rows",
    "batched",
    "date_number",
    "day_number",
    "files_by_partition",
    "local_day",
    "micros",
    "number_day",
    "open_engine",
    "same",
    "union",
    "write_parquet",
]


def open_engine(settings: Settings, *, memory_limit: str) -> Engine:
    """The engine that the instance's settings name.

    memory_limit  what DuckDB may hold before it spills; a server has limits of its own
    Raises ThuocdoError `engine_not_installed`, `engine_unreachable`, `engine_cannot_see` or
    `engine_failed`.
    """
    if settings.engine == DUCKDB:
        return DuckDBEngine(settings.home, memory_limit=memory_limit)
    try:
        from thuocdo.measure.engine.spark import SparkEngine  # noqa: PLC0415 - an extra, [spark]
    except ImportError as missing:
        raise ThuocdoError(
            "engine_not_installed",
            f"THUOCDO_ENGINE is {settings.engine}, but the client of Spark is not installed.",
            'Install it: pip install "thuocdo[spark]"; or leave THUOCDO_ENGINE unset for DuckDB.',
        ) from missing
    return SparkEngine(settings.home, settings.engine)
