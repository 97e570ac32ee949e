"""The dossier cube: dossiers counted by day, agency, procedure, level and channel.

The level that counts is the catalogue's at the day of receipt (of several rows holding that day
the one with the latest `valid_from`; the exact agency's before its ministry's or province's);
where the catalogue is silent, the level the packets declare, and the row says so
(docs/architecture.md). Built from the dossiers fact alone, so a changed catalogue costs no raw read.
"""

from __future__ import annotations

from typing import Any, Final, cast

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.vocabulary import Channel, Level, Outcome, Payment
from thuocdo.measure.engine.expressions import before_first
from thuocdo.measure.facts.schemas import DOSSIERS_DAILY, columns, conform

CATALOGUE: Final = columns(
    agency=pa.string(),
    procedure=pa.string(),
    level=pa.string(),
    valid_from=pa.int32(),  # day number; open: the smallest
    valid_to=pa.int32(),  # day number, included; open: the largest
)
USED: Final = (
    *("agency", "procedure", "received_day", "resolved_day", "channel", "level_declared"),
    *("outcome", "timeliness", "payment", "returned_by_post", "digitised", "scope", "last_landed"),
    *("result_electronic", "reused"),
)
"""Columns of DOSSIERS that the cube is made of."""

_FIRST_DAY: Final = -(2**31)
_LAST_DAY: Final = 2**31 - 1
_DIMENSIONS: Final = [
    name for name in DOSSIERS_DAILY.names if name not in ("dossiers", "last_landed")
]


def catalogue(services: pa.Table) -> pa.Table:
    """Rows of the `services` dimension as CATALOGUE: days as numbers, open ends as bounds."""

    def days(name: str, bound: int) -> Any:
        return pc.fill_null(services[name].cast(pa.int32()), cast("Any", bound))

    return pa.table(
        [
            services["agency"],
            services["procedure"],
            services["level"],
            days("valid_from", _FIRST_DAY),
            days("valid_to", _LAST_DAY),
        ],
        schema=CATALOGUE,
    )


def top_of(agency: ir.Value) -> ir.Value:
    """core.codes.top_code as an expression: the ministry's or province's own code."""
    return before_first(agency, ".")


def stages_online(dossiers: ir.Table) -> ir.BooleanValue:
    """Whether a dossier went online at every stage: full-online, were its service `full`.

    Submitted online, resolved, nothing paid at the counter, no result by post; an unknown payment
    or way of return takes no dossier out (indicators/full_online_rate.yaml, notes).
    """
    return (
        (dossiers.channel == Channel.ONLINE).fill_null(False)
        & (dossiers.outcome == Outcome.RESOLVED)
        & (dossiers.payment != Payment.OFFLINE).fill_null(True)
        & ~dossiers.returned_by_post.fill_null(False)
    )


def dossiers_daily(dossiers: ir.Table, services: ir.Table) -> ir.Table:
    """Rows of DOSSIERS_DAILY of a part of the dossiers fact; `services` has CATALOGUE's shape."""
    placed = _with_level(dossiers.mutate(agency_top=top_of(dossiers.agency)), services)
    level = ibis.coalesce(placed.level_catalogue, placed.level_declared)
    full_online = (level == Level.FULL).fill_null(False) & stages_online(placed)
    facts = placed.mutate(
        level=level,
        level_source=ibis.cases(
            (placed.level_catalogue.notnull(), "catalogue"),
            (placed.level_declared.notnull(), "declared"),
            else_=ibis.null("string"),
        ),
        full_online=full_online,
    )
    received = facts.mutate(event=ibis.literal("received"), day=facts.received_day)
    resolved = facts.filter(facts.outcome == Outcome.RESOLVED).mutate(
        event=ibis.literal("resolved"), day=facts.resolved_day
    )
    rows = ibis.union(
        received.select(*_DIMENSIONS, "last_landed"), resolved.select(*_DIMENSIONS, "last_landed")
    )
    counted = rows.group_by(_DIMENSIONS).agg(
        dossiers=ibis._.count(), last_landed=rows.last_landed.max()
    )
    return conform(counted, DOSSIERS_DAILY)


def _with_level(dossiers: ir.Table, services: ir.Table) -> ir.Table:
    """`dossiers` with `level_catalogue` (null where the catalogue is silent)."""
    asked = dossiers.select("agency", "agency_top", "procedure", "received_day").distinct()
    exact = _level_on_day(asked, services, "agency")
    of_top = _level_on_day(asked, services, "agency_top")
    joined = dossiers.left_join(exact, ["agency", "procedure", "received_day"]).select(
        dossiers, exact_level=exact.level
    )
    joined = joined.left_join(of_top, ["agency_top", "procedure", "received_day"]).select(
        joined, top_level=of_top.level
    )
    return joined.mutate(level_catalogue=ibis.coalesce(joined.exact_level, joined.top_level)).drop(
        "exact_level", "top_level"
    )


def _level_on_day(asked: ir.Table, services: ir.Table, agency: str) -> ir.Table:
    """(`agency`, procedure, received_day, level): the row with the latest `valid_from` wins."""
    days = asked.select(agency, "procedure", "received_day").distinct()
    holding = days.join(
        services,
        [
            days[agency] == services.agency,
            days.procedure == services.procedure,
            services.valid_from <= days.received_day,
            days.received_day <= services.valid_to,
        ],
    ).select(
        **{agency: days[agency]},
        procedure=days.procedure,
        received_day=days.received_day,
        level=services.level,
        valid_from=services.valid_from,
    )
    return holding.group_by([agency, "procedure", "received_day"]).agg(
        level=holding.level.argmax(holding.valid_from)
    )
