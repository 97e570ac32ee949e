"""The room's policy: thresholds, severities and pauses (policy.yaml), words of every kind (words.yaml)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec

from thuocdo.core.duties import Why
from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import edition_on, load
from thuocdo.steer.model import Kind, Severity

_FOLDER: Final = Path(__file__).parent

Grade = Literal["info", "warning", "serious", "urgent"]
Levels = tuple[tuple[int, Grade], ...]
"""(from this number on, how grave), rising."""


class _Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    every_minutes: int


class SilentSource(_Strict, frozen=True, kw_only=True):
    indicators: tuple[str, ...]
    levels: Levels  # days beyond those from which on it is silent


class RefusedShare(_Strict, frozen=True, kw_only=True):
    hours: int
    fewest: int
    levels: Levels  # of a thousand


class Counted(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A daily count: a part of an indicator's figures, and how it is called."""

    code: str
    name: Text
    indicator: str
    part: Literal["numerator", "denominator"]


class SuddenChange(_Strict, frozen=True, kw_only=True):
    counts: tuple[Counted, ...]
    weeks: int
    fewest: int
    least: int
    settling_days: int
    spread_times: int
    falls: Levels  # by how many of a thousand
    rises: Levels


class SystemDown(_Strict, frozen=True, kw_only=True):
    levels: Levels  # minutes since the first failed look


class JobFailing(_Strict, frozen=True, kw_only=True):
    levels: Levels  # minutes since the first failure in a row
    jobs: dict[str, Levels]  # of those that have their own


class BrokenInvariant(_Strict, frozen=True, kw_only=True):
    leave_out: tuple[str, ...]
    severities: dict[Literal["block", "warn"], Grade]


class FeedDistorted(_Strict, frozen=True, kw_only=True):
    days: int
    severities: dict[Literal["high", "medium", "low"], Grade]


class TargetAtRisk(_Strict, frozen=True, kw_only=True):
    missed_days: int
    severities: dict[Literal["behind", "missed"], Grade]


class TaskOverdue(_Strict, frozen=True, kw_only=True):
    levels: Levels  # working days after the last one


class TaskStep(_Strict, frozen=True, kw_only=True):
    severities: dict[
        Literal["given", "progress", "reported", "returned", "accepted", "moved", "withdrawn"],
        Grade,
    ]


class ReportPublished(_Strict, frozen=True, kw_only=True):
    severity: Grade
    fresh_days: int


class Posting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How letters go out; policy.yaml says what each number is."""

    lease_minutes: int
    pauses_minutes: tuple[int, ...]
    longest_list: int
    seconds: int


class Usual(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What holds for somebody who chose nothing."""

    floor: Grade
    digest_hour: int


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of policy.yaml."""

    version: str
    valid_from: dt.date
    source: Source
    quiet_gap_hours: int
    posting: Posting
    usual: Usual
    silent_source: SilentSource
    refused_share: RefusedShare
    sudden_change: SuddenChange
    system_down: SystemDown
    job_failing: JobFailing
    broken_invariant: BrokenInvariant
    feed_distorted: FeedDistorted
    target_at_risk: TargetAtRisk
    task_overdue: TaskOverdue
    task_step: TaskStep
    report_published: ReportPublished
    valid_to: dt.date | None = None

    def every_minutes(self, kind: Kind) -> int:
        of: _Strict = getattr(self, kind.value)
        return of.every_minutes


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One piece of evidence: how it is called and printed; `only`: the language it is in, None: any."""

    vi: str
    en: str
    how: Literal[
        "count",
        "permille",
        "value",
        "day",
        "code",
        "indicator",
        "rule",
        "detector",
        "counted",
        "step",
        "job",
        "why",
    ] = "count"
    only: Literal["vi", "en"] | None = None


class Sentences(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: Text
    text: Text


class KindWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A kind of incident in words; {…} are filled with the evidence as printed, and {agency}.

    without  what is said instead where a piece of evidence is not there, by its name
    """

    name: Text
    title: Text
    text: Text
    advice: Text
    evidence: dict[str, Named]
    without: dict[str, Sentences] = {}

    def sentences(self, evidence: Collection[str]) -> Sentences:
        """What is said of evidence of these names."""
        for missing, said in self.without.items():
            if missing not in evidence:
                return said
        return Sentences(self.title, self.text)


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    version: str
    severities: dict[Grade, Text]
    steps: dict[str, Text]
    jobs: dict[str, Text]
    whys: dict[Why, Text]
    kinds: dict[Kind, KindWords]

    def __post_init__(self) -> None:
        if set(self.kinds) != set(Kind):
            raise ValueError("words.yaml must describe every kind, and no other")
        if set(self.whys) != set(Why):
            raise ValueError("words.yaml must say every reason why a job fails, and no other")


@cache
def editions() -> tuple[Policy, ...]:
    """Every edition, oldest first. Raises ThuocdoError `bad_policy`."""
    return tuple(load(_FOLDER / "policy.yaml", list[Policy]))


def counted_name(code: str) -> Text:
    """How a count is called, in the newest edition that has it. Raises KeyError."""
    every = {one.code: one.name for each in editions() for one in each.sudden_change.counts}
    return every[code]


def policy_on(day: dt.date) -> Policy:
    return edition_on(editions(), day)


@cache
def words() -> Words:
    """Raises ThuocdoError `bad_policy`."""
    return load(_FOLDER / "words.yaml", Words)


def severity_of(grade: Grade) -> Severity:
    return Severity[grade.upper()]


def level(levels: Levels, reached: int) -> Severity | None:
    """How grave a number is; None below the first level."""
    found = [grade for at, grade in levels if reached >= at]
    return severity_of(found[-1]) if found else None
