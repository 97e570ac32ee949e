"""When things happen: results piled on a month's last days, cases of seconds, counters that "go online".

Each has an honest double: tax deadlines bring receipts as well as results to a month's end, automatic
procedures do answer in seconds, firms hand in during office hours. So results are held against the
same days at peers and against the agency's own receipts, seconds against the same procedure elsewhere,
and hours of handing in against the peers who have the fewest free hours.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from fractions import Fraction
from typing import NamedTuple

from thuocdo.core.vocabulary import Channel
from thuocdo.measure.engine import day_number, number_day
from thuocdo.measure.quality.evidence import Days, Received, Resolved, Subject
from thuocdo.measure.quality.model import Row, State
from thuocdo.measure.quality.stats import log10_at_least, log10_at_most, permille, quantile
from thuocdo.measure.quality.verdict import (
    Case,
    Detector,
    Verdict,
    by_week,
    clear,
    most,
    peers,
    summed,
    too_little,
)

_ROWS = 12


# --- month-end bursts ----------------------------------------------------------------------------


class _Month(NamedTuple):
    """Working days of one whole month of the period, by what the block does, and its last ones."""

    days: frozenset[int]
    ends: frozenset[int]


def _bursts(case: Case) -> Iterator[Verdict]:
    for subject in case.evidence.systems:
        rows = case.evidence.days.get(subject.key, [])
        if sum(row.resolved for row in rows) < case.limit("fewest_a_month"):
            yield too_little(subject, "too_few")
            continue
        others = [
            row
            for one in peers(subject, case.evidence.systems)
            for row in case.evidence.days.get(one.key, [])
        ]
        yield _bursts_of(case, subject, rows, others)


def _bursts_of(case: Case, subject: Subject, rows: list[Days], others: list[Days]) -> Verdict:
    found, measured = [], 0
    score = 0
    for month in _months(case, others):
        of, seen = _within(rows, month, resolved=True)
        if of < case.limit("fewest_a_month"):
            continue
        measured += 1
        shares = [
            Fraction(part, whole)
            for whole, part in (
                _within(others, month, resolved=True),
                _within(rows, month, resolved=False),
                (len(month.days), len(month.ends)),
            )
            if whole
        ]
        usual = max(shares)
        times = int(Fraction(seen, of) * 1000 / usual)
        score = max(score, times)
        loose = min(usual * case.share("lenience_permille"), Fraction(1))
        if (
            times >= case.limit("times_permille")
            and log10_at_least(seen, of, loose) <= case.log10_alpha
        ):
            first = number_day(min(month.days)).replace(day=1)
            found.append((times, Row(first, "month's last days", seen, of, int(of * usual)), month))
    if measured < case.limit("fewest_months"):
        return too_little(subject, "too_few_months")
    threshold = case.limit("times_permille")
    if len(found) < case.limit("fewest_months") or len(found) * 3 < measured * 2:
        return clear(subject, score, threshold)
    ends = {day for _, _, month in found for day in month.ends}
    by_day = [Row(number_day(r.day), "resolved", r.resolved) for r in rows if r.day in ends]
    return Verdict(
        subject,
        State.FOUND,
        max(times for times, _, _ in found),
        threshold,
        evidence=(*(row for _, row, _ in found), *by_day),
        numbers={
            "months": len(found),
            "seen": sum(row.seen for _, row, _ in found),
            "all": sum(row.of or 0 for _, row, _ in found),
            "expected": sum(row.expected or 0 for _, row, _ in found),
        },
    )


def _within(rows: list[Days], month: _Month, *, resolved: bool) -> tuple[int, int]:
    """(dossiers of the month, of its last working days)."""
    span = (min(month.days), max(month.ends))
    whole = part = 0
    for row in rows:
        count = row.resolved if resolved else row.received
        whole += count if span[0] <= row.day <= span[1] + 2 else 0  # what a weekend moves counts
        part += count if row.day in month.ends else 0
    return whole, part


def _months(case: Case, others: list[Days]) -> list[_Month]:
    """Months wholly in the period; a working day is one on which the block works as on half of them."""
    by_day = summed((row.day, row.resolved) for row in others)
    found = []
    day = case.evidence.period.first
    while day <= case.evidence.period.last:
        first = day.replace(day=1)
        following = (first + timedelta(days=32)).replace(day=1)
        if (
            first >= case.evidence.period.first
            and following - timedelta(days=1) <= case.evidence.period.last
        ):
            days = range(day_number(first), day_number(following))
            counts = sorted(by_day.get(one, 0) for one in days)
            median = counts[len(counts) // 2]
            working = [one for one in days if by_day.get(one, 0) * 2 >= median > 0]
            if len(working) >= case.limit("fewest_working_days"):
                ends = frozenset(working[-case.limit("last_days") :])
                found.append(_Month(frozenset(working), ends))
        day = following
    return found


# --- opened and closed in seconds -------------------------------------------------------------------


class _Pace(NamedTuple):
    """Of one procedure at one system: dossiers whose times tell, and those of seconds."""

    timed: int
    fast: int
    timed_away: int  # not handed in online
    fast_away: int


_NONE = _Pace(0, 0, 0, 0)


def _paces(rows: list[Resolved]) -> dict[str, _Pace]:
    found: dict[str, _Pace] = {}
    for row in rows:
        if row.fast is not None:
            fast = row.dossiers if row.fast else 0
            away = row.channel != Channel.ONLINE
            more = (row.dossiers, fast, row.dossiers * away, fast * away)
            before = found.get(row.procedure, _NONE)
            found[row.procedure] = _Pace(*(a + b for a, b in zip(before, more, strict=True)))
    return found


def _seconds(case: Case) -> Iterator[Verdict]:
    paces = {
        subject.key: _paces(case.evidence.resolved.get(subject.key, []))
        for subject in case.evidence.systems
    }
    for subject in case.evidence.systems:
        others = [paces[one.key] for one in case.evidence.systems if one.key != subject.key]
        yield _seconds_of(case, subject, paces[subject.key], others)


def _seconds_of(
    case: Case, subject: Subject, own: dict[str, _Pace], others: list[dict[str, _Pace]]
) -> Verdict:
    rows, of, seen, expected = [], 0, 0, Fraction(0)
    for procedure, pace in sorted(own.items()):
        compared = _compared(case, pace, [o[procedure] for o in others if procedure in o])
        if compared is not None:
            timed, fast, usual = compared
            of, expected = of + timed, expected + timed * usual
            if fast > timed * usual:
                seen += fast
                rows.append(Row(None, procedure, fast, timed, int(timed * usual)))
    if of < case.limit("fewest_dossiers"):
        return too_little(subject, "no_times" if not own else "too_few")
    share, threshold = permille(seen, of), case.limit("fast_permille")
    if seen < case.limit("fewest_fast") or share < threshold:
        return clear(subject, share, threshold)
    if log10_at_least(seen, of, expected / of) > case.log10_alpha:
        return clear(subject, share, threshold)
    return Verdict(
        subject,
        State.FOUND,
        share,
        threshold,
        evidence=most(rows, _ROWS),
        numbers={"fast": seen, "dossiers": of, "expected": int(expected)},
    )


def _compared(case: Case, pace: _Pace, same: list[_Pace]) -> tuple[int, int, Fraction] | None:
    """(dossiers, fast ones, share of fast ones to allow); None: a procedure that says nothing.

    One that answers nearly every online dossier at once is automatic; what comes to its counter is not.
    Where nobody else has the procedure, part of it may be automatic, so only the counter's are looked at.
    """
    online, fast_online = pace.timed - pace.timed_away, pace.fast - pace.fast_away
    automatic = online > 0 and permille(fast_online, online) >= case.limit("automatic_permille")
    allowed = case.share("always_permille")
    timed, fast = sum(one.timed for one in same), sum(one.fast for one in same)
    if timed < case.limit("fewest_of_peers"):
        return (pace.timed_away, pace.fast_away, allowed) if pace.timed_away else None
    usual = max(Fraction(fast, timed) * case.share("lenience_permille"), allowed)
    if usual >= 1:
        return None
    if automatic:
        return (pace.timed_away, pace.fast_away, usual) if pace.timed_away else None
    return pace.timed, pace.fast, usual


# --- "online" from the counter --------------------------------------------------------------------


def _free(rows: list[Received]) -> tuple[int, int]:
    """(online dossiers submitted in people's free hours, all online ones whose hour is told)."""
    told = [row for row in rows if row.channel == Channel.ONLINE and row.free is not None]
    return sum(r.dossiers for r in told if r.free), sum(r.dossiers for r in told)


def _office_hours(case: Case) -> Iterator[Verdict]:
    counts = {
        subject.key: _free(case.evidence.received.get(subject.key, []))
        for subject in case.evidence.systems
    }
    fewest = case.limit("fewest_dossiers")
    for subject in case.evidence.systems:
        free, of = counts[subject.key]
        if of < fewest:
            rows = case.evidence.received.get(subject.key, [])
            online = sum(row.dossiers for row in rows if row.channel == Channel.ONLINE)
            yield too_little(subject, "no_times" if online >= fewest else "too_few")
            continue
        others = [counts[one.key] for one in peers(subject, case.evidence.systems)]
        shares = [Fraction(*pair) for pair in others if pair[1] >= fewest]
        low = quantile(shares, case.limit("peers_quantile_permille"))
        if low is None or len(shares) < case.limit("fewest_peers"):
            yield too_little(subject, "no_peers")
            continue
        lenient = low * case.share("lenience_permille")
        threshold = int(lenient * 1000)
        share = permille(free, of)
        if log10_at_most(free, of, lenient) > case.log10_alpha:
            # At this number of dossiers not even none at all would have been beyond chance.
            blind = log10_at_most(0, of, lenient) > case.log10_alpha
            yield too_little(subject, "too_few") if blind else clear(subject, share, threshold)
            continue
        yield _from_the_counter(case, subject, (free, of), int(of * low), threshold)


def _from_the_counter(
    case: Case, subject: Subject, seen: tuple[int, int], expected: int, threshold: int
) -> Verdict:
    rows = case.evidence.received.get(subject.key, [])
    told = [row for row in rows if row.channel == Channel.ONLINE and row.free is not None]
    free = summed((row.week, row.dossiers) for row in told if row.free)
    whole = summed((row.week, row.dossiers) for row in told)
    return Verdict(
        subject,
        State.FOUND,
        permille(*seen),
        threshold,
        evidence=(
            Row(None, "free hours", *seen, expected),
            *by_week(case, "free hours", free, whole),
        ),
        numbers={"online": seen[1], "free": seen[0], "expected": expected},
    )


_QUANTILE = ("fewest_dossiers", "fewest_peers", "peers_quantile_permille", "lenience_permille")

DETECTORS = (
    Detector(
        "month_end_burst",
        (
            *("fewest_a_month", "fewest_months", "fewest_working_days", "last_days"),
            *("times_permille", "lenience_permille"),
        ),
        _bursts,
    ),
    Detector(
        "closed_in_seconds",
        (
            *("fewest_dossiers", "fewest_fast", "fast_permille", "fewest_of_peers"),
            *("automatic_permille", "lenience_permille", "always_permille"),
        ),
        _seconds,
    ),
    Detector("office_hours_online", _QUANTILE, _office_hours),
)
