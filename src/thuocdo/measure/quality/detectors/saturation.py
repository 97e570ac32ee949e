"""Numbers too good: not one dossier at the counter, not one late, among very many (ANCHORS.md).

A small office may well be perfect, and a procedure that everybody does online is online everywhere.
So perfection is a question only where the same procedures at peers would have left so many exceptions
that none at all is beyond chance; and being never late only where many results fall on the very due
day and none on the next, which is how dates that were put back look.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from thuocdo.core.vocabulary import Channel, Timeliness
from thuocdo.measure.quality.evidence import Procedures, Subject
from thuocdo.measure.quality.model import Row, State
from thuocdo.measure.quality.stats import log10_at_most, permille, quantile
from thuocdo.measure.quality.verdict import (
    Case,
    Detector,
    Verdict,
    clear,
    most,
    peers,
    too_little,
)

_ROWS = 12
_Counts = dict[str, tuple[int, int]]  # procedure → (online, all with a known channel)


# --- everything online ----------------------------------------------------------------------------


def _channels(rows: list[Procedures]) -> _Counts:
    found: _Counts = {}
    for row in rows:
        if row.channel is not None:
            online, of = found.get(row.procedure, (0, 0))
            more = row.dossiers if row.channel == Channel.ONLINE else 0
            found[row.procedure] = (online + more, of + row.dossiers)
    return found


def _online(case: Case) -> Iterator[Verdict]:
    counts = {
        subject.key: _channels(case.evidence.procedures.get(subject.key, []))
        for subject in case.evidence.systems
    }
    for subject in case.evidence.systems:
        others = [counts[one.key] for one in peers(subject, case.evidence.systems)]
        yield _online_of(case, subject, counts[subject.key], others)


def _online_of(case: Case, subject: Subject, own: _Counts, others: list[_Counts]) -> Verdict:
    if sum(of for _, of in own.values()) < case.limit("fewest_dossiers"):
        return too_little(subject, "too_few")
    rows = []
    expected = Fraction(0)
    for procedure, (online, of) in sorted(own.items()):
        same = [other[procedure] for other in others if procedure in other]
        whole = sum(count for _, count in same)
        if whole < case.limit("fewest_of_peers"):
            continue
        away = Fraction(of * (whole - sum(online for online, _ in same)), whole)
        expected += away
        rows.append(Row(None, procedure, of - online, of, int(away)))
    compared = sum(row.of or 0 for row in rows)
    if compared < case.limit("fewest_dossiers"):
        return too_little(subject, "no_peers")
    seen = sum(row.seen for row in rows)
    share, threshold = permille(seen, compared), case.limit("most_permille")
    if share > threshold:
        return clear(subject, share, threshold)
    lenient = expected * case.share("lenience_permille") / compared
    if log10_at_most(seen, compared, lenient) > case.log10_alpha:
        return too_little(subject, "too_few")
    busiest = sorted(rows, key=lambda row: (-(row.expected or 0), row.what))[:_ROWS]
    return Verdict(
        subject,
        State.FOUND,
        share,
        threshold,
        evidence=(Row(None, "≠ online", seen, compared, int(expected)), *busiest),
        numbers={"dossiers": compared, "others": seen, "expected": int(expected)},
    )


# --- nothing late ----------------------------------------------------------------------------------


def _at_the_deadline(case: Case, subject: Subject) -> tuple[int, int]:
    """(late, resolved on the due day or later): who is fast never comes near the due day."""
    late = on_the_day = 0
    for row in case.evidence.resolved.get(subject.key, []):
        late += row.dossiers if row.timeliness == Timeliness.LATE else 0
        on_the_day += row.dossiers if row.timeliness == Timeliness.ON_TIME else 0
    return late, late + on_the_day


def _on_time(case: Case) -> Iterator[Verdict]:
    counts = {subject.key: _at_the_deadline(case, subject) for subject in case.evidence.systems}
    fewest = case.limit("fewest_at_the_deadline")
    for subject in case.evidence.systems:
        late, of = counts[subject.key]
        if of < fewest:
            yield too_little(subject, "too_few")
            continue
        others = [counts[one.key] for one in peers(subject, case.evidence.systems)]
        shares = [Fraction(*pair) for pair in others if pair[1] >= fewest]
        usual = quantile(shares, case.limit("peers_quantile_permille"))
        if usual is None or len(shares) < case.limit("fewest_peers"):
            yield too_little(subject, "no_peers")
            continue
        share, threshold = permille(late, of), case.limit("most_permille")
        if share > threshold:
            yield clear(subject, share, threshold)
        elif log10_at_most(late, of, usual * case.share("lenience_permille")) > case.log10_alpha:
            yield too_little(subject, "too_few")
        else:
            yield _never_late(case, subject, (late, of), int(of * usual))


def _never_late(case: Case, subject: Subject, seen: tuple[int, int], expected: int) -> Verdict:
    late, of = seen
    return Verdict(
        subject,
        State.FOUND,
        permille(late, of),
        case.limit("most_permille"),
        evidence=(Row(None, "late", late, of, expected), *_by_procedure(case, subject)),
        numbers={"deadline": of, "late": late, "expected": expected},
    )


def _by_procedure(case: Case, subject: Subject) -> tuple[Row, ...]:
    """The procedures with most results on the very due day, of all with a due date."""
    found: dict[str, tuple[int, int]] = {}
    for row in case.evidence.resolved.get(subject.key, []):
        if row.timeliness in (None, Timeliness.NO_DUE_DATE):
            continue
        good, of = found.get(row.procedure, (0, 0))
        on_the_day = row.dossiers if row.timeliness == Timeliness.ON_TIME else 0
        found[row.procedure] = (good + on_the_day, of + row.dossiers)
    return most([Row(None, what, good, of) for what, (good, of) in found.items()], _ROWS)


DETECTORS = (
    Detector(
        "saturated_online",
        ("fewest_dossiers", "fewest_of_peers", "most_permille", "lenience_permille"),
        _online,
    ),
    Detector(
        "saturated_on_time",
        (
            *("fewest_at_the_deadline", "fewest_peers", "peers_quantile_permille"),
            *("most_permille", "lenience_permille"),
        ),
        _on_time,
    ),
)
