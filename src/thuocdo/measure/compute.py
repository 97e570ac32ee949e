"""Numerators and denominators: the terms of a definition as queries over the facts.

All steps of a series are computed at once: a day belongs to the buckets (periods) that hold it,
and the query groups by bucket. The result is a handful of integers per agency as the events name
it; who that agency is on which map of organisations is decided afterwards (figures.py).

Each piece of the facts is counted on its own and its counts are kept for as long as the piece is
there: when a minute of events moved one month, the others are not read again.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from datetime import date
from functools import partial
from typing import Any, NamedTuple, Protocol, TypeVar

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import Trust
from thuocdo.measure.definitions import Dossiers, Services, Version, Visits
from thuocdo.measure.engine import Rows, day_number
from thuocdo.measure.facts.schemas import columns
from thuocdo.measure.organisation import Organisation
from thuocdo.measure.view import Facts, Piece

T = TypeVar("T")


class Remember(Protocol):
    """Gives the kept answer of a key, or computes and keeps it."""

    def __call__(self, key: Hashable, compute_it: Callable[[], T]) -> T: ...


class Cell(NamedTuple):
    """Counts of one bucket and agency (and procedure), before any map of organisations.

    seen         fact rows or dossiers behind it, whether they counted or not
    declared     dossiers in the numerator by their declared level, the catalogue being silent
    last_landed  youngest event behind it, µs UTC
    """

    bucket: int
    agency: str
    procedure: str | None
    numerator: int
    denominator: int | None
    seen: int
    declared: int
    last_landed: int | None


CELLS = columns(
    bucket=pa.int32(),
    agency=pa.string(),
    procedure=pa.string(),
    numerator=pa.int64(),
    denominator=pa.int64(),
    seen=pa.int64(),
    declared=pa.int64(),
    last_landed=pa.int64(),
)
"""Many `Cell`s."""


class Batch(NamedTuple):
    """Cells that stay right together; counts of several batches add up."""

    key: Hashable
    cells: pa.Table


FACT_OF: dict[type, str] = {
    Visits: "visits_daily",
    Dossiers: "dossiers_daily",
    Services: "dossiers_daily",
}
"""The fact table that each kind of term is computed from."""


def span(periods: Sequence[Period]) -> tuple[int, int]:
    """First and last day number that any of the periods holds."""
    return (
        min(day_number(period.first) for period in periods),
        max(day_number(period.last) for period in periods),
    )


def to_cells(batches: Sequence[Batch]) -> list[Cell]:
    """The cells of all batches, one by one."""
    return [cell for batch in batches for cell in _one_by_one(batch.cells)]


def _one_by_one(cells: pa.Table) -> list[Cell]:
    values = [column.to_pylist() for column in cells.columns]
    return [Cell._make(row) for row in zip(*values, strict=True)]


def by_top(cells: pa.Table, organisation: Organisation, day: date) -> list[Cell]:
    """CELLS added up by the ministry or province that answers for them on `day`; others drop out."""
    words = cells["agency"].combine_chunks().dictionary_encode()
    tops = [organisation.top(str(code), day) for code in words.dictionary.to_pylist()]
    codes = pa.array([top.code if top else None for top in tops], pa.string())
    placed = cells.set_column(CELLS.names.index("agency"), "agency", codes.take(words.indices))
    sums = ("numerator", "denominator", "seen", "declared")
    summed = (
        placed.filter(pc.is_valid(placed["agency"]))
        .group_by(["bucket", "agency"])
        .aggregate([*((name, "sum") for name in sums), ("last_landed", "max")])
    )
    names = [name.removesuffix("_sum").removesuffix("_max") for name in summed.column_names]
    return _one_by_one(_conform(summed.rename_columns(names)))


def batches(
    facts: Facts,
    version: Version,
    periods: Sequence[Period],
    trust: str,
    remember: Remember,
    *,
    by_procedure: bool,
) -> list[Batch]:
    """The counts of `version` in each period as CELLS; bucket n is `periods[n]`.

    trust         "any" or "verified" (then the facts folded from verified events alone)
    by_procedure  one cell per procedure; for visits there is none
    """
    verified = trust == Trust.VERIFIED
    numerator = version.numerator
    pieces = facts.pieces(FACT_OF[type(numerator)], *span(periods))
    key = (version.identity, tuple(periods), trust, by_procedure)
    around = facts.fingerprint("dimensions", *span(periods))
    if isinstance(numerator, Services):
        return [_services(facts, version, periods, pieces, remember, verified, by_procedure)]

    def count(piece: Piece) -> pa.Table:
        if isinstance(numerator, Visits):
            found = _visits(facts, numerator, periods, piece, verified=verified)
        else:
            found = facts.engine.rows(
                dossiers,
                *(piece.rows(), _days(facts, periods)),
                numerator=numerator,
                denominator=version.denominator,
                verified=verified,
                by_procedure=by_procedure,
            )
        facts.engine.forget()
        return _conform(found)

    made = []
    for piece in pieces:
        own = ("cells", piece.key, key, around if isinstance(numerator, Visits) else ())
        made.append(Batch(own, remember(own, partial(count, piece))))
    return made


def _conform(cells: pa.Table) -> pa.Table:
    """As CELLS; columns that are not there are null."""
    arrays = [
        cells[field.name].cast(field.type)
        if field.name in cells.column_names
        else pa.nulls(cells.num_rows, field.type)
        for field in CELLS
    ]
    return pa.table(arrays, schema=CELLS)


def _days(facts: Facts, periods: Sequence[Period]) -> Rows:
    """(bucket, day): the days of each period."""
    pairs = [
        (bucket, day)
        for bucket, period in enumerate(periods)
        for day in range(day_number(period.first), day_number(period.end))
    ]
    return facts.engine.hold(
        pa.table(
            {
                "bucket": pa.array([bucket for bucket, _ in pairs], pa.int32()),
                "day": pa.array([day for _, day in pairs], pa.int32()),
            }
        )
    )


def _visits(
    facts: Facts, term: Visits, periods: Sequence[Period], piece: Piece, *, verified: bool
) -> pa.Table:
    found = facts.engine.rows(visits, piece.rows(), _days(facts, periods), verified=verified)
    rows: list[dict[str, Any]] = []
    for row in found.to_pylist():
        site = facts.dimensions.sites.on(row["site_id"], periods[row["bucket"]].last)
        if site is not None and site.kind in term.site_kinds:
            rows.append(row | {"agency": site.agency, "declared": 0})
    return pa.Table.from_pylist(rows, schema=CELLS)


def visits(visits_daily: ir.Table, days: ir.Table, *, verified: bool) -> ir.Table:
    """(bucket, site_id, numerator, seen, last_landed) of VISITS_DAILY."""
    counted = visits_daily.visits_verified if verified else visits_daily.visits
    dated = visits_daily.mutate(counted=counted).join(days, "day")
    return dated.group_by(["bucket", "site_id"]).agg(
        numerator=dated.counted.sum().cast("int64"),
        seen=ibis._.count(),
        last_landed=dated.last_landed.max(),
    )


def _in_buckets(cube: ir.Table, days: ir.Table, *, verified: bool) -> ir.Table:
    """The dossier cube of one trust, with the buckets of each day."""
    scopes = ["verified", "both"] if verified else ["any", "both"]
    return cube.filter(cube.scope.isin(scopes)).join(days, "day")


def dossiers(
    cube: ir.Table,
    days: ir.Table,
    *,
    numerator: Dossiers,
    denominator: Dossiers,
    verified: bool,
    by_procedure: bool,
) -> ir.Table:
    """CELLS of a part of DOSSIERS_DAILY (without `procedure` unless asked for)."""
    rows = _in_buckets(cube, days, verified=verified)
    counted = _counts(rows, numerator)
    keys = ["bucket", "agency", *(["procedure"] if by_procedure else [])]
    return rows.group_by(keys).agg(
        numerator=counted.ifelse(rows.dossiers, 0).sum().cast("int64"),
        denominator=_counts(rows, denominator).ifelse(rows.dossiers, 0).sum().cast("int64"),
        seen=rows.dossiers.sum().cast("int64"),
        declared=(counted & (rows.level_source == "declared") & _asks_level(numerator))
        .ifelse(rows.dossiers, 0)
        .sum()
        .cast("int64"),
        last_landed=rows.last_landed.max(),
    )


def _asks_level(term: Dossiers) -> ir.Value:
    return ibis.literal(term.levels is not None or term.full_online is not None)


def _counts(rows: ir.Table, term: Dossiers) -> ir.Value:
    """Whether a row of the cube counts in a term; what is unknown counts nowhere."""
    counted = rows.event == term.event
    if term.channels is not None:
        counted &= rows.channel.isin(term.channels).fill_null(False)
    if term.levels is not None:
        counted &= rows.level.isin(term.levels).fill_null(False)
    if term.full_online is not None:
        counted &= rows.full_online
    return counted


def _services(
    facts: Facts,
    version: Version,
    periods: Sequence[Period],
    pieces: Sequence[Piece],
    remember: Remember,
    verified: bool,
    by_procedure: bool,
) -> Batch:
    """A service used in two pieces counts once, so only what was received is kept by piece."""
    engine = facts.engine
    terms = {"numerator": version.numerator, "denominator": version.denominator}
    around = facts.fingerprint("dimensions", *span(periods))

    def receive(piece: Piece) -> pa.Table:
        found = engine.rows(
            received, piece.rows(), _days(facts, periods), verified=verified, **terms
        )
        engine.forget()
        return found

    def offer() -> pa.Table:
        catalogue = engine.hold(facts.dimensions.catalogue)
        found = engine.rows(offered, catalogue, _last_days(facts, periods))
        engine.forget()
        return found

    def count() -> pa.Table:
        key = (version.identity, tuple(periods), verified)
        parts = [
            remember(("received", piece.key, key), partial(receive, piece)) for piece in pieces
        ]
        held = engine.hold(remember(("offered", around, tuple(periods)), offer))
        together = engine.hold(pa.concat_tables([RECEIVED.empty_table(), *parts]))
        found = engine.rows(services, held, together, by_procedure=by_procedure, **terms)
        engine.forget()
        return _conform(found)

    files = tuple(file for piece in pieces for file in piece.key)
    key = ("cells", files, around, version.identity, tuple(periods), verified, by_procedure)
    return Batch(key, remember(key, count))


def _last_days(facts: Facts, periods: Sequence[Period]) -> Rows:
    return facts.engine.hold(
        pa.table(
            {
                "bucket": pa.array(range(len(periods)), pa.int32()),
                "last_day": pa.array([day_number(p.last) for p in periods], pa.int32()),
            }
        )
    )


def offered(catalogue: ir.Table, last_days: ir.Table) -> ir.Table:
    """(bucket, agency, procedure, level): the catalogue on each period's last day."""
    holding = catalogue.join(
        last_days,
        [catalogue.valid_from <= last_days.last_day, last_days.last_day <= catalogue.valid_to],
    )
    return holding.group_by(["bucket", "agency", "procedure"]).agg(
        level=holding.level.argmax(holding.valid_from)
    )


RECEIVED = columns(
    bucket=pa.int32(),
    agency=pa.string(),
    agency_top=pa.string(),
    procedure=pa.string(),
    in_numerator=pa.int64(),
    in_denominator=pa.int64(),
    dossiers=pa.int64(),
    last_landed=pa.int64(),
)
"""Dossiers received per service as the events name it."""

_MEASURES = ("in_numerator", "in_denominator", "dossiers", "last_landed")


def received(
    cube: ir.Table,
    days: ir.Table,
    *,
    numerator: Services,
    denominator: Services,
    verified: bool,
) -> ir.Table:
    """RECEIVED of a part of DOSSIERS_DAILY."""
    rows = _in_buckets(cube, days, verified=verified)
    rows = rows.filter(rows.event == "received")

    def by_channel(term: Services) -> ir.Value:
        wanted = term.with_dossiers
        if wanted is None or "any" in wanted:
            return rows.dossiers.sum().cast("int64")
        counted = rows.channel.isin(wanted).fill_null(False).ifelse(rows.dossiers, 0)
        return counted.sum().cast("int64")

    return rows.group_by(["bucket", "agency", "agency_top", "procedure"]).agg(
        in_numerator=by_channel(numerator),
        in_denominator=by_channel(denominator),
        dossiers=rows.dossiers.sum().cast("int64"),
        last_landed=rows.last_landed.max(),
    )


def services(
    offered: ir.Table,
    received: ir.Table,
    *,
    numerator: Services,
    denominator: Services,
    by_procedure: bool,
) -> ir.Table:
    """CELLS of the services offered, by what was received (without `procedure` unless asked for)."""
    service = ["bucket", "agency", "procedure"]
    used = _used(offered, received)
    # A service that nobody used counts nowhere when both terms ask for dossiers: save its row.
    asked = all(term.with_dossiers is not None for term in (numerator, denominator))
    joined = offered.join(used, service, how="inner" if asked and not by_procedure else "left")
    known = joined.select(offered, *(used[name] for name in _MEASURES))

    def counts(term: Services, dossiers: ir.Value) -> ir.Value:
        there = known.level.isin(term.levels).fill_null(False)
        if term.with_dossiers is not None:
            there &= dossiers.fill_null(0) > 0
        return there.ifelse(1, 0).sum().cast("int64")

    return known.group_by(service if by_procedure else ["bucket", "agency"]).agg(
        numerator=counts(numerator, known.in_numerator),
        denominator=counts(denominator, known.in_denominator),
        seen=known.dossiers.sum().fill_null(0).cast("int64"),
        declared=ibis.literal(0),
        last_landed=known.last_landed.max(),
    )


def _used(offered: ir.Table, received: ir.Table) -> ir.Table:
    """Dossiers received per service: the exact agency's service, else its ministry's or province's.

    Columns bucket, agency, procedure and those of `_MEASURES`.
    """
    keys = ["bucket", "agency", "procedure"]
    there = offered.select(*keys, exact=ibis.literal(True))
    placed = received.left_join(there, keys).select(received, there.exact)
    matched = placed.mutate(agency=placed.exact.notnull().ifelse(placed.agency, placed.agency_top))
    return matched.group_by(keys).agg(
        in_numerator=matched.in_numerator.sum(),
        in_denominator=matched.in_denominator.sum(),
        dossiers=matched.dossiers.sum(),
        last_landed=matched.last_landed.max(),
    )
