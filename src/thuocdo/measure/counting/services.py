"""Services of the catalogue, and those of them that were used.

The catalogue is that of the period's last day, so a service that changed its level in the period
counts at its new one, and one withdrawn before that day no more.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import partial
from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.measure.counting.cells import (
    Batch,
    Question,
    Remember,
    conform,
    ends,
    span,
)
from thuocdo.measure.counting.daily import Daily, in_periods
from thuocdo.measure.counting.dossiers import (
    ChannelRules,
    admitted,
    channel_as_read,
    of_trust,
    rules_of,
)
from thuocdo.measure.definitions import Services
from thuocdo.measure.facts.schemas import columns
from thuocdo.measure.view import Facts, Piece

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

_SERVICE: Final = ("agency", "agency_top", "procedure")
_COUNTS: Final = ("in_numerator", "in_denominator", "dossiers")
_MEASURES: Final = (*_COUNTS, "last_landed")


def batch(facts: Facts, asked: Question, pieces: Sequence[Piece], remember: Remember) -> Batch:
    """A service used in two pieces counts once, so only what was received is kept by piece and day."""
    engine = facts.engine
    terms = {"numerator": asked.version.numerator, "denominator": asked.version.denominator}
    around = facts.fingerprint("dimensions", *span(asked.periods))

    def receive(piece: Piece) -> Daily:
        rows = engine.rows(
            received,
            *(piece.rows(), engine.hold(facts.dimensions.catalogue)),
            rules=rules_of(asked.version),
            verified=asked.verified,
            **terms,
        )
        engine.forget()
        return Daily.of(rows, _SERVICE, _COUNTS)

    def offer() -> pa.Table:
        catalogue = engine.hold(facts.dimensions.catalogue)
        found = engine.rows(offered, catalogue, ends(facts, asked.periods))
        engine.forget()
        return found

    def count() -> pa.Table:
        key = (asked.version.identity, asked.verified, around)
        parts = [
            in_periods(
                remember(("received", piece.key, key), partial(receive, piece)), asked.periods
            ).select(RECEIVED.names)
            for piece in pieces
        ]
        held = engine.hold(remember(("offered", around, asked.periods), offer))
        together = engine.hold(pa.concat_tables([RECEIVED.empty_table(), *parts]))
        found = engine.rows(services, held, together, by_procedure=asked.by_procedure, **terms)
        engine.forget()
        return conform(found)

    files = tuple(file for piece in pieces for file in piece.key)
    key: Hashable = ("cells", files, around, asked.key)
    return Batch(key, remember(key, count))


def offered(catalogue: ir.Table, ends: ir.Table) -> ir.Table:
    """(bucket, agency, procedure, level): the catalogue on each period's last day."""
    holding = catalogue.join(
        ends,
        [catalogue.valid_from <= ends.last_day, ends.last_day <= catalogue.valid_to],
    )
    return holding.group_by(["bucket", "agency", "procedure"]).agg(
        level=holding.level.argmax(holding.valid_from)
    )


def asks_use(term: Services | None) -> bool:
    """Whether a term counts used services only."""
    return term is not None and (term.with_dossiers is not None or term.with_payments is not None)


def received(
    cube: ir.Table,
    catalogue: ir.Table,
    *,
    numerator: Services,
    denominator: Services | None,
    rules: ChannelRules,
    verified: bool,
) -> ir.Table:
    """RECEIVED of a part of DOSSIERS_DAILY, by day.

    A service that the catalogue has never had of an agency itself counts for its top from the start:
    communes are thousands, and few have a catalogue of their own.
    """
    rows = of_trust(cube, verified=verified)
    rows = rows.filter((rows.event == "received") & admitted(rows.channel, rules))

    def used_as(term: Services | None) -> ir.Value:
        counted = ibis.literal(True)
        wanted = term.with_dossiers if term else None
        if wanted is not None and "any" not in wanted:
            counted &= channel_as_read(rows.channel, rules).isin(wanted).fill_null(False)
        if term is not None and term.with_payments is not None:
            counted &= rows.payment.isin(term.with_payments).fill_null(False)
        return counted.ifelse(rows.dossiers, 0).sum().cast("int64")

    counted = rows.group_by(["day", *_SERVICE]).agg(
        in_numerator=used_as(numerator),
        in_denominator=used_as(denominator),
        dossiers=rows.dossiers.sum().cast("int64"),
        last_landed=rows.last_landed.max(),
    )
    own = catalogue.select("agency", "procedure", own=ibis.literal(True)).distinct()
    placed = counted.left_join(own, ["agency", "procedure"]).select(counted, own.own)
    matched = placed.mutate(agency=placed.own.notnull().ifelse(placed.agency, placed.agency_top))
    return matched.group_by(["day", *_SERVICE]).agg(
        **{name: matched[name].sum().cast("int64") for name in _COUNTS},
        last_landed=matched.last_landed.max(),
    )


def services(
    offered: ir.Table,
    received: ir.Table,
    *,
    numerator: Services,
    denominator: Services | None,
    by_procedure: bool,
) -> ir.Table:
    """CELLS of the services offered, by what was received (without `procedure` unless asked for)."""
    service = ["bucket", "agency", "procedure"]
    used = _used(offered, received)
    terms = [numerator] if denominator is None else [numerator, denominator]
    # A service that nobody used counts nowhere when all terms ask for dossiers: save its row.
    asked = all(asks_use(term) for term in terms)
    joined = offered.join(used, service, how="inner" if asked and not by_procedure else "left")
    known = joined.select(offered, *(used[name] for name in _MEASURES))

    def counts(term: Services, dossiers: ir.Value) -> ir.Value:
        there = known.bucket.notnull()  # every one, unless the term says more
        if term.levels is not None:
            there &= known.level.isin(term.levels).fill_null(False)
        if asks_use(term):
            there &= dossiers.fill_null(0) > 0
        return there.ifelse(1, 0).sum().cast("int64")

    seen = known.dossiers.sum().fill_null(0).cast("int64")
    if not any(asks_use(term) for term in terms):
        seen = seen + known.count()  # supply alone: the catalogue is what was heard
    whole = ibis.null("int64") if denominator is None else counts(denominator, known.in_denominator)
    return known.group_by(service if by_procedure else ["bucket", "agency"]).agg(
        numerator=counts(numerator, known.in_numerator),
        denominator=whole,
        seen=seen,
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
