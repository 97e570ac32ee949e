"""Numerators and denominators: the terms of a definition as queries over the facts.

All steps of a series are computed at once: a day belongs to the buckets (periods) that hold it,
and the query groups by bucket. The result is a handful of integers per agency as the events name
it; who that agency is on which map of organisations is decided afterwards (figures.py).

Each piece of the facts is counted on its own and its counts are kept for as long as the piece is
there: when a minute of events moved one month, the others are not read again. What does not add up
(quantiles, services used in several pieces, hours of feeds) is counted over all of them.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from functools import partial
from typing import Final

import pyarrow as pa

from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import Trust
from thuocdo.measure.counting import (
    dossiers,
    durations,
    feeds,
    services,
    sites,
    standing,
)
from thuocdo.measure.counting.cells import (
    CELLS,
    Batch,
    Cell,
    Count,
    Question,
    Remember,
    by_top,
    conform,
    span,
    to_cells,
)
from thuocdo.measure.counting.daily import CountDays, Daily, added, in_periods
from thuocdo.measure.counting.durations import Whose
from thuocdo.measure.definitions import (
    Dossiers,
    Duration,
    FeedHours,
    Feeds,
    Indicator,
    Interest,
    Services,
    Standing,
    Version,
    Visits,
)
from thuocdo.measure.view import Facts, Piece

__all__ = [
    "CELLS",
    "FACT_OF",
    "Batch",
    "Cell",
    "Question",
    "Remember",
    "Whose",
    "batches",
    "by_top",
    "durations_of",
    "fact_of",
    "question",
    "span",
    "to_cells",
]

FACT_OF: Final[Mapping[type, str]] = {
    Visits: "visits_daily",
    Interest: "steps_daily",
    Dossiers: "dossiers_daily",
    Services: "dossiers_daily",
    Standing: "dossiers",
    Duration: "dossiers",
    FeedHours: "intake",
    Feeds: "intake",
}
"""The fact table that each kind of term is computed from; what is not here is computed from none."""

_BY_PIECE: Final[Mapping[type, Count]] = {
    Interest: sites.count_interest,
    Dossiers: dossiers.count,
    Standing: standing.count,
}
_BY_DAY: Final[Mapping[type, CountDays]] = {
    Visits: sites.count_visits,
    Dossiers: dossiers.count_days,
}
"""Terms whose counts of any days are sums of daily ones."""
_BY_SITE: Final = (Visits, Interest)
"""Terms whose counts also depend on the registry: who runs which site."""


def fact_of(version: Version) -> str | None:
    """The fact table a version is counted from; None: from none."""
    return FACT_OF.get(type(version.numerator))


def question(
    indicator: Indicator,
    version: Version,
    periods: Sequence[Period],
    trust: str,
    by_procedure: bool,
) -> Question:
    """What is asked of the facts; `trust` is "any" or "verified"."""
    kinds = tuple(indicator.source_kinds)
    return Question(version, kinds, tuple(periods), trust == Trust.VERIFIED, by_procedure)


def batches(facts: Facts, asked: Question, remember: Remember) -> list[Batch]:
    """The counts in each period as CELLS; bucket n is `asked.periods[n]`.

    Not for durations (`durations_of`), nor for what is made of other indicators or not computable.
    """
    term = type(asked.version.numerator)
    pieces = facts.pieces(FACT_OF[term], *span(asked.periods))
    around = facts.fingerprint("dimensions", *span(asked.periods))
    if term is Services:
        return [services.batch(facts, asked, pieces, remember)]
    if term in (FeedHours, Feeds):
        files = tuple(file for piece in pieces for file in piece.key)
        key: Hashable = ("cells", files, around, asked.kinds, asked.key)
        return [Batch(key, remember(key, partial(feeds.count, facts, asked, pieces)))]

    if term in _BY_DAY and not asked.by_procedure:
        return [_of_days(facts, asked, pieces, around, remember)]

    def count(piece: Piece) -> pa.Table:
        found = _BY_PIECE[term](facts, asked, piece)
        facts.engine.forget()
        return conform(found)

    made = []
    for piece in pieces:
        own = ("cells", piece.key, asked.key, around if term in _BY_SITE else ())
        made.append(Batch(own, remember(own, partial(count, piece))))
    return made


def _of_days(
    facts: Facts, asked: Question, pieces: Sequence[Piece], around: Hashable, remember: Remember
) -> Batch:
    """The sums of all pieces, each counted once by day whatever the periods."""
    numerator = asked.version.numerator
    term = type(numerator)
    of_site = isinstance(numerator, Visits)
    # Visits are the same of whichever sites they are counted: that is seen to afterwards.
    what = term.__name__ if of_site else asked.version.identity

    def by_day(piece: Piece) -> Daily:
        found = _BY_DAY[term](facts, asked, piece)
        facts.engine.forget()
        return found

    def add_up() -> pa.Table:
        parts = []
        for piece in pieces:
            name = ("daily", piece.key, what, asked.verified)
            parts.append(in_periods(remember(name, partial(by_day, piece)), asked.periods))
        if isinstance(numerator, Visits) and parts:
            visits = added(pa.concat_tables(parts), ["bucket", "site_id"])
            kinds = numerator.site_kinds
            parts = [sites.of_agencies(facts, visits, asked.periods, kinds)]
        return pa.concat_tables([CELLS.empty_table(), *(conform(part) for part in parts)])

    files = tuple(file for piece in pieces for file in piece.key)
    own: Hashable = ("cells", files, asked.key, around if of_site else ())
    return Batch(own, remember(own, add_up))


def durations_of(
    facts: Facts, asked: Question, remember: Remember, whose: Whose, whose_key: Hashable
) -> Batch:
    """Quantiles of the agencies brought together under each code of `whose`."""
    pieces = facts.pieces(FACT_OF[Duration], *span(asked.periods))
    return durations.batch(facts, asked, pieces, remember, whose, whose_key)
