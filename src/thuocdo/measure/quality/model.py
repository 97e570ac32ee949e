"""What an inspection of the data says: findings, each with the rows that show it.

A finding is a question to an agency, never a verdict and never a correction: figures stay what was
measured, and say that the question is open.
"""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import msgspec

from thuocdo.core.findings import FindingKey
from thuocdo.measure.definitions import Text


class State(StrEnum):
    """Three values: where there is too little to tell, nothing is said to be right."""

    FOUND = "found"
    NOT_FOUND = "not_found"
    NOT_MEASURABLE = "not_measurable"


class Row(msgspec.Struct, frozen=True):
    """One line of evidence.

    first     the day, or the first day of the week or month it speaks of; None: of the whole period
    what      a level, state, host, procedure or hour: what was counted
    seen, of  so many of so many
    expected  how many there should be, by peers or by the catalogue; None where nothing says
    """

    first: date | None
    what: str
    seen: int
    of: int | None = None
    expected: int | None = None


class Finding(msgspec.Struct, frozen=True):
    """What one detector says of one subject in one period.

    detector, version  whose rule, and the day its thresholds are in force from
    subject            code of a system, or a site id; `kind` says which; `agency` runs it
    score, threshold   the statistic and the value it is held against, both in `unit`
    since              first day on which the evidence shows it; None: all along, or not told
    flags              what figures carry while the question is open
    text, advice       in words, with the numbers filled in; what the agency should do
    reason             why it cannot be measured; None when it can
    """

    detector: str
    version: date
    kind: str  # "system" | "site"
    subject: str
    agency: str
    agency_name: str
    block: str | None
    first: date
    last: date
    state: str  # State
    score: int | None
    threshold: int | None
    unit: str  # "permille" | "percent" | "count"
    since: date | None
    severity: str  # "high" | "medium" | "low"
    name: Text
    text: Text
    advice: Text
    flags: tuple[str, ...] = ()
    indicators: tuple[str, ...] = ()
    evidence: tuple[Row, ...] = ()
    reason: str | None = None

    @property
    def key(self) -> FindingKey:
        """Names the finding for good: what an explanation refers to."""
        return FindingKey(self.detector, self.subject, self.first, self.last)

    @property
    def found(self) -> bool:
        return self.state == State.FOUND
