"""How a source is doing, from what was heard of it: silent, interrupted, refused, unusual, or well.

Pure: hours of intake, the last thing heard and a day's policy go in, a state comes out. What is
usual is asked of the same hour of the same weekday in the weeks before: a one-stop system that says
nothing on a Sunday is not interrupted, and a portal at three in the morning is not failing. The
numbers are policy (`web/data/health.yaml`); what is silent is told by measure/silence.py, which the
incidents ask, too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core import clock
from thuocdo.measure import policy as policies
from thuocdo.measure import silence
from thuocdo.measure.definitions import Source

HOUR_US: Final = 3_600_000_000
_WEEK_US: Final = 7 * 24 * HOUR_US
_PERCENT: Final = 100
_FILE: Final = Path(__file__).parents[1] / "data" / "health.yaml"


class State(StrEnum):
    """The gravest thing that holds of a source, in the order in which somebody should look."""

    REFUSED = "refused"  # something comes, and nothing of it is accepted
    SILENT = "silent"  # it was heard, and is not any more: an incident
    NEVER = "never"
    INTERRUPTED = "interrupted"  # nothing comes at hours at which much is usual
    FILES_ONLY = "files_only"  # known from files alone, nothing came by itself
    LOW = "low"  # far less than usual
    HIGH = "high"  # far more than usual
    REPORTING = "reporting"
    CLOSED = "closed"  # it is expected no longer


GOOD: Final = frozenset({State.REPORTING, State.CLOSED})
"""States that ask nothing of anybody."""

MUTE: Final = frozenset({State.REFUSED, State.SILENT, State.NEVER, State.CLOSED})
"""States of a whole of which nothing is heard at all."""


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the numbers; the file says what each means."""

    version: str
    valid_from: date
    source: Source
    usual_weeks: int
    interrupted_hours: int
    interrupted_missing: int
    unusual_hours: int
    unusual_minimum: int
    low_percent: int
    high_percent: int
    refused_hours: int
    refused_minimum: int
    refused_percent: int
    unverified_days: int
    unverified_minimum: int
    unverified_percent: int
    late_us: int
    late_minimum: int
    one_channel_minimum: int
    valid_to: date | None = None


@cache
def editions() -> tuple[Policy, ...]:
    """The file's editions, oldest first. Raises ThuocdoError `bad_policy`."""
    return policies.load(_FILE, tuple[Policy, ...])


def policy(now: int) -> Policy:
    """The edition in force at an instant, µs UTC."""
    return policies.edition_on(editions(), clock.local_day(now))


@dataclass(frozen=True, slots=True)
class Tally:
    """Records of some hours by outcome; `verified` of those accepted."""

    accepted: int = 0
    bots: int = 0
    refused: int = 0
    verified: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.accepted + other.accepted,
            self.bots + other.bots,
            self.refused + other.refused,
            self.verified + other.verified,
        )

    @property
    def total(self) -> int:
        return self.accepted + self.bots + self.refused


@dataclass(frozen=True, slots=True)
class Heard:
    """What is known of one source. Instants µs UTC.

    kind      core.vocabulary.SystemKind
    closed    its last day, where that is over
    accepted  when the latest record that came by itself was accepted; None: none since `since`
    event     the latest event known of it by any way, files among them; None: never one
    since     where `hours` begin
    hours     start of the local hour → what came by itself in it
    """

    kind: str
    closed: date | None
    accepted: int | None
    event: int | None
    since: int
    hours: Mapping[int, Tally]

    @property
    def last(self) -> int | None:
        """When it last had an event, as incidents see it; what has just come is not in the facts yet."""
        return self.accepted if self.event is None else self.event

    def tally(self, since: int, until: int) -> Tally:
        """What came in the hours that begin in [since, until)."""
        inside = (tally for start, tally in self.hours.items() if since <= start < until)
        return sum(inside, start=Tally())


def hour_of(instant: int) -> int:
    """When the hour of an instant began; Vietnam is whole hours from UTC."""
    return instant // HOUR_US * HOUR_US


def span(now: int, numbers: Policy) -> tuple[int, int]:
    """The hours that `state` looks at, [since, until): the current one and some weeks before."""
    until = hour_of(now) + HOUR_US
    return until - numbers.usual_weeks * _WEEK_US - 24 * HOUR_US, until


def usual(heard: Heard, hour: int, numbers: Policy) -> int | None:
    """Accepted records usual in an hour: the median of that hour in the weeks before, rounded down.

    None where the source was not heard in any week before; weeks before its first record are left
    out, so that a source that is new is not compared with nothing.
    """
    return _usual(heard, hour, _begins(heard), numbers)


def usual_between(heard: Heard, since: int, until: int, numbers: Policy) -> int | None:
    """The same for all hours that begin in [since, until); None where no hour says anything."""
    begins = _begins(heard)
    found = [_usual(heard, start, begins, numbers) for start in range(since, until, HOUR_US)]
    told = [each for each in found if each is not None]
    return sum(told) if told else None


def state(heard: Heard, now: int, numbers: Policy) -> State:
    """How a source is doing at an instant."""
    if heard.closed is not None:
        return State.CLOSED
    here = hour_of(now)
    lately = heard.tally(here - numbers.refused_hours * HOUR_US, here + HOUR_US)
    if lately.refused and not lately.accepted:
        return State.REFUSED
    if heard.last is None:
        return State.NEVER
    if is_silent(heard, now):
        return State.SILENT
    if heard.accepted is None:
        return State.FILES_ONLY
    interrupted = _is_interrupted(heard, heard.accepted, now, numbers)
    return State.INTERRUPTED if interrupted else _beside_the_usual(heard, here, numbers)


def is_silent(heard: Heard, now: int) -> bool:
    """As an incident has it; somebody who never spoke is not silent."""
    last = heard.last
    return last is not None and silence.is_silent(heard.kind, last, clock.local_day(now))


def _begins(heard: Heard) -> int | None:
    """The hour of the first record looked at; None where there is none."""
    return min((start for start, tally in heard.hours.items() if tally.accepted), default=None)


def _usual(heard: Heard, hour: int, begins: int | None, numbers: Policy) -> int | None:
    if begins is None:
        return None
    back = (hour - week * _WEEK_US for week in range(1, numbers.usual_weeks + 1))
    before = sorted(
        heard.hours[start].accepted if start in heard.hours else 0
        for start in back
        if start >= begins
    )
    return _middle(before) if before else None


def _is_interrupted(heard: Heard, last: int, now: int, numbers: Policy) -> bool:
    if now - last < numbers.interrupted_hours * HOUR_US:
        return False
    missing = usual_between(heard, hour_of(last) + HOUR_US, hour_of(now), numbers)
    return missing is not None and missing >= numbers.interrupted_missing


def _beside_the_usual(heard: Heard, here: int, numbers: Policy) -> State:
    """Of the last whole hours."""
    since = here - numbers.unusual_hours * HOUR_US
    expected = usual_between(heard, since, here, numbers)
    if expected is None:
        return State.REPORTING
    came = heard.tally(since, here).accepted
    if expected >= numbers.unusual_minimum and came * _PERCENT < expected * numbers.low_percent:
        return State.LOW
    most = max(expected, numbers.unusual_minimum) * numbers.high_percent
    return State.HIGH if came * _PERCENT > most else State.REPORTING


def _middle(ordered: Sequence[int]) -> int:
    """The median of sorted whole numbers, rounded down."""
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) // 2
