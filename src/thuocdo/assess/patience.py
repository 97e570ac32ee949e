"""How long the scanner waits for one site, and when it stops asking it: bounds as data (`bounds.yaml`).

Two clocks run during a scan: that of the whole site and that of the step under way. Both stand still while the
scanner waits for something of its own, so that no site is called slow because we were busy. A step that came to
nothing but time-outs is lost; after some in a row the site is given up, and what would ask it is not tried.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import load

_FILE: Final = Path(__file__).with_name("bounds.yaml")
_TRACE_LINES: Final = 300


class CheckBounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of a check of a site's tag; `bounds.yaml` says what each number is."""

    seconds: float
    lost_in_a_row: int


class Bounds(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file, which says what each number is. Seconds, counts."""

    version: int
    valid_from: date
    source: Source
    why: Text
    site_seconds: float
    lost_in_a_row: int
    requests_in_a_row: int
    requests_in_all: int
    turn_seconds: float
    close_seconds: float
    browser: float
    tools: float
    lab: float
    steps: Mapping[str, float]
    check: CheckBounds

    @property
    def utmost(self) -> float:
        """Of a scan from its begin to its end, whatever it waits for: the site's time, ours, every step's once more."""
        return (
            self.site_seconds
            + self.turn_seconds
            + sum(self.steps.values())
            + 4 * self.close_seconds
        )


@cache
def bounds() -> Bounds:
    """Raises ThuocdoError `bad_policy` when the file is malformed."""
    return load(_FILE, Bounds)


@dataclass(slots=True)
class Patience:
    """With one site, during one scan of it.

    lost   steps in a row that came to nothing but time-outs
    silences_in_all  requests that were not answered in time
    trace  what was tried, when (seconds since the scan began) and what came of it: the evidence of a time-out
    """

    bounds: Bounds = field(default_factory=bounds)
    lost: int = 0
    trace: list[str] = field(default_factory=list)
    _began: float = field(default_factory=time.monotonic)
    _clocks: list[asyncio.Timeout] = field(default_factory=list)
    _answers: int = 0
    _silences: int = 0
    silences_in_all: int = 0

    @property
    def has_given_up(self) -> bool:
        return self.lost >= self.bounds.lost_in_a_row or self.has_dallied

    @property
    def has_dallied(self) -> bool:
        """Whether it let too many requests wait, however often it answered in between."""
        return self.silences_in_all >= self.bounds.requests_in_all

    @property
    def spent(self) -> float:
        """Seconds since the scan began."""
        return time.monotonic() - self._began

    @property
    def left(self) -> float:
        """Seconds until the nearest clock runs out; infinite without one."""
        ends = [each.when() for each in self._clocks]
        now = asyncio.get_running_loop().time()
        return min((end - now for end in ends if end is not None), default=float("inf"))

    @contextlib.asynccontextmanager
    async def within(self, seconds: float) -> AsyncIterator[None]:
        """A clock for the block. Raises TimeoutError when it runs out."""
        async with asyncio.timeout(seconds) as clock:
            self._clocks.append(clock)
            try:
                yield
            finally:
                self._clocks.remove(clock)

    @contextlib.asynccontextmanager
    async def step(self, name: str) -> AsyncIterator[None]:
        """One step of the scan, under the clock its name has. Raises TimeoutError."""
        self._answers = self._silences = 0
        is_cut = False
        try:
            async with self.within(self.bounds.steps[name]):
                yield
        except TimeoutError:
            is_cut = True
            self.note(f"{name}: cut short")
            raise
        finally:
            if is_cut or (self._silences and not self._answers):
                self.lost += 1
            elif self._answers:
                self.lost = 0

    @contextlib.asynccontextmanager
    async def ours(self, *, is_asked_for: bool = False) -> AsyncIterator[None]:
        """What the scanner waits for by itself: the clocks stand still.

        is_asked_for  the site asks for this pause: the clock of the whole site runs on
        """
        loop = asyncio.get_running_loop()
        clocks = self._clocks[1 if is_asked_for else 0 :]
        standing = [(each, each.when()) for each in clocks if not each.expired()]
        for clock, _ in standing:
            clock.reschedule(None)
        begun = loop.time()
        try:
            yield
        finally:
            for clock, when in standing:
                if when is not None:
                    clock.reschedule(when + loop.time() - begun)

    def answered(self, what: str, outcome: str) -> None:
        """The site answered, whatever it said."""
        self._answers += 1
        self.note(f"{what}: {outcome}")

    def unanswered(self, what: str, outcome: str) -> None:
        """The site let the time pass."""
        self._silences += 1
        self.silences_in_all += 1
        self.note(f"{what}: {outcome}")

    def note(self, line: str) -> None:
        if len(self.trace) < _TRACE_LINES:
            self.trace.append(f"{self.spent:8.1f} s  {line[:400]}")
