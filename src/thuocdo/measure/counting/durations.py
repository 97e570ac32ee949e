"""Quantiles of the time from receipt to result: exact, by nearest rank, without a quantile function.

Of n times the q-quantile is the k-th smallest, k = ceil(q·n/100): a running sum of counts over the
distinct times finds it on every engine alike. Quantiles do not add up, so agencies are brought
together before they are counted, and every piece of the facts is read at once.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.measure.counting.cells import CELLS, Batch, Question, Remember, conform, days
from thuocdo.measure.counting.dossiers import ChannelRules, channel_as_read, of_trust, rules_of
from thuocdo.measure.definitions import Duration
from thuocdo.measure.engine import Rows, union
from thuocdo.measure.view import Facts, Piece

Whose = Callable[[str], str | None]
"""Agency as the events name it → the code its dossiers are brought together under; None: nobody's."""

_PERCENT = 100


def batch(
    facts: Facts,
    asked: Question,
    pieces: Sequence[Piece],
    remember: Remember,
    whose: Whose,
    whose_key: Hashable,
) -> Batch:
    """One cell per bucket and code of `whose`: numerator k, denominator n, value the k-th time (µs).

    whose_key  equal ones name equal `whose`
    """
    files = tuple(file for piece in pieces for file in piece.key)
    key: Hashable = ("durations", files, asked.key, whose_key)

    def count() -> pa.Table:
        if not pieces:
            return CELLS.empty_table()
        engine = facts.engine
        rows = [piece.rows() for piece in pieces]
        together = rows[0] if len(rows) == 1 else engine.view(_all, *rows)
        codes = engine.rows(agencies, together)["agency"].to_pylist()
        placed = [(code, whose(code)) for code in codes if code is not None]
        known = [(code, own) for code, own in placed if own is not None]
        found = engine.rows(
            quantiles,
            *(together, days(facts, asked.periods), _pairs(facts, known)),
            term=asked.version.numerator,
            rules=rules_of(asked.version),
            verified=asked.verified,
            by_procedure=asked.by_procedure,
        )
        engine.forget()
        return conform(found)

    return Batch(key, remember(key, count))


def _pairs(facts: Facts, known: list[tuple[str, str]]) -> Rows:
    return facts.engine.hold(
        pa.table(
            {
                "agency": pa.array([code for code, _ in known], pa.string()),
                "own": pa.array([own for _, own in known], pa.string()),
            }
        )
    )


def _all(*tables: ir.Table) -> ir.Table:
    return union(tables)


def agencies(dossiers: ir.Table) -> ir.Table:
    """(agency) of DOSSIERS, each once."""
    return dossiers.select("agency").distinct()


def quantiles(
    dossiers: ir.Table,
    days: ir.Table,
    whose: ir.Table,
    *,
    term: Duration,
    rules: ChannelRules,
    verified: bool,
    by_procedure: bool,
) -> ir.Table:
    """(bucket, agency, numerator, denominator, seen, declared, last_landed, value) of DOSSIERS.

    A result before its receipt is a slip of some clock: such a dossier has no time.
    """
    vouched = of_trust(dossiers, verified=verified)
    kept = vouched.filter(vouched.resolved_us >= vouched.received_us)
    if term.channels is not None:
        kept = kept.filter(
            channel_as_read(kept.channel, rules).isin(term.channels).fill_null(False)
        )
    if term.procedures is not None:
        kept = kept.filter(kept.procedure.isin(term.procedures))
    dated = kept.select(
        "agency",
        "procedure",
        "last_landed",
        day=kept.resolved_day,
        time=kept.resolved_us - kept.received_us,
    ).join(days, "day")
    placed = dated.join(whose, "agency").select(
        "bucket", "procedure", "last_landed", "time", agency=whose.own
    )
    keys = ["bucket", "agency", *(["procedure"] if by_procedure else [])]
    times = placed.group_by([*keys, "time"]).agg(
        here=ibis._.count(), last_landed=placed.last_landed.max()
    )
    group = [times[name] for name in keys]
    ordered = times.mutate(
        so_far=times.here.sum().over(ibis.cumulative_window(group_by=group, order_by=times.time)),
        every=times.here.sum().over(ibis.window(group_by=group)),
    )
    ranked = ordered.mutate(rank=(ordered.every * term.quantile + _PERCENT - 1) // _PERCENT)
    return ranked.group_by(keys).agg(
        numerator=ranked["rank"].max().cast("int64"),
        denominator=ranked.every.max().cast("int64"),
        seen=ranked.every.max().cast("int64"),
        declared=ibis.literal(0, "int64"),
        last_landed=ranked.last_landed.max(),
        value=ranked.time.min(where=ranked.so_far >= ranked["rank"]).cast("int64"),
    )
