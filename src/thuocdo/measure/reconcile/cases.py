"""The dossiers of one agency, folded out of raw events, with what explanations ask for.

The published counts come from the facts; these rows only explain them. They are folded by the very
expressions that the facts are made by, so that both count alike (a test says so).
"""

from __future__ import annotations

from typing import Final

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from thuocdo.core.clock import DAY_US, OFFSET_US, Period
from thuocdo.core.vocabulary import Outcome, Status, Trust
from thuocdo.lake.schemas import DOSSIER_EVENTS
from thuocdo.lake.store import Lake
from thuocdo.measure.engine import Engine, Rows, day_number, local_day, micros
from thuocdo.measure.facts import dossiers
from thuocdo.measure.known import landed_by
from thuocdo.measure.reconcile.policy import Counted

KEY: Final = dossiers.KEY
_RECEIPTS: Final = (Status.SUBMITTED, Status.RECEIVED)


def raw(engine: Engine, lake: Lake, as_known: int) -> Rows:
    """Every dossier event that had landed by an instant, µs UTC."""
    events = engine.scan(lake.files("dossier_events"), DOSSIER_EVENTS, partition=True)
    return engine.view(landed_by, events, known=as_known)


def told_of(events: ir.Table) -> ir.Table:
    """(agency, system): who is spoken of, and by which systems."""
    return events.select("agency", "system").distinct()


def of(events: ir.Table, agencies: ir.Table, systems: ir.Table) -> ir.Table:
    """All events of the dossiers that any event lays to these agencies or these systems."""
    mine = ibis.union(
        events.semi_join(agencies, "agency").select(*KEY),
        events.semi_join(systems, "system").select(*KEY),
    )
    return events.semi_join(mine.distinct(), KEY)


def verified(events: ir.Table) -> ir.Table:
    """Those that a key vouches for."""
    return events.filter(events.trust == Trust.VERIFIED)


def folded(events: ir.Table) -> ir.Table:
    """One row a dossier: the columns of facts/dossiers.py, and

    ended_day        when it ended, in whatever way
    received_utc_day the day of receipt in UTC
    with_receipt, admitted   as `policy.Counted`
    first_us, last_us        its first and last event, µs UTC
    first_landed     when the first of its events landed, µs UTC
    last_status      what its last event says
    """
    states = dossiers.merge(dossiers.lift(events))
    timed = events.mutate(at=micros(events.event_time), landed_us=micros(events.landed_at))
    seen = timed.group_by(KEY).agg(
        first_us=timed["at"].min(),
        last_us=timed["at"].max(),
        first_landed=timed.landed_us.min(),
        with_receipt=timed.status.isin(_RECEIPTS).ifelse(1, 0).max() == 1,
        admitted=(timed.status != Status.SUBMITTED).ifelse(1, 0).max() == 1,
        last=ibis.struct({"at": timed["at"], "status": timed.status}).max(),
    )
    ended = states.select(
        *KEY,
        rejected=local_day(states.rejected_us),
        withdrawn=local_day(states.withdrawn_us),
        stopped=local_day(states.stopped_us),
    )
    rows = dossiers.finish(states)
    joined = rows.left_join(seen, KEY).select(
        rows, *(seen[name] for name in seen.columns if name not in KEY)
    )
    joined = joined.left_join(ended, KEY).select(
        joined, ended.rejected, ended.withdrawn, ended.stopped
    )
    return joined.mutate(
        last_status=joined["last"]["status"],
        received_utc_day=(joined.received_us // DAY_US).cast("int32"),
        ended_day=ibis.cases(
            (joined.outcome == Outcome.RESOLVED, joined.resolved_day),
            (joined.outcome == Outcome.REJECTED, joined.rejected),
            (joined.outcome == Outcome.WITHDRAWN, joined.withdrawn),
            (joined.outcome == Outcome.STOPPED, joined.stopped),
            else_=ibis.null("int32"),
        ),
    ).drop("last", "rejected", "withdrawn", "stopped", "flags")


def counts(rows: ir.Table, way: Counted, first: int, last: int) -> ir.Value:
    """Whether a folded dossier counts, of the day numbers `first` to `last`, both included."""
    day = {
        "received": rows.received_utc_day if way.zone == "utc" else rows.received_day,
        "resolved": rows.resolved_day,
        "returned": rows.returned_day,
        "ended": rows.ended_day,
    }[way.day]
    counted = (day >= first) & (day <= last)
    for wanted, column in (
        (way.channels, rows.channel),
        (way.timeliness, rows.timeliness),
        (way.outcomes, rows.outcome),
    ):
        if wanted is not None:
            counted &= column.isin(wanted)
    if way.admitted:
        counted &= rows.admitted
    if way.with_receipt:
        counted &= rows.with_receipt
    return counted.fill_null(False)


def tally(
    rows: ir.Table, agencies: ir.Table, *, ways: list[Counted], first: int, last: int
) -> ir.Table:
    """(way_0, way_1, …): the agencies' dossiers counted in each way."""
    mine = rows.semi_join(agencies, "agency")
    return mine.agg(
        **{
            f"way_{place}": counts(mine, way, first, last).ifelse(1, 0).sum().fill_null(0)
            for place, way in enumerate(ways)
        }
    )


def strangers(
    rows: ir.Table, agencies: ir.Table, systems: ir.Table, *, first: int, last: int
) -> ir.Table:
    """(laid_elsewhere, from_elsewhere): dossiers received, on the border between agency and system."""
    mine = rows.semi_join(agencies, "agency")
    others = rows.anti_join(agencies, "agency").semi_join(systems, "system")
    guests = mine.anti_join(systems, "system")

    def received(table: ir.Table) -> ir.Table:
        inside = counts(table, Counted("received"), first, last)
        return table.agg(dossiers=inside.ifelse(1, 0).sum().fill_null(0).cast("int64"))

    return ibis.union(
        received(others).mutate(which=ibis.literal("laid_elsewhere")),
        received(guests).mutate(which=ibis.literal("from_elsewhere")),
    )


def doubles(rows: ir.Table, agencies: ir.Table) -> ir.Table:
    """(KEY, twin_hi, twin_lo, procedure, received_day): a dossier that stopped, and the one that
    seems to go on under another number.

    Same system, agency, procedure and instant of receipt (not a bare day), exactly two of them; one
    still open, its last event before the other's last.
    """
    mine = rows.semi_join(agencies, "agency")
    exact = mine.filter((mine.received_us + OFFSET_US) % DAY_US != 0)
    group = ["system", "agency", "procedure", "received_us"]
    pairs = exact.group_by(group).agg(dossiers=ibis._.count())
    twins = exact.semi_join(pairs.filter(pairs.dossiers == 2), group)
    other = twins.view()
    met = twins.join(
        other,
        [
            *(twins[name] == other[name] for name in group),
            twins.outcome == Outcome.OPEN,
            twins.last_us < other.last_us,
        ],
    )
    return met.select(
        dossier_hi=twins.dossier_hi,
        dossier_lo=twins.dossier_lo,
        twin_hi=other.dossier_hi,
        twin_lo=other.dossier_lo,
        procedure=twins.procedure,
        received_day=twins.received_day,
    )


def one_column(engine: Engine, name: str, words: list[str]) -> Rows:
    """Words as a table to join with."""
    return engine.hold(pa.table({name: pa.array(words, pa.string())}))


def day_span(period: Period) -> tuple[int, int]:
    """First and last day number of a period."""
    return day_number(period.first), day_number(period.last)


def keys(rows: ir.Table) -> ir.Table:
    """Which dossiers there are."""
    return rows.select(*KEY)
