"""Who offers what on a day: the catalogue as recommendations and checks look at it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.vocabulary import Level

_LOWEST_FIRST: Final = (Level.INFORMATION.value, Level.PARTIAL.value, Level.FULL.value)
_COLUMNS: Final = [
    *("agency", "procedure", "level", "reason_not_full"),
]


class Offer(NamedTuple):
    """A procedure as one agency, or a unit of it, offers it."""

    agency: str
    procedure: str
    level: str
    reason_not_full: str | None


class Offered(NamedTuple):
    """A procedure as an agency with all its units offers it.

    level   the lowest of them; `mixed` when they differ; `best` is the highest
    reason_not_full   what the catalogue says of one that is not full
    """

    level: str
    best: str
    mixed: bool
    reason_not_full: str | None


def offers(services: pa.Table, day: date) -> list[Offer]:
    """The catalogue on a day; of several rows of a service the one with the latest `valid_from`.

    services  rows of the `services` dimension
    """
    asked = pa.scalar(day)
    since: Any = pc.fill_null(services["valid_from"], pa.scalar(date.min))
    until: Any = pc.fill_null(services["valid_to"], pa.scalar(date.max))
    holding: Any = pc.and_(pc.less_equal(since, asked), pc.greater_equal(until, asked))
    found = services.select(_COLUMNS).append_column("since", since).filter(holding)
    ordered = found.take(pc.sort_indices(found["since"]))
    columns = (column.to_pylist() for column in ordered.select(_COLUMNS).columns)
    # Of several rows that hold the day the one that began last stays.
    latest = {(row[0], row[1]): row for row in zip(*columns, strict=True)}
    return [
        Offer(agency, procedure, level, (reason or "").strip() or None)
        for agency, procedure, level, reason in latest.values()
    ]


def together(own: Iterable[Offer]) -> Offered:
    """One procedure's offers within an agency, at least one, taken as one."""
    ordered = sorted(own, key=lambda offer: (_LOWEST_FIRST.index(offer.level), offer.agency))
    low, high = ordered[0].level, ordered[-1].level
    reasons = (offer.reason_not_full for offer in ordered if offer.level != Level.FULL)
    return Offered(low, high, low != high, next((reason for reason in reasons if reason), None))
