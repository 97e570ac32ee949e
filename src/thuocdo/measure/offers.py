"""Who offers what on a day: the catalogue as recommendations and checks look at it."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, Final, NamedTuple

import pyarrow as pa

from thuocdo.core.vocabulary import Level

_LOWEST_FIRST: Final = (Level.INFORMATION.value, Level.PARTIAL.value, Level.FULL.value)
_COLUMNS: Final = [
    *("agency", "procedure", "level", "reason_not_full", "valid_from", "valid_to"),
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
    latest: dict[tuple[str, str], tuple[date, Offer]] = {}
    rows: list[dict[str, Any]] = services.select(_COLUMNS).to_pylist()
    for row in rows:
        since = row["valid_from"] or date.min
        if not since <= day <= (row["valid_to"] or date.max):
            continue
        key = (row["agency"], row["procedure"])
        if key not in latest or latest[key][0] <= since:
            reason = (row["reason_not_full"] or "").strip() or None
            latest[key] = (since, Offer(*key, row["level"], reason))
    return [offer for _, offer in latest.values()]


def together(own: Iterable[Offer]) -> Offered:
    """One procedure's offers within an agency, at least one, taken as one."""
    ordered = sorted(own, key=lambda offer: (_LOWEST_FIRST.index(offer.level), offer.agency))
    low, high = ordered[0].level, ordered[-1].level
    reasons = (offer.reason_not_full for offer in ordered if offer.level != Level.FULL)
    return Offered(low, high, low != high, next((reason for reason in reasons if reason), None))
