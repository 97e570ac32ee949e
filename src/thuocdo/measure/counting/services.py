"""Services of the catalogue, and those of them that were used.

The catalogue is that of the period's last day, so a service that changed its level in the period
counts at its new one, and one withdrawn before that day no more.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.measure.counting import cases
from thuocdo.measure.counting.catalogue import NOBODY, Bools, Catalogue, Integers
from thuocdo.measure.counting.cells import CELLS, Batch, Question, Remember, conform, span
from thuocdo.measure.counting.daily import NEVER, Daily
from thuocdo.measure.counting.dossiers import (
    ChannelRules,
    admitted,
    channel_as_read,
    of_trust,
    rules_of,
)
from thuocdo.measure.definitions import Services
from thuocdo.measure.engine import day_number
from thuocdo.measure.view import Facts, Piece

_SERVICE: Final = ("agency", "procedure")
LOOKED_AT: Final = ("scope", "channel", "payment")
"""Columns of a case that tell how it counts for its service."""
_COUNTS: Final = ("in_numerator", "in_denominator", "dossiers")


def batch(facts: Facts, asked: Question, pieces: Sequence[Piece], remember: Remember) -> Batch:
    """A service used in two pieces counts once, so only what was received is kept by piece and day."""
    engine = facts.engine
    around = facts.fingerprint("dimensions", *span(asked.periods))
    catalogue = remember(("catalogue", around), lambda: Catalogue(facts.dimensions.catalogue))

    choices = {
        "numerator": asked.version.numerator,
        "denominator": asked.version.denominator,
        "rules": rules_of(asked.version),
        "verified": asked.verified,
    }

    def receive(piece: Piece) -> Received:
        if piece.cases is not None:
            daily = cases.count_days(
                engine, piece.cases, _SERVICE, LOOKED_AT, _COUNTS, received, **choices
            )
        else:
            rows = engine.rows(received, piece.rows(), per=("day", *_SERVICE), **choices)
            daily = Daily.of(rows, _SERVICE, _COUNTS)
        engine.forget()
        return Received.of(daily, catalogue)

    def count() -> pa.Table:
        key = (asked.version.identity, asked.verified, around)
        parts = [
            remember(("received", piece.key, key), partial(receive, piece)) for piece in pieces
        ]
        found = [_cells(catalogue, asked, bucket, parts) for bucket in range(len(asked.periods))]
        return pa.concat_tables([CELLS.empty_table(), *map(conform, found)])

    files = tuple(file for piece in pieces for file in piece.key)
    key: Hashable = ("cells", files, around, asked.key)
    return Batch(key, remember(key, count))


def asks_use(term: Services | None) -> bool:
    """Whether a term counts used services only."""
    return term is not None and (term.with_dossiers is not None or term.with_payments is not None)


def received(
    cube: ir.Table,
    *,
    per: tuple[str, ...],
    numerator: Services,
    denominator: Services | None,
    rules: ChannelRules,
    verified: bool,
) -> ir.Table:
    """Dossiers received, of some of DOSSIERS_DAILY, whose service is as the events name it:
    (`per`, in_numerator, in_denominator, dossiers, last_landed)."""
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

    return rows.group_by(list(per)).agg(
        in_numerator=used_as(numerator),
        in_denominator=used_as(denominator),
        dossiers=rows.dossiers.sum().cast("int64"),
        last_landed=rows.last_landed.max(),
    )


@dataclass(frozen=True)
class Received:
    """What was received of a piece, and for each of its keys the service of the catalogue it is of.

    exact  the agency's own; top: that of its ministry or province. `NOBODY` where there never was one:
           communes are thousands, and few have a catalogue of their own
    """

    daily: Daily
    exact: Integers
    top: Integers

    @classmethod
    def of(cls, daily: Daily, catalogue: Catalogue) -> Received:
        words = daily.words
        exact = catalogue.find(words["agency"], words["procedure"])
        named = words["agency"].to_pylist()
        tops = pa.array([code and code.partition(".")[0] for code in named], pa.string())
        return cls(daily, exact, catalogue.find(tops, words["procedure"]))


@dataclass(frozen=True)
class Used:
    """Sums of what was received, a place a service; `landed` is `NEVER` where nothing was."""

    counts: dict[str, Integers]
    landed: Integers

    @property
    def any(self) -> Bools:
        there: Bools = self.landed != NEVER
        return there


def _used(catalogue: Catalogue, offered: Bools, period: Period, parts: Sequence[Received]) -> Used:
    """Dossiers received in a period: the exact agency's service where it is offered, else its top's."""
    first, last = day_number(period.first), day_number(period.last)
    counts = {name: np.zeros(len(catalogue), np.int64) for name in _COUNTS}
    landed = np.full(len(catalogue), NEVER)
    for part in parts if len(catalogue) else ():
        totals = part.daily.within(first, last)
        exact, top = part.exact[totals.code], part.top[totals.code]
        own = (exact != NOBODY) & offered[exact]
        service = np.where(own, exact, top)
        there = own | ((top != NOBODY) & offered[top])
        service = service[there]
        for name in _COUNTS:
            np.add.at(counts[name], service, totals.counts[name][there])
        np.maximum.at(landed, service, totals.landed[there])
    return Used(counts, landed)


def _cells(
    catalogue: Catalogue, asked: Question, bucket: int, parts: Sequence[Received]
) -> pa.Table:
    """CELLS of the services offered on a period's last day (without `procedure` unless asked for)."""
    numerator, denominator = asked.version.numerator, asked.version.denominator
    assert isinstance(numerator, Services)
    assert denominator is None or isinstance(denominator, Services)
    period = asked.periods[bucket]
    levels = catalogue.on(day_number(period.last))
    offered = catalogue.is_at(levels, None)
    used = _used(catalogue, offered, period, parts)
    terms = [numerator] if denominator is None else [numerator, denominator]
    # A service that nobody used counts nowhere when all terms ask for dossiers: save its row.
    asks = [asks_use(term) for term in terms]
    listed = offered & used.any if all(asks) and not asked.by_procedure else offered

    def counts(term: Services, dossiers: Integers) -> Integers:
        there = catalogue.is_at(levels, term.levels)
        if asks_use(term):
            there &= dossiers > 0
        return there[listed].astype(np.int64)

    seen = used.counts["dossiers"][listed]
    if not any(asks):
        seen = seen + 1  # supply alone: the catalogue is what was heard
    sums = {"numerator": counts(numerator, used.counts["in_numerator"]), "seen": seen}
    if denominator is not None:
        sums["denominator"] = counts(denominator, used.counts["in_denominator"])
    whose = np.flatnonzero(listed) if asked.by_procedure else catalogue.agency[listed]
    keys, inverse = np.unique(whose, return_inverse=True)
    if asked.by_procedure:
        named = {"agency": catalogue.agencies, "procedure": catalogue.procedures}
    else:
        named = {"agency": catalogue.agency_words}
    columns: dict[str, Any] = {name: words.take(keys) for name, words in named.items()}
    for name, values in sums.items():
        added_up = np.zeros(len(keys), np.int64)
        np.add.at(added_up, inverse, values)
        columns[name] = pa.array(added_up)
    landed = np.full(len(keys), NEVER)
    np.maximum.at(landed, inverse, used.landed[listed])
    nothing = np.zeros(len(keys), np.int64)
    return pa.table(
        columns
        | {
            "bucket": pa.array(nothing + bucket),
            "declared": pa.array(nothing),
            "last_landed": pa.array(landed, mask=landed == NEVER),
        }
    )
