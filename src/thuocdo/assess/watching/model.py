"""What one look at a system is, and what a stretch of looks says: the shapes all of the monitor shares."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum
from typing import Final

import msgspec

from thuocdo.assess.results import Fault
from thuocdo.core.vietnamese import percent

CONTROL: Final = "="
"""Begins the code of a control address; no system's code does."""


class Target(msgspec.Struct, frozen=True):
    """What is asked: a system's code and its front page."""

    code: str
    url: str

    @property
    def is_control(self) -> bool:
        return self.code.startswith(CONTROL)


class Look(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One look, as it was seen; whether it counts is judged later, by the policy of its day.

    at       µs UTC, when it began
    fault    None: a page was answered
    status   of the last answer, None when there was none
    ttfb_ms  from the last request to the first octet of its answer
    family   4 or 6: the Internet protocol it was reached by
    again    a second look, soon after a failure
    """

    system: str
    at: int
    fault: Fault | None = None
    status: int | None = None
    ttfb_ms: int | None = None
    family: int | None = None
    again: bool = False


class Verdict(StrEnum):
    """What the look of one interval came to."""

    ANSWERED = "answered"
    DOWN = "down"
    REFUSED = "refused"  # not measurable: whoever runs it does not let us look
    OURS = "ours"  # not measurable: our own side
    UNCONFIRMED = "unconfirmed"  # a failure nobody looked at again: a gap


class Outage(msgspec.Struct, frozen=True):
    """A confirmed failure: from the first look that failed to the first that was answered.

    until    µs UTC; None while it goes on. Where looks stopped it ends with the last that failed
    fault    of most of its looks
    looks    that failed, second looks included
    """

    since: int
    until: int | None
    fault: Fault
    looks: int

    def minutes(self, now: int) -> int:
        """Whole minutes, rounded up; one that goes on lasts until now (µs UTC)."""
        return -(-((self.until or now) - self.since) // 60_000_000)


class Hour(msgspec.Struct, frozen=True):
    """One hour of a system. start: µs UTC; p50_ms: None when nothing was answered."""

    start: int
    answered: int
    down: int
    unmeasured: int  # refused and ours; intervals without a look are in none of the three
    p50_ms: int | None

    @property
    def measured(self) -> int:
        return self.answered + self.down


class Availability(msgspec.Struct, frozen=True):
    """A system over a stretch of time [since, until), µs UTC, counted in intervals.

    expected   intervals there were
    blips      failures the second look did not confirm: they are among the answered
    last         the latest look there is, answered_at: of the latest that was answered, µs UTC
    covered    whether enough was measured to speak of availability (policy: coverage_permille)
    """

    system: str
    since: int
    until: int
    policy: str
    expected: int
    answered: int
    down: int
    refused: int
    ours: int
    blips: int
    covered: bool
    p50_ms: int | None
    p95_ms: int | None
    outages: tuple[Outage, ...]
    hours: tuple[Hour, ...] = ()
    last: Look | None = None
    answered_at: int | None = None

    @property
    def measured(self) -> int:
        return self.answered + self.down

    @property
    def percent(self) -> Decimal | None:
        """Answered of measured, two decimals; None where too little was measured to say."""
        return percent(self.answered, self.measured) if self.covered else None

    @property
    def coverage(self) -> Decimal | None:
        return percent(self.measured, self.expected)

    @property
    def gaps(self) -> int:
        return self.expected - self.measured - self.refused - self.ours

    def down_minutes(self, now: int) -> int:
        """Of all outages, one that goes on until now (µs UTC)."""
        return sum(outage.minutes(now) for outage in self.outages)

    @property
    def is_down(self) -> bool:
        return bool(self.outages) and self.outages[-1].until is None
