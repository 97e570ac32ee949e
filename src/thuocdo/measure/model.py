"""What measuring gives to everybody else: figures, rankings, national means, freshness.

One type per thing, used by the command line, the reports and the pages alike.
"""

from __future__ import annotations

from datetime import date, timedelta
from enum import StrEnum
from typing import Final

import msgspec

from thuocdo.core.clock import local_day
from thuocdo.core.vocabulary import Provenance


class Flag(StrEnum):
    """What a reader must know of a figure; docs/figures.md explains each."""

    NO_DATA = "no_data"
    ZERO_DENOMINATOR = "zero_denominator"
    NO_CATALOGUE = "no_catalogue"
    LEVEL_DECLARED_USED = "level_declared_used"
    NUMERATOR_EXCEEDS_DENOMINATOR = "numerator_exceeds_denominator"
    DEFINITION_LATER_THAN_PERIOD = "definition_later_than_period"
    COVERAGE_BELOW_THRESHOLD = "coverage_below_threshold"
    NOT_RANKED = "not_ranked"
    NOT_COMPUTABLE = "not_computable"
    ZERO_BY_RULE = "zero_denominator_by_rule"
    PARTIAL_POINTS = "partial_points"
    NO_DUE_DATE_LEFT_OUT = "no_due_date_left_out"
    DIRECTLY = "directly"
    MERGED_IN_PERIOD = "merged_in_period"
    SUCCESSOR_ANSWERS = "successor_answers"
    SUPPRESSED = "suppressed"


BLOCKED: Final = "blocked_by:"
"""A figure that checks withheld carries this, followed by the rule's code, for every rule that blocks it."""


class NoInterval(StrEnum):
    """Why a figure has no interval."""

    COUNT = "count"  # a count of everything there was; no draw stands behind it
    NOT_A_PROPORTION = "not_a_proportion"  # the numerator is no part of the denominator
    NOT_A_SHARE = "not_a_share"  # points and times have another scale
    NOT_DRAWN = "not_drawn"  # a catalogue is decided, and hours of one feed follow one another
    NO_VALUE = "no_value"  # nothing was measured, or out of nothing
    SUPPRESSED = "suppressed"  # it would give a small count away


class Interval(msgspec.Struct, frozen=True):
    """Where chance could have put a rate, in percent, both ends included (measure/intervals.py)."""

    low: float
    high: float


class Coverage(msgspec.Struct, frozen=True):
    """How many of the sources expected in the period sent anything in it.

    new  of the expected ones those first registered for a day of the period
    """

    reporting: int
    expected: int
    new: int = 0

    @property
    def silent(self) -> int:
        """Expected and not heard in the period; `Measure.sources` says since when."""
        return self.expected - self.reporting

    @property
    def share(self) -> float | None:
        """0…1; None when nothing was expected."""
        return self.reporting / self.expected if self.expected else None


class Figure(msgspec.Struct, frozen=True):
    """One value of one indicator for one agency (or service) and period.

    value       in the indicator's unit, as printed: percentages have two decimals (88.45)
    numerator, denominator   exact counts; denominator is None for plain counts
    freshness   when the youngest event behind it landed, µs UTC
    provenance  core.vocabulary.Provenance; `events` is how much its sources sent in the period and
                `events_verified` how much of that a key vouched for; None where not counted
    interval    None: `no_interval` says why
    rank        "1224" rank in its block; None when unranked, then a flag says why
    rank_low, rank_high   the ranks that chance leaves open, best and worst (measure/intervals.py)
    as_known    an instant (µs UTC) that was asked for; None: all that had landed
    log_size    leaves of the log of raw segments it was made of; None where there is no log
    """

    indicator: str
    version: str
    agency: str
    name: str
    block: str | None
    period_first: date
    period_last: date
    unit: str  # "count" | "percent"
    numerator: int | None
    denominator: int | None
    value: float | None
    coverage: Coverage | None
    freshness: int | None
    as_known: int | None
    as_organised: date
    trust: str  # "any" | "verified"
    provenance: str = Provenance.MEASURED.value
    flags: tuple[str, ...] = ()
    rank: int | None = None
    procedure: str | None = None
    events: int | None = None
    events_verified: int | None = None
    interval: Interval | None = None
    no_interval: str | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    log_size: int | None = None

    @property
    def grey(self) -> bool:
        """Shown grey: so few of its sources reported that its value may mislead."""
        return Flag.COVERAGE_BELOW_THRESHOLD in self.flags

    @property
    def is_blocked(self) -> bool:
        """Withheld by a check (invariants/withholding.py)."""
        return any(flag.startswith(BLOCKED) for flag in self.flags)

    def emptied(
        self,
        why: NoInterval,
        *flags: str,
        numerator: int | None = None,
        denominator: int | None = None,
    ) -> Figure:
        """The figure without its numbers, with flags that say why.

        Small counts take `events` with them: how much was sent tells how much there is to count.
        """
        small = why is NoInterval.SUPPRESSED
        return msgspec.structs.replace(
            self,
            numerator=numerator,
            denominator=denominator,
            value=None,
            interval=None,
            no_interval=why.value,
            rank=None,
            rank_low=None,
            rank_high=None,
            events=None if small else self.events,
            events_verified=None if small else self.events_verified,
            flags=tuple(sorted({*self.flags, *flags})),
        )


class SourceState(msgspec.Struct, frozen=True):
    """One source of an indicator, and whether it was heard in a period.

    key         a site's id or a system's code; `registered` False: nobody registered it
    agency      whose it is; of a source that reports for others, theirs
    events      what it sent of the days of the period, `events_verified` of that with a key
    last_heard  youngest event by the period's end, µs UTC; None: never
    new         first registered for a day of the period
    """

    key: str
    name: str | None
    kind: str | None
    agency: str
    registered: bool
    since: date | None
    new: bool
    events: int
    events_verified: int
    last_heard: int | None

    @property
    def reporting(self) -> bool:
        return self.events > 0

    @property
    def silent_since(self) -> date | None:
        """The first day without an event; None when it reports or was never heard."""
        if self.reporting or self.last_heard is None:
            return None
        return local_day(self.last_heard) + timedelta(days=1)


class NationalFigure(msgspec.Struct, frozen=True):
    """The two national values of a block (or of both, block None); never one without its name."""

    block: str | None
    mean_of_agencies: float | None
    ratio_of_sums: float | None
    numerator: int | None
    denominator: int | None
    agencies: int


class Point(msgspec.Struct, frozen=True):
    """One step of a series."""

    first: date
    last: date
    numerator: int | None
    denominator: int | None
    value: float | None


class Log(msgspec.Struct, frozen=True):
    """The log of raw segments as figures stand on it: its leaves, and its root in hex."""

    size: int
    root: str


class Freshness(msgspec.Struct, frozen=True):
    """How old what you look at is. Instants µs UTC."""

    facts_version: int
    refreshed_at: int | None
    landed_at: int | None  # youngest event in the facts


class DayCounts(msgspec.Struct, frozen=True):
    """What came in on one Vietnamese day. `steps` measure interest, never dossiers."""

    views: int
    visits: int
    received: int
    resolved: int
    steps: int


class IntakeCount(msgspec.Struct, frozen=True):
    """Records of one source that landed in one local hour and met with one outcome.

    hour      when it began, µs UTC
    site_id   None of dossiers, which are known by their `system`
    outcome   core.vocabulary.Intake; `reason` is a robot's or a refusal's, else None
    """

    hour: int
    site_id: int | None
    system: str | None
    feed: str
    trust: str
    outcome: str
    reason: str | None
    records: int
    last_landed: int


class IntakeTotal(msgspec.Struct, frozen=True):
    """Records of one source that met with one outcome, whatever the hour; as IntakeCount otherwise."""

    site_id: int | None
    system: str | None
    outcome: str
    reason: str | None
    records: int


class Stranger(msgspec.Struct, frozen=True):
    """A site id that nobody registered: what was refused of it, and when last (µs UTC)."""

    site_id: int
    records: int
    last_landed: int
