"""Why measured and stated figures may differ: candidates found in our own data, each with its count.

Nothing here changes a figure. A candidate says how many dossiers it is about and what the measured
count would be if it held, so that people see which of them brings the two sides together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date
from statistics import median_low
from typing import Final, NamedTuple

import msgspec

from thuocdo.core.clock import Period
from thuocdo.core.working_days import is_working_day
from thuocdo.measure.engine import Engine, Rows, day_number, number_day
from thuocdo.measure.known import landed_by
from thuocdo.measure.reconcile import cases
from thuocdo.measure.reconcile.measured import Grid
from thuocdo.measure.reconcile.model import Cause, Detail
from thuocdo.measure.reconcile.policy import Counted, Policy, Way
from thuocdo.measure.reconcile.refused import Refusal

_DETAILS: Final = 40
"""Places shown of one cause; the count is of all."""


class Folded(NamedTuple):
    """An agency's dossiers in the engine, and whose they may be.

    events    all events of these dossiers, as known
    rows      `cases.folded` of them (of the verified ones alone, if so asked)
    agencies  the codes that count for the agency; `systems` its own
    """

    engine: Engine
    events: Rows
    rows: Rows
    agencies: Rows
    systems: Rows


def ways(
    policy: Policy, folded: Folded, period: Period, measured: dict[str, int]
) -> list[tuple[str, Cause]]:
    """What the counts would be, counted as others count; only where that makes a difference."""
    found = _tally(folded, folded.rows, [way.counted for way in policy.ways], period)
    return [
        (way.of, _moved(way.code, way, measured[way.of], would_be))
        for way, would_be in zip(policy.ways, found, strict=True)
        if way.of in measured and would_be != measured[way.of]
    ]


def late(
    policy: Policy, folded: Folded, period: Period, measured: dict[str, int], said_at: int
) -> list[tuple[str, Cause]]:
    """What the counts were when a stated figure was written down (µs UTC)."""
    then = folded.engine.view(landed_by, folded.events, known=said_at)
    return _recounted(policy, "late", folded, then, period, measured)


def unverified(
    policy: Policy, folded: Folded, period: Period, measured: dict[str, int]
) -> list[tuple[str, Cause]]:
    """What the counts are of the events alone that a key vouches for."""
    vouched = folded.engine.view(cases.verified, folded.events)
    return _recounted(policy, "unverified", folded, vouched, period, measured)


def _recounted(
    policy: Policy,
    code: str,
    folded: Folded,
    events: Rows,
    period: Period,
    measured: dict[str, int],
) -> list[tuple[str, Cause]]:
    rows = folded.engine.keep(cases.folded, events)
    wanted = [count for count in policy.counts if count.code in measured]
    found = _tally(folded, rows, [count.counted for count in wanted], period)
    text = policy.causes[code]
    return [
        (count.code, Cause(code, text, abs(measured[count.code] - would_be), would_be))
        for count, would_be in zip(wanted, found, strict=True)
        if would_be != measured[count.code]
    ]


def refused(policy: Policy, refusals: list[Refusal], measured: int) -> Cause | None:
    """Dossiers of which only refused messages came, by reason and day."""
    if not refusals:
        return None
    places = Counter((one.reason, one.day, one.procedure) for one in refusals)
    details = [
        Detail(dossiers, reason, day, procedure)
        for (reason, day, procedure), dossiers in places.items()
    ]
    would_be = measured + len(refusals)
    return Cause(
        "refused", policy.causes["refused"], len(refusals), would_be, details=_largest(details)
    )


def doubles(policy: Policy, folded: Folded, period: Period, measured: int) -> Cause | None:
    """Dossiers that stopped where another number of the same service and receipt goes on."""
    first, last = cases.day_span(period)
    pairs = folded.engine.rows(cases.doubles, folded.rows, folded.agencies).to_pylist()
    inside = [row for row in pairs if first <= row["received_day"] <= last]
    if not inside:
        return None
    places = Counter((row["procedure"], row["received_day"]) for row in inside)
    details = [
        Detail(dossiers, day=number_day(day), procedure=procedure)
        for (procedure, day), dossiers in places.items()
    ]
    text = policy.causes["doubles"]
    return Cause("doubles", text, len(inside), measured - len(inside), details=_largest(details))


def border(policy: Policy, folded: Folded, period: Period, measured: int) -> list[Cause]:
    """Dossiers on the border between what the agency is called and whose system they came from."""
    first, last = cases.day_span(period)
    found = folded.engine.rows(
        cases.strangers, folded.rows, folded.agencies, folded.systems, first=first, last=last
    ).to_pylist()
    made = []
    for row in sorted(found, key=lambda row: str(row["which"])):
        code, dossiers = row["which"], row["dossiers"]
        if dossiers:
            sign = 1 if code == "laid_elsewhere" else -1
            made.append(Cause(code, policy.causes[code], dossiers, measured + sign * dossiers))
    return made


def silent_days(
    policy: Policy,
    silent: list[date],
    grid: Grid,
    stated_on: Callable[[date], int | None],
) -> Cause | None:
    """Working days without any event: what is stated of them, else as much as on a middling day."""
    if not silent:
        return None
    busy = sorted(
        dossiers for day, dossiers in grid.by_day().items() if is_working_day(day) and dossiers
    )
    usual = median_low(busy) if busy else 0
    missing = [(day, stated_on(day)) for day in silent]
    details = tuple(Detail(usual if stated is None else stated, day=day) for day, stated in missing)
    dossiers = sum(detail.dossiers for detail in details)
    return Cause(
        "silent_days",
        policy.causes["silent_days"],
        dossiers,
        grid.total() + dossiers,
        estimated=any(stated is None for _, stated in missing),
        details=details[:_DETAILS],
    )


def working_days(period: Period) -> list[date]:
    """The days on which offices of Vietnam are open, as far as they are over."""
    return [
        day
        for number in range(day_number(period.first), day_number(period.end))
        if is_working_day(day := number_day(number))
    ]


def judged(found: Iterable[Cause], measured: int, stated: list[int]) -> tuple[Cause, ...]:
    """Causes with what they explain, the most telling first.

    stated  what others state of the count; empty: there is nothing to explain, nor any order
    """
    made = []
    for cause in found:
        nearer = [abs(one - cause.would_be) < abs(one - measured) for one in stated]
        exact = [cause.would_be == one != measured for one in stated]
        made.append(msgspec.structs.replace(cause, closes=any(nearer), exact=any(exact)))
    return tuple(
        sorted(made, key=lambda c: (not c.exact, not c.closes, c.estimated, -c.dossiers, c.code))
    )


def _moved(code: str, way: Way, measured: int, would_be: int) -> Cause:
    return Cause(code, way.text, abs(would_be - measured), would_be)


def _tally(folded: Folded, rows: Rows, ways_: list[Counted], period: Period) -> list[int]:
    first, last = cases.day_span(period)
    (row,) = folded.engine.rows(
        cases.tally, rows, folded.agencies, ways=ways_, first=first, last=last
    ).to_pylist()
    return [int(row[f"way_{place}"]) for place in range(len(ways_))]


def _largest(details: list[Detail]) -> tuple[Detail, ...]:
    ordered = sorted(details, key=lambda d: (-d.dossiers, d.reason, str(d.day), d.procedure or ""))
    return tuple(ordered[:_DETAILS])
