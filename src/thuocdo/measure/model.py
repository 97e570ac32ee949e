"""What measuring gives to everybody else: figures, rankings, national means, freshness.

One type per thing, used by the command line, the reports and the pages alike.
"""

from __future__ import annotations

from datetime import date

import msgspec


class Coverage(msgspec.Struct, frozen=True):
    """How many of the sources expected in the period sent anything in it."""

    reporting: int
    expected: int

    @property
    def share(self) -> float | None:
        """0…1; None when nothing was expected."""
        return self.reporting / self.expected if self.expected else None


class Figure(msgspec.Struct, frozen=True):
    """One value of one indicator for one agency (or service) and period.

    value       in the indicator's unit, as printed: percentages have two decimals (88.45)
    numerator, denominator   exact counts; denominator is None for plain counts
    freshness   when the youngest event behind it landed, µs UTC
    rank        "1224" rank in its block; None when unranked, then a flag says why
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
    provenance: str = "measured"
    flags: tuple[str, ...] = ()
    rank: int | None = None
    procedure: str | None = None


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


class Stranger(msgspec.Struct, frozen=True):
    """A site id that nobody registered: what was refused of it, and when last (µs UTC)."""

    site_id: int
    records: int
    last_landed: int
