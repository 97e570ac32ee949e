"""Since when a source is silent: one answer for pages and incidents alike.

Whoever runs a source reads of its silence in two places, on its page and in the incident that somebody
was told of. Both ask here, so neither can contradict the other. From how many days on is policy
(`silence.yaml`). A source that never sent anything is not connected yet and is not silent; one that was
closed is not expected: telling these apart is the caller's affair. Pure.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core import working_days
from thuocdo.core.clock import local_day
from thuocdo.measure import policy as policies
from thuocdo.measure.definitions import Source

_FILE: Final = Path(__file__).with_name("silence.yaml")
_ONE: Final = timedelta(days=1)


class Silence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of the policy; the file says what each number means."""

    version: str
    valid_from: date
    source: Source
    days: int
    working_days_of: tuple[str, ...]
    valid_to: date | None = None


@cache
def editions() -> tuple[Silence, ...]:
    """The file's editions, oldest first. Raises ThuocdoError `bad_policy`."""
    return policies.load(_FILE, tuple[Silence, ...])


def policy_on(day: date) -> Silence:
    """The edition in force on a Vietnamese day."""
    return policies.edition_on(editions(), day)


def days_silent(kind: str | None, last: int, today: date) -> int:
    """Whole Vietnamese days without an event before `today`; of one-stop systems working days.

    kind  core.vocabulary.SystemKind; None: not known, then every day counts
    last  the youngest event by any way, µs UTC
    """
    since, until = first_silent(last), today - _ONE
    if kind in policy_on(today).working_days_of:
        return working_days.between(since, until)
    return max(0, (until - since).days + 1)


def is_silent(kind: str | None, last: int, today: date) -> bool:
    """Whether a source that was last heard at an instant, µs UTC, is to be called silent on a day."""
    return days_silent(kind, last, today) >= policy_on(today).days


def first_silent(last: int) -> date:
    """The first whole day without an event."""
    return local_day(last) + _ONE
