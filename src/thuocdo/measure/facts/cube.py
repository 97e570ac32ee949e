"""The dossier cube: dossiers by day, agency, procedure, level and channel.

The level that counts is the catalogue's at the day of receipt (of several rows holding that day
the one with the latest `valid_from`; the exact agency's before its ministry's or province's);
where the catalogue is silent, the level the packets declare, and the row says so
(docs/architecture.md). It is written beside each dossier, so a changed catalogue costs no raw read.

The cube itself is not stored: a dossier has two days that count, its receipt's and its result's,
and nearly every one of them would be a row of its own. It is what the dossiers are read as.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, Final, cast

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.vocabulary import Channel, Level, Outcome, Payment
from thuocdo.measure.engine.expressions import before_first
from thuocdo.measure.facts.schemas import DOSSIERS, DOSSIERS_DAILY, columns, conform

CATALOGUE: Final = columns(
    agency=pa.string(),
    procedure=pa.string(),
    level=pa.string(),
    valid_from=pa.int32(),  # day number; open: the smallest
    valid_to=pa.int32(),  # day number, included; open: the largest
)

_FIRST_DAY: Final = -(2**31)
_LAST_DAY: Final = 2**31 - 1


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


def stretches(rows: pa.Table) -> pa.Table:
    """CATALOGUE with one row at most for a service on a day: the one with the latest `valid_from`."""
    ordered = rows.sort_by([(name, "ascending") for name in ("agency", "procedure", "valid_from")])
    if not ordered.num_rows:
        return ordered
    pairs = [ordered[name].combine_chunks() for name in ("agency", "procedure")]
    same = [pc.equal(pair[1:], pair[:-1]).to_numpy(zero_copy_only=False) for pair in pairs]
    new = np.append(True, ~(same[0] & same[1]))
    alone = new & np.append(new[1:], True)
    crowd = ordered.filter(pa.array(~alone)).to_pylist()
    begins = np.flatnonzero(new[~alone]).tolist()
    split = [
        row for first, end in pairwise([*begins, len(crowd)]) for row in _split(crowd[first:end])
    ]
    singles = ordered.filter(pa.array(alone))
    return pa.concat_tables([singles, pa.Table.from_pylist(split, schema=CATALOGUE)])


def _split(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Rows of one service, by `valid_from`, as stretches of days without a common one."""
    edges = sorted({row["valid_from"] for row in rows} | {row["valid_to"] + 1 for row in rows})
    for first, end in pairwise(edges):
        holding = [row for row in rows if row["valid_from"] <= first <= row["valid_to"]]
        if holding:
            yield holding[-1] | {"valid_from": first, "valid_to": end - 1}


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


def leveled(folded: ir.Table, services: ir.Table) -> ir.Table:
    """Rows of DOSSIERS of rows of FOLDED; `services` are `stretches` of the catalogue."""
    placed = folded.mutate(agency_top=top_of(folded.agency))
    exact = _with_level(placed, services, "agency", "exact_level")
    both = _with_level(exact, services.view(), "agency_top", "top_level")
    catalogue_level = ibis.coalesce(both.exact_level, both.top_level)
    told = both.mutate(
        level=ibis.coalesce(catalogue_level, both.level_declared),
        level_source=ibis.cases(
            (catalogue_level.notnull(), "catalogue"),
            (both.level_declared.notnull(), "declared"),
            else_=ibis.null("string"),
        ),
    )
    return conform(told, DOSSIERS)


def _with_level(dossiers: ir.Table, services: ir.Table, agency: str, name: str) -> ir.Table:
    """`dossiers` with the level that the catalogue has of their service on the day of receipt."""
    return dossiers.left_join(
        services,
        [
            dossiers[agency] == services.agency,
            dossiers.procedure == services.procedure,
            services.valid_from <= dossiers.received_day,
            dossiers.received_day <= services.valid_to,
        ],
    ).select(dossiers, **{name: services.level})


def dossiers_daily(dossiers: ir.Table) -> ir.Table:
    """Rows of DOSSIERS_DAILY of rows of DOSSIERS: each on the days that count."""
    facts = dossiers.mutate(
        agency_top=top_of(dossiers.agency),
        full_online=(dossiers.level == Level.FULL).fill_null(False) & stages_online(dossiers),
        dossiers=ibis.literal(1, "int64"),
    )
    received = facts.mutate(event=ibis.literal("received"), day=facts.received_day)
    resolved = facts.filter(facts.outcome == Outcome.RESOLVED).mutate(
        event=ibis.literal("resolved"), day=facts.resolved_day
    )
    return ibis.union(conform(received, DOSSIERS_DAILY), conform(resolved, DOSSIERS_DAILY))
