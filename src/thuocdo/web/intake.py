"""What came in of one site, in the shape of its page: by hour, by day, by source, by reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from thuocdo.core import clock
from thuocdo.core.vocabulary import Intake
from thuocdo.measure.model import IntakeCount

HOURS_SHOWN = 48
DAYS_SHOWN = 30
_HOUR_US = 3_600_000_000
_DAY_HOURS = 24


@dataclass(frozen=True, slots=True)
class Tally:
    """Records that met with each outcome."""

    accepted: int = 0
    bots: int = 0
    refused: int = 0

    @property
    def total(self) -> int:
        return self.accepted + self.bots + self.refused


@dataclass(frozen=True, slots=True)
class Step:
    """One hour or one day that began at `start` (µs UTC)."""

    start: int
    tally: Tally


@dataclass(frozen=True, slots=True)
class Source:
    """One protocol, with a credential or without."""

    feed: str
    trust: str
    tally: Tally
    last_landed: int


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason of robots or refusals; `last_landed` is µs UTC."""

    code: str
    records: int
    last_landed: int


@dataclass(frozen=True, slots=True)
class SiteIntake:
    """All that a site's page tells; `last_landed` (µs UTC) is of any outcome, `last_accepted` of one."""

    hours: Sequence[Step]
    days: Sequence[Step]
    sources: Sequence[Source]
    bots: Sequence[Reason]
    refusals: Sequence[Reason]
    lately: Tally  # of 24 hours
    whole: Tally  # of all days
    last_landed: int | None
    last_accepted: int | None


def span(now: int) -> tuple[int, int]:
    """The days a page shows: [since, until), µs UTC; the day and the hour of `now` among them."""
    first = clock.local_day(now) - timedelta(days=DAYS_SHOWN - 1)
    return clock.day_start_us(first), _hour_of(now) + _HOUR_US


def shaped(counts: Sequence[IntakeCount], now: int, *, days_shown: int = DAYS_SHOWN) -> SiteIntake:
    """The counts of `span(now)` as a page shows them, of fewer days if so asked."""
    newest = _hour_of(now)
    hours = [newest - n * _HOUR_US for n in reversed(range(HOURS_SHOWN))]
    today = clock.local_day(now)
    days = [clock.day_start_us(today - timedelta(days=n)) for n in reversed(range(days_shown))]
    lately = newest - (_DAY_HOURS - 1) * _HOUR_US
    accepted = [count for count in counts if count.outcome == Intake.ACCEPTED]
    return SiteIntake(
        hours=_steps(counts, hours, lambda count: count.hour),
        days=_steps(counts, days, lambda count: clock.day_start_us(clock.local_day(count.hour))),
        sources=_sources(counts),
        bots=_reasons(counts, Intake.BOT),
        refusals=_reasons(counts, Intake.REFUSED),
        lately=_tally(count for count in counts if count.hour >= lately),
        whole=_tally(counts),
        last_landed=max((count.last_landed for count in counts), default=None),
        last_accepted=max((count.last_landed for count in accepted), default=None),
    )


def _hour_of(instant: int) -> int:
    return instant // _HOUR_US * _HOUR_US  # Vietnam is whole hours from UTC


def _steps(
    counts: Iterable[IntakeCount], starts: Sequence[int], of: Callable[[IntakeCount], int]
) -> list[Step]:
    inside: dict[int, list[IntakeCount]] = {start: [] for start in starts}
    for count in counts:
        if (start := of(count)) in inside:
            inside[start].append(count)
    return [Step(start, _tally(found)) for start, found in inside.items()]


def _sources(counts: Iterable[IntakeCount]) -> list[Source]:
    found: dict[tuple[str, str], list[IntakeCount]] = {}
    for count in counts:
        found.setdefault((count.feed, count.trust), []).append(count)
    sources = [
        Source(feed, trust, _tally(of), max(count.last_landed for count in of))
        for (feed, trust), of in found.items()
    ]
    return sorted(sources, key=lambda source: (-source.tally.total, source.feed, source.trust))


def _reasons(counts: Iterable[IntakeCount], outcome: Intake) -> list[Reason]:
    found: dict[str, list[IntakeCount]] = {}
    for count in counts:
        if count.outcome == outcome:
            found.setdefault(count.reason or "", []).append(count)
    reasons = [
        Reason(code, sum(count.records for count in of), max(count.last_landed for count in of))
        for code, of in found.items()
    ]
    return sorted(reasons, key=lambda reason: (-reason.records, reason.code))


def _tally(counts: Iterable[IntakeCount]) -> Tally:
    sums = Counter[str]()
    for count in counts:
        sums[count.outcome] += count.records
    return Tally(sums[Intake.ACCEPTED], sums[Intake.BOT], sums[Intake.REFUSED])
