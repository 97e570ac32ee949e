"""What the simulation needs to know of every service: dossiers by the first stage that was not online.

The level is left out on purpose: `ready` counts the dossiers that would be full-online if only the
service were full, by the same rule the cube counts by (facts/cube.py: stages_online).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, Final, NamedTuple

import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import Channel, Outcome, Payment, Trust
from thuocdo.measure.answers import Answers
from thuocdo.measure.engine import Make, day_number
from thuocdo.measure.facts import cube
from thuocdo.measure.view import Facts, Piece

STAGES: Final = ("not_online", "unresolved", "paid_offline", "by_post")
"""Why a dossier is not full-online whatever its service's level, in the order they are asked."""

Service = tuple[str, str]
"""(agency as the events name it, procedure)."""


class Used(NamedTuple):
    """Dossiers of one service in a period: `ready` and those of STAGES add up to `dossiers`."""

    dossiers: int = 0
    online: int = 0
    ready: int = 0
    not_online: int = 0
    unresolved: int = 0
    paid_offline: int = 0
    by_post: int = 0
    full_online: int = 0


_OF_CASES: Final = Used._fields[:-1]


def total(parts: Iterable[Used]) -> Used:
    """Several services together."""
    return Used(*(sum(column) for column in zip(Used(), *parts, strict=True)))


def used(facts: Facts, remember: Answers, period: Period, trust: str) -> dict[Service, Used]:
    """Every service with dossiers received in the period.

    trust  "any" or "verified"
    """
    first, last = day_number(period.first), day_number(period.last)
    days = {"first": first, "last": last, "verified": trust == Trust.VERIFIED}

    def count(make: Make, piece: Piece) -> pa.Table:
        found = facts.engine.rows(make, piece.rows(), **days)
        facts.engine.forget()
        missing = [name for name in Used._fields if name not in found.column_names]
        for name in missing:
            found = found.append_column(name, pa.array([0] * found.num_rows, pa.int64()))
        return found.select(["agency", "procedure", *Used._fields])

    pieces = [
        (make, piece)
        for table, make in (("dossiers", cases), ("dossiers_daily", full_online))
        for piece in facts.pieces(table, first, last)
    ]

    def add_up() -> dict[Service, Used]:
        parts = [
            remember(("advice", piece.key, *days.values()), partial(count, make, piece))
            for make, piece in pieces
        ]
        return _added(parts) if parts else {}

    own = ("advised", *(piece.key for _make, piece in pieces), *days.values())
    return remember(own, add_up)


def _added(parts: list[pa.Table]) -> dict[Service, Used]:
    sums: Any = [(name, "sum") for name in Used._fields]
    summed = pa.concat_tables(parts).group_by(["agency", "procedure"]).aggregate(sums)
    names = ("agency", "procedure", *(f"{name}_sum" for name in Used._fields))
    rows: Any = zip(*(summed[name].to_pylist() for name in names), strict=True)
    return {(agency, procedure): Used(*row) for agency, procedure, *row in rows if row[0]}


def _scopes(*, verified: bool) -> list[str]:
    return ["verified", "both"] if verified else ["any", "both"]


def cases(dossiers: ir.Table, *, first: int, last: int, verified: bool) -> ir.Table:
    """(agency, procedure) and every count of Used but `full_online`, of a part of DOSSIERS."""
    own = dossiers.filter(
        dossiers.scope.isin(_scopes(verified=verified)), dossiers.received_day.between(first, last)
    )
    online = (own.channel == Channel.ONLINE).fill_null(False)
    resolved = own.outcome == Outcome.RESOLVED
    offline = (own.payment == Payment.OFFLINE).fill_null(False)
    posted = own.returned_by_post.fill_null(False)
    conditions = {
        "dossiers": own.procedure.notnull(),
        "online": online,
        "ready": cube.stages_online(own),
        "not_online": ~online,
        "unresolved": online & ~resolved,
        "paid_offline": online & resolved & offline,
        "by_post": online & resolved & ~offline & posted,
    }
    return own.group_by(["agency", "procedure"]).agg(
        **{
            name: conditions[name].ifelse(1, 0).sum().fill_null(0).cast("int64")
            for name in _OF_CASES
        }
    )


def full_online(cube_rows: ir.Table, *, first: int, last: int, verified: bool) -> ir.Table:
    """(agency, procedure, full_online) of a part of DOSSIERS_DAILY."""
    own = cube_rows.filter(
        cube_rows.scope.isin(_scopes(verified=verified)),
        cube_rows.day.between(first, last),
        cube_rows.event == "received",
    )
    return own.group_by(["agency", "procedure"]).agg(
        full_online=own.full_online.ifelse(own.dossiers, 0).sum().fill_null(0).cast("int64")
    )
