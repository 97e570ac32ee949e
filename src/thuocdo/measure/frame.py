"""The frame of an answer: what all its figures have in common."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from thuocdo.core.clock import Period
from thuocdo.measure.definitions import Indicator, Version
from thuocdo.measure.known import Known, LogSize
from thuocdo.measure.organisation import Organisation


@dataclass(frozen=True, slots=True)
class Frame:
    """One question: which indicator, in which words, when, on which map, of whose events.

    organised  day of the map of organisations
    known      µs UTC, or a size of the log; None: now
    log_size   leaves of the log of raw segments that the facts are made of; None without one
    """

    indicator: Indicator
    version: Version
    period: Period
    organised: date
    known: Known | None
    trust: str
    organisation: Organisation
    log_size: int | None = None

    @property
    def instant(self) -> int | None:
        """The instant that was asked for, µs UTC; None when it was not one."""
        return self.known.landed_by if isinstance(self.known, LogSize) else self.known

    @property
    def version_day(self) -> date:
        """The day whose versions answer for the parts of the version: it must hold then.

        The period's last day, as for any question; where a version was asked for that holds on
        another day, its first or last one.
        """
        day = max(self.period.last, self.version.valid_from)
        return min(day, self.version.valid_to) if self.version.valid_to else day
