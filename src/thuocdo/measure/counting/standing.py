"""Dossiers as they stood at the end of a period: what happened later does not count."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.measure.counting.cells import Question, ends
from thuocdo.measure.counting.dossiers import ChannelRules, admitted, of_trust, rules_of
from thuocdo.measure.definitions import Standing
from thuocdo.measure.view import Facts, Piece

_SEVERAL = 2
"""`supplements` of DOSSIERS for two and more."""


def count(facts: Facts, asked: Question, piece: Piece) -> pa.Table:
    """CELLS of a part of DOSSIERS."""
    return facts.engine.rows(
        standing,
        *(piece.rows(), ends(facts, asked.periods)),
        numerator=asked.version.numerator,
        denominator=asked.version.denominator,
        missing_due=asked.version.missing_due,
        rules=rules_of(asked.version),
        verified=asked.verified,
        by_procedure=asked.by_procedure,
    )


def standing(
    dossiers: ir.Table,
    ends: ir.Table,
    *,
    numerator: Standing,
    denominator: Standing | None,
    missing_due: str,
    rules: ChannelRules,
    verified: bool,
    by_procedure: bool,
) -> ir.Table:
    """CELLS of a part of DOSSIERS (without `procedure` unless asked for)."""
    vouched = of_trust(dossiers, verified=verified)
    rows = vouched.join(
        ends,
        [ends.first_day <= vouched.received_day, vouched.received_day <= ends.last_day],
    )
    allowed = rows.received_day.notnull() & admitted(rows.channel, rules)
    judged = rows.due_day.notnull() if missing_due == "left_out" else rows.received_day.notnull()

    def add_up(which: ir.Value) -> ir.Value:
        return which.ifelse(1, 0).sum().cast("int64")

    def counts(term: Standing) -> ir.Value:
        counted = allowed & judged
        return counted & _in_time(rows, term, missing_due) if term.in_time else counted

    whole = ibis.null("int64") if denominator is None else add_up(counts(denominator))
    keys = ["bucket", "agency", *(["procedure"] if by_procedure else [])]
    return rows.group_by(keys).agg(
        numerator=add_up(counts(numerator)),
        denominator=whole,
        seen=ibis._.count(),
        declared=ibis.literal(0, "int64"),
        last_landed=rows.last_landed.max(),
        left_out=add_up(allowed & ~judged),
    )


def _in_time(rows: ir.Table, term: Standing, missing_due: str) -> ir.Value:
    """Whether a dossier had ended by its due day, or had not ended and was not overdue."""
    last = rows.last_day

    def by_then(day: ir.Value) -> ir.Value:
        return (day <= last).ifelse(day, ibis.null("int32"))

    asked_again = (rows.supplements == _SEVERAL) & (rows.supplement_last_day <= last).fill_null(
        False
    )
    ended = ibis.coalesce(
        *(by_then(day) for day in (rows.completed_day, rows.returned_day)),
        *(by_then(day) for day in (rows.refused_day, rows.withdrawn_day)),
        by_then(rows.supplement_day),
        last,
    )
    in_time = (ended <= rows.due_day).fill_null(missing_due == "in_time")
    return in_time & ~asked_again if term.many_supplements else in_time
