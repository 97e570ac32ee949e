"""Were the feeds up? Of the hours in which a source was expected, in how many did it send anything?

An hour counts as heard when any record of the source landed in it, a robot's and a refused one
included: the connection was there. Imported files and access logs are no connection. Portals are
heard by their site, one-stop systems by the system of their messages. Hours are expected from the
first to the last day the registry has the source for, and only up to the hour of the youngest event
the facts know: what has not been yet is not silence.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.vocabulary import Feed, SystemKind, Trust
from thuocdo.measure.counting.cells import CELLS, Question
from thuocdo.measure.definitions import FeedHours, Feeds
from thuocdo.measure.engine import day_number
from thuocdo.measure.facts.intake import HOUR_US
from thuocdo.measure.register import Source
from thuocdo.measure.view import Facts, Piece

_NO_CONNECTION: Final = (Feed.IMPORT.value, Feed.ACCESS_LOG.value)
_HOURS_A_DAY: Final = DAY_US // HOUR_US


class _Expected(NamedTuple):
    """One source in one bucket: the hours in which it was expected, from `first` to before `end`."""

    bucket: int
    source: Source
    first: int
    end: int


def count(facts: Facts, asked: Question, pieces: Sequence[Piece]) -> pa.Table:
    """CELLS of INTAKE: hours, or sources, heard and expected."""
    expected = list(_expected(facts, asked.periods, asked.kinds))
    heard: dict[tuple[int, int | str], set[int]] = {}
    landed: dict[tuple[int, int | str], int] = {}
    for piece in pieces:
        found = facts.engine.rows(
            hours, piece.rows(), _wanted(facts, expected), verified=asked.verified
        )
        facts.engine.forget()
        for row in found.to_pylist():
            key = (row["bucket"], row["site_id"] if row["system"] is None else row["system"])
            heard.setdefault(key, set()).add(row["hour"])
            landed[key] = max(landed.get(key, 0), row["last_landed"])
    rows: list[dict[str, Any]] = []
    for each in expected:
        key = (each.bucket, each.source.key)
        inside = {hour for hour in heard.get(key, ()) if each.first <= hour < each.end}
        rows.append(
            {
                "bucket": each.bucket,
                "agency": each.source.agency,
                "numerator": _value(asked.version.numerator, each, inside),
                "denominator": _value(asked.version.denominator, each, inside),
                "seen": 1,
                "declared": 0,
                "last_landed": landed.get(key),
            }
        )
    return pa.Table.from_pylist(rows, schema=CELLS)


def _value(term: object, each: _Expected, heard: set[int]) -> int | None:
    if isinstance(term, FeedHours):
        return len(heard) if term.heard else each.end - each.first
    if isinstance(term, Feeds):
        if term.heard_within_hours is None:
            return 1
        return int(any(hour >= each.end - term.heard_within_hours for hour in heard))
    return None


def _expected(facts: Facts, periods: Sequence[Period], kinds: Sequence[str]) -> Iterable[_Expected]:
    horizon = -(-(facts.until + OFFSET_US) // HOUR_US)
    by_site = [kind for kind in kinds if kind != SystemKind.ONE_STOP]
    by_system = [kind for kind in kinds if kind == SystemKind.ONE_STOP]
    for bucket, period in enumerate(periods):
        sources = [
            *facts.dimensions.sites.expected(by_site, period),
            *facts.dimensions.systems.expected(by_system, period),
        ]
        for source in sources:
            begins = max(source.starts, period.first)
            last = min(source.valid_to or period.last, period.last)
            first = day_number(begins) * _HOURS_A_DAY
            end = min((day_number(last) + 1) * _HOURS_A_DAY, horizon)
            if first < end:
                yield _Expected(bucket, source, first, end)


def _wanted(facts: Facts, expected: Sequence[_Expected]) -> Any:
    keys = [each.source.key for each in expected]
    return facts.engine.hold(
        pa.table(
            {
                "bucket": pa.array([each.bucket for each in expected], pa.int32()),
                "site": pa.array([k if isinstance(k, int) else None for k in keys], pa.int64()),
                "sender": pa.array([k if isinstance(k, str) else None for k in keys], pa.string()),
                "first_hour": pa.array([each.first for each in expected], pa.int32()),
                "end_hour": pa.array([each.end for each in expected], pa.int32()),
            }
        )
    )


def hours(intake: ir.Table, wanted: ir.Table, *, verified: bool) -> ir.Table:
    """(bucket, site_id, system, hour, last_landed): the hours in which each source was heard."""
    rows = intake.filter(~intake.feed.isin(_NO_CONNECTION))
    if verified:
        rows = rows.filter(rows.trust == Trust.VERIFIED)
    inside = [wanted.first_hour <= rows.hour, rows.hour < wanted.end_hour]
    of_sites = rows.join(wanted, [rows.site_id == wanted.site, *inside])
    of_systems = rows.join(wanted, [rows.system == wanted.sender, *inside])
    keys = ["bucket", "site_id", "system", "hour"]
    both = ibis.union(*(found.select(*keys, "last_landed") for found in (of_sites, of_systems)))
    return both.group_by(keys).agg(last_landed=both.last_landed.max())
