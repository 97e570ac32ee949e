"""What a detector answers about one subject, before it is put in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from thuocdo.measure.engine import number_day
from thuocdo.measure.quality.evidence import WEEK, Evidence, Subject
from thuocdo.measure.quality.model import Row, State
from thuocdo.measure.quality.rules import Rule


@dataclass(frozen=True, slots=True)
class Verdict:
    """numbers  what the words of a finding are filled in with; reason: code of `Rule.reasons`"""

    subject: Subject
    state: State
    score: int | None = None
    threshold: int | None = None
    unit: str = "permille"
    since: date | None = None
    evidence: tuple[Row, ...] = ()
    numbers: dict[str, int | str] = field(default_factory=dict)
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """What a detector is given: the counts, its rule, and log10 of the chance it may be wrong by."""

    evidence: Evidence
    rule: Rule
    log10_alpha: float

    def limit(self, name: str) -> int:
        return self.rule.limit(name)

    def share(self, name: str) -> Fraction:
        """A threshold in thousandths as a fraction."""
        return Fraction(self.rule.limit(name), 1000)


@dataclass(frozen=True, slots=True)
class Detector:
    """A rule's mechanism: names of the thresholds it asks for, and what it does with them."""

    id: str
    needs: tuple[str, ...]
    run: Callable[[Case], Iterator[Verdict]]


def too_little(subject: Subject, reason: str) -> Verdict:
    """It cannot be told, and why."""
    return Verdict(subject, State.NOT_MEASURABLE, reason=reason)


def clear(subject: Subject, score: int | None = None, threshold: int | None = None) -> Verdict:
    """Looked at, and nothing found."""
    return Verdict(subject, State.NOT_FOUND, score, threshold)


def peers(subject: Subject, everybody: Iterable[Subject]) -> list[Subject]:
    """The others of its block."""
    return [one for one in everybody if one.block == subject.block and one.key != subject.key]


def week_start(case: Case, week: int) -> date:
    """First day of a week of the period (0 is the period's first)."""
    return number_day(case.evidence.first + week * WEEK)


def by_week(case: Case, what: str, seen: dict[int, int], of: dict[int, int]) -> tuple[Row, ...]:
    """A row a week in which there was anything."""
    return tuple(
        Row(week_start(case, week), what, seen.get(week, 0), of[week]) for week in sorted(of)
    )


def first_week(case: Case, seen: dict[int, int]) -> date | None:
    """When it began, by week; None when it was so from the first week on."""
    weeks = sorted(week for week, count in seen.items() if count)
    return week_start(case, weeks[0]) if weeks and weeks[0] > 0 else None


def begun(case: Case, day: int) -> date | None:
    """When it began, by day (day number); None when it was so within the first week."""
    return number_day(day) if day > case.evidence.first + WEEK else None


def summed(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """(key, count) added up by key."""
    found: dict[int, int] = {}
    for key, count in pairs:
        found[key] = found.get(key, 0) + count
    return found


def most(rows: Sequence[Row], limit: int) -> tuple[Row, ...]:
    """The rows that weigh most."""
    return tuple(sorted(rows, key=lambda row: (-row.seen, row.what, str(row.first)))[:limit])
