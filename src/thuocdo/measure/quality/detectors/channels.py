"""Where dossiers are said to come from: post counted as online, the national portal never named.

Both are constants of known clients (facts/emc.md 1C). What an agency's messages never say is held
against what the others of its block say, with a bound on the chance that it just never happened.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from fractions import Fraction

from thuocdo.core.vocabulary import Channel
from thuocdo.measure.quality.evidence import Received, Subject
from thuocdo.measure.quality.model import Row, State
from thuocdo.measure.quality.stats import log10_at_most, permille, quantile
from thuocdo.measure.quality.verdict import (
    Case,
    Detector,
    Verdict,
    by_week,
    clear,
    peers,
    summed,
    too_little,
)

_Test = Callable[[Received], bool]


def _count(rows: list[Received], test: _Test) -> int:
    return sum(row.dossiers for row in rows if test(row))


def _usual(case: Case, subject: Subject, part: _Test, whole: _Test) -> tuple[Fraction | None, int]:
    """A low share among the peers who know the thing at all, and how many of them there are."""
    shares = []
    for peer in peers(subject, case.evidence.systems):
        rows = case.evidence.received.get(peer.key, [])
        of, seen = _count(rows, whole), _count(rows, part)
        if of >= case.limit("fewest_of_a_peer") and seen:
            shares.append(Fraction(seen, of))
    return quantile(shares, case.limit("peers_quantile_permille")), len(shares)


# --- post ---------------------------------------------------------------------------------------


def _is_postal(row: Received) -> bool:
    return row.channel == Channel.POSTAL


def _has_channel(row: Received) -> bool:
    """Said by a feed that has a word for post."""
    return row.channel is not None and not row.untimed


def _postal(case: Case) -> Iterator[Verdict]:
    for subject in case.evidence.systems:
        rows = case.evidence.received.get(subject.key, [])
        contradicted = _count(rows, lambda row: row.differ)
        if contradicted >= case.limit("fewest_contradictions"):
            yield _contradicted(case, subject, rows, contradicted)
        else:
            yield _missing_post(case, subject, rows)


def _contradicted(case: Case, subject: Subject, rows: list[Received], seen: int) -> Verdict:
    """Two feeds of one system disagree about the same dossiers."""
    weeks = summed((row.week, row.dossiers) for row in rows if row.differ)
    whole = summed((row.week, row.dossiers) for row in rows)
    online = _count(rows, lambda row: row.channel == Channel.ONLINE)
    return Verdict(
        subject,
        State.FOUND,
        seen,
        case.limit("fewest_contradictions"),
        unit="count",
        evidence=by_week(case, "online ≠ postal", weeks, whole),
        numbers={"dossiers": sum(whole.values()), "postal": seen, "online": online, "expected": 0},
    )


def _missing_post(case: Case, subject: Subject, rows: list[Received]) -> Verdict:
    of = _count(rows, _has_channel)
    if of < case.limit("fewest_dossiers"):
        only_mcdt = _count(rows, lambda row: row.untimed) >= case.limit("fewest_dossiers")
        return too_little(subject, "no_word_for_post" if only_mcdt else "too_few")
    usual, others = _usual(case, subject, _is_postal, _has_channel)
    if usual is None or others < case.limit("fewest_peers"):
        return too_little(subject, "no_peers")
    seen = _count(rows, lambda row: _is_postal(row) and _has_channel(row))
    limit = case.limit("most_permille")
    if permille(seen, of) > limit:
        return clear(subject, permille(seen, of), limit)
    if log10_at_most(seen, of, usual) > case.log10_alpha:
        return too_little(subject, "too_few")
    sent = {
        channel: (
            _count(rows, lambda row: row.channel == channel and row.by_post is True),  # noqa: B023
            _count(rows, lambda row: row.channel == channel and row.by_post is not None),  # noqa: B023
        )
        for channel in (Channel.ONLINE.value, Channel.COUNTER.value)
    }
    online, counter = sent[Channel.ONLINE], sent[Channel.COUNTER]
    if online[0] < case.limit("fewest_sent_back") or _rarer(online, counter):
        return clear(subject, permille(seen, of), limit)
    expected = int(of * usual)
    weeks = summed((row.week, row.dossiers) for row in rows if _has_channel(row))
    return Verdict(
        subject,
        State.FOUND,
        permille(seen, of),
        limit,
        evidence=(
            Row(None, "postal", seen, of, expected),
            *(Row(None, f"{what}: by post", part, whole) for what, (part, whole) in sent.items()),
            *by_week(case, "postal", {}, weeks),
        ),
        numbers={"dossiers": of, "postal": seen, "online": online[1], "expected": expected},
    )


def _rarer(online: tuple[int, int], counter: tuple[int, int]) -> bool:
    """Whether results of online dossiers go back by post clearly less than those of the counter."""
    return bool(counter[1]) and online[0] * counter[1] * 5 < counter[0] * online[1] * 4


# --- the national portal ----------------------------------------------------------------------


def _says_where(row: Received) -> bool:
    return row.channel == Channel.ONLINE and row.national is not None


def _is_national(row: Received) -> bool:
    return _says_where(row) and row.national is True


def _never_national(case: Case) -> Iterator[Verdict]:
    for subject in case.evidence.systems:
        rows = case.evidence.received.get(subject.key, [])
        of = _count(rows, _says_where)
        if of < case.limit("fewest_dossiers"):
            online = _count(rows, lambda row: row.channel == Channel.ONLINE)
            silent = online >= case.limit("fewest_dossiers")
            yield too_little(subject, "not_said" if silent else "too_few")
            continue
        seen = _count(rows, _is_national)
        if seen:
            yield clear(subject, permille(seen, of), 0)
            continue
        usual, others = _usual(case, subject, _is_national, _says_where)
        if usual is None or others < case.limit("fewest_peers"):
            yield too_little(subject, "no_peers")
            continue
        if log10_at_most(0, of, usual) > case.log10_alpha:
            yield too_little(subject, "too_few")
            continue
        weeks = summed((row.week, row.dossiers) for row in rows if _says_where(row))
        yield Verdict(
            subject,
            State.FOUND,
            0,
            0,
            evidence=(
                Row(None, "national portal", 0, of, int(of * usual)),
                *by_week(case, "national portal", {}, weeks),
            ),
            numbers={"online": of, "expected": int(of * usual), "peers": others},
        )


_PEERS = ("fewest_dossiers", "fewest_of_a_peer", "fewest_peers", "peers_quantile_permille")

DETECTORS = (
    Detector(
        "postal_as_online",
        (*_PEERS, "fewest_contradictions", "most_permille", "fewest_sent_back"),
        _postal,
    ),
    Detector("always_zero_portal", _PEERS, _never_national),
)
