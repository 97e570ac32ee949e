"""The monitor's policy (policy.yaml): pace, bounds, what a fault means. Dated, with its source."""

from __future__ import annotations

import datetime as dt
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.assess.results import Fault
from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import edition_on, load

_FILE: Final = Path(__file__).with_name("policy.yaml")
_SECOND_US: Final = 1_000_000


class Ours(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """When a failure is our own side's; policy.yaml says what each number is."""

    permille: int
    fewest: int
    window_seconds: int

    @property
    def window_us(self) -> int:
        return self.window_seconds * _SECOND_US


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of policy.yaml, which says what each number is."""

    version: str
    valid_from: dt.date
    source: Source
    interval_minutes: int
    confirm_seconds: int
    late_seconds: int
    seconds: float
    look_seconds: float
    max_bytes: int
    at_once: int
    robots_hours: int
    down: tuple[Fault, ...]
    refused: tuple[Fault, ...]
    line: tuple[Fault, ...]
    ours: Ours
    coverage_permille: int
    allowed_permille: int
    keep_days: int
    valid_to: dt.date | None = None

    def __post_init__(self) -> None:
        if set(self.down) & set(self.refused) or not set(self.line) <= set(self.down):
            raise ValueError("a fault is down or refused; what a line breaks is down")
        if 60 * self.interval_minutes <= self.confirm_seconds + self.look_seconds:
            raise ValueError("the second look must be over before the next interval begins")

    @property
    def interval_us(self) -> int:
        return self.interval_minutes * 60 * _SECOND_US

    @property
    def late_us(self) -> int:
        return self.late_seconds * _SECOND_US


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fault in words: what was seen, and how whoever runs the system mends it."""

    what: Text
    mend: Text


@cache
def words() -> dict[Fault, Words]:
    """Of every fault that is the system's, not ours. Raises ThuocdoError `bad_policy`."""
    return load(_FILE.with_name("words.yaml"), dict[Fault, Words])


@cache
def editions() -> tuple[Policy, ...]:
    """Every edition, oldest first. Raises ThuocdoError `bad_policy`."""
    return tuple(load(_FILE, list[Policy]))


def policy_on(day: dt.date) -> Policy:
    return edition_on(editions(), day)
