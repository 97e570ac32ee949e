"""Levels that say nothing: constant ones, and partial services declared as full (facts/emc.md 1C).

OpenCPS sends level 3 whatever the dossier is; Tân Dân's client sends 4 for 3 and 4. Held against the
catalogue's word at receipt, so that an agency all of whose services are full may always say so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from thuocdo.core.vocabulary import Level
from thuocdo.measure.quality.evidence import Received, Subject
from thuocdo.measure.quality.model import Row, State
from thuocdo.measure.quality.stats import permille
from thuocdo.measure.quality.verdict import (
    Case,
    Detector,
    Verdict,
    by_week,
    clear,
    first_week,
    summed,
    too_little,
)


def _constant(case: Case) -> Iterator[Verdict]:
    for subject in case.evidence.systems:
        yield _constant_of(case, subject, case.evidence.received.get(subject.key, []))


def _constant_of(case: Case, subject: Subject, rows: list[Received]) -> Verdict:
    declared: Counter[str] = Counter()
    for row in rows:
        if row.declared is not None:
            declared[row.declared] += row.dossiers
    if declared.total() < case.limit("fewest_dossiers"):
        return too_little(subject, "too_few" if rows else "nothing_received")
    known = [row for row in rows if row.declared is not None and row.catalogue is not None]
    of = sum(row.dossiers for row in known)
    if of < case.limit("fewest_dossiers"):
        return too_little(subject, "no_catalogue")
    word, said = declared.most_common(1)[0]
    constant = permille(said, declared.total())
    threshold = case.limit("constant_permille")
    other = [row for row in known if row.declared == word and row.catalogue != word]
    differing = sum(row.dossiers for row in other)
    enough = differing >= case.limit("fewest_differing") and permille(differing, of) >= case.limit(
        "differing_permille"
    )
    if constant < threshold or not enough:
        return clear(subject, constant, threshold)
    pairs = Counter[str]()
    for row in known:
        pairs[f"{row.catalogue} → {row.declared}"] += row.dossiers
    seen = summed((row.week, row.dossiers) for row in other)
    weeks = by_week(case, f"≠ {word}", seen, summed((row.week, row.dossiers) for row in known))
    return Verdict(
        subject,
        State.FOUND,
        constant,
        threshold,
        since=first_week(case, seen),
        evidence=(*(Row(None, what, count, of) for what, count in pairs.most_common()), *weeks),
        numbers={"declared": declared.total(), "level": word, "differing": differing, "known": of},
    )


def _raised(case: Case) -> Iterator[Verdict]:
    for subject in case.evidence.systems:
        rows = case.evidence.received.get(subject.key, [])
        partial = [row for row in rows if row.catalogue == Level.PARTIAL and row.declared]
        of = sum(row.dossiers for row in partial)
        if of < case.limit("fewest_dossiers"):
            yield too_little(subject, "too_few" if rows else "nothing_received")
            continue
        raised = [row for row in partial if row.declared == Level.FULL]
        seen = sum(row.dossiers for row in raised)
        share, threshold = permille(seen, of), case.limit("raised_permille")
        if share < threshold:
            yield clear(subject, share, threshold)
            continue
        weeks = summed((row.week, row.dossiers) for row in raised)
        whole = summed((row.week, row.dossiers) for row in partial)
        yield Verdict(
            subject,
            State.FOUND,
            share,
            threshold,
            since=first_week(case, weeks),
            evidence=by_week(case, "partial → full", weeks, whole),
            numbers={"raised": seen, "partial": of},
        )


DETECTORS = (
    Detector(
        "constant_level",
        ("fewest_dossiers", "constant_permille", "fewest_differing", "differing_permille"),
        _constant,
    ),
    Detector("partial_as_full", ("fewest_dossiers", "raised_permille"), _raised),
)
