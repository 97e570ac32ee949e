"""Dossiers of the cube: each condition of a term lets some of its rows through."""

from __future__ import annotations

from typing import Any, Final

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa

from thuocdo.core.vocabulary import Channel
from thuocdo.measure.counting import cases
from thuocdo.measure.counting.cells import Question, days
from thuocdo.measure.counting.daily import Daily
from thuocdo.measure.definitions import Dossiers, Version
from thuocdo.measure.view import Facts, Piece


class ChannelRules(msgspec.Struct, frozen=True):
    """How a definition reads a dossier of unknown channel, and one sent by post (model.Version)."""

    unknown: str = "unknown"
    postal: str = "postal"


_LEFT_OUT: Final = "left_out"
_LISTED: Final = {
    "levels": "level",
    "timeliness": "timeliness",
    "outcomes": "outcome",
    "payments": "payment",
    "procedures": "procedure",
}
"""Condition that lists words → the column they are looked up in."""
_YES_NO: Final = ("digitised", "result_electronic", "reused")
_ALWAYS: Final = ("scope", "outcome", "channel", "level_source")
_FULL_ONLINE: Final = ("level", "payment", "returned_by_post")
"""Columns of a case that tell, with those looked at always, whether it was full-online."""


def rules_of(version: Version) -> ChannelRules:
    return ChannelRules(version.unknown_channel, version.postal)


COUNTS: Final = ("numerator", "denominator", "seen", "declared")
"""What is added up of dossiers."""


def count(facts: Facts, asked: Question, piece: Piece) -> pa.Table:
    """CELLS of a part of DOSSIERS_DAILY, by procedure."""
    return facts.engine.rows(
        by_procedure, piece.rows(), days(facts, asked.periods), **_choices(asked)
    )


def count_days(facts: Facts, asked: Question, piece: Piece) -> Daily:
    """The counts of a part of DOSSIERS_DAILY on each of its days."""
    if piece.cases is not None:
        terms = (asked.version.numerator, asked.version.denominator)
        return cases.count_days(
            facts.engine,
            piece.cases,
            ["agency"],
            looked_at(*(term for term in terms if isinstance(term, Dossiers))),
            COUNTS,
            added_up,
            **_choices(asked),
        )
    rows = facts.engine.rows(added_up, piece.rows(), per=("day", "agency"), **_choices(asked))
    return Daily.of(rows, ["agency"], COUNTS)


def looked_at(*terms: Dossiers) -> list[str]:
    """Columns of DOSSIERS that decide whether a case counts in any of the terms."""
    found = [*_ALWAYS]
    for term in terms:
        found += [column for name, column in _LISTED.items() if getattr(term, name) is not None]
        found += [column for column in _YES_NO if getattr(term, column) is not None]
        found += _FULL_ONLINE if term.full_online is not None else ()
    return list(dict.fromkeys(found))


def _choices(asked: Question) -> dict[str, Any]:
    return {
        "numerator": asked.version.numerator,
        "denominator": asked.version.denominator,
        "rules": rules_of(asked.version),
        "verified": asked.verified,
    }


def of_trust(rows: ir.Table, *, verified: bool) -> ir.Table:
    """The rows of a dossier fact that answer for all events, or for the verified ones."""
    return rows.filter(rows.scope.isin(["verified", "both"] if verified else ["any", "both"]))


def by_procedure(
    cube: ir.Table,
    days: ir.Table,
    *,
    numerator: Dossiers,
    denominator: Dossiers | None,
    rules: ChannelRules,
    verified: bool,
) -> ir.Table:
    """CELLS of a part of DOSSIERS_DAILY."""
    return added_up(
        cube.join(days, "day"),
        per=("bucket", "agency", "procedure"),
        numerator=numerator,
        denominator=denominator,
        rules=rules,
        verified=verified,
    )


def added_up(
    cube: ir.Table,
    *,
    per: tuple[str, ...],
    numerator: Dossiers,
    denominator: Dossiers | None,
    rules: ChannelRules,
    verified: bool,
) -> ir.Table:
    """(`per`, …) and the counts of CELLS, of some of DOSSIERS_DAILY."""
    rows = of_trust(cube, verified=verified)
    counted = counts(rows, numerator, rules)
    asks_level = numerator.levels is not None or numerator.full_online is not None
    by_declared = counted & (rows.level_source == "declared") & ibis.literal(asks_level)

    def add_up(which: ir.Value) -> ir.Value:
        return which.ifelse(rows.dossiers, 0).sum().cast("int64")

    whole = ibis.null("int64") if denominator is None else add_up(counts(rows, denominator, rules))
    return rows.group_by(list(per)).agg(
        numerator=add_up(counted),
        denominator=whole,
        seen=rows.dossiers.sum().cast("int64"),
        declared=add_up(by_declared),
        last_landed=rows.last_landed.max(),
    )


def counts(rows: ir.Table, term: Dossiers, rules: ChannelRules) -> ir.Value:
    """Whether a row of the cube counts in a term; what is unknown counts nowhere."""
    counted = (rows.event == term.event) & admitted(rows.channel, rules)
    if term.channels is not None:
        counted &= channel_as_read(rows.channel, rules).isin(term.channels).fill_null(False)
    for condition, column in _LISTED.items():
        words = getattr(term, condition)
        if words is not None:
            counted &= rows[column].isin(words).fill_null(False)
    for column in _YES_NO:
        wanted = getattr(term, column)
        if wanted is not None:
            counted &= (rows[column] == wanted).fill_null(False)
    if term.full_online is not None:
        counted &= rows.full_online
    return counted


def admitted(channel: ir.Value, rules: ChannelRules) -> ir.Value:
    """Whether a dossier of that channel counts at all."""
    allowed = ibis.literal(True)
    if rules.unknown == _LEFT_OUT:
        allowed &= channel.notnull()
    if rules.postal == _LEFT_OUT:
        allowed &= (channel != Channel.POSTAL).fill_null(True)
    return allowed


def channel_as_read(channel: ir.Value, rules: ChannelRules) -> ir.Value:
    """The channel as the definition reads it."""
    if rules.postal in (Channel.ONLINE, Channel.COUNTER):
        channel = ibis.cases((channel == Channel.POSTAL, rules.postal), else_=channel)
    return channel.fill_null(rules.unknown) if rules.unknown == Channel.COUNTER else channel
