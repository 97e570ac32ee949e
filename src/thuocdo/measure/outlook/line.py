"""Theil–Sen: the median of all slopes, with Kendall's exact interval, in whole fractions.

Robust: a quarter of the periods may be wild and the line hardly moves. Deterministic to the last
digit: values are fractions, the interval comes from counting permutations, nothing is a float.

The interval of the slope (Sen 1968; Hollander & Wolfe, Nonparametric Statistical Methods): of N
ordered slopes the (N − C)/2-th from either end, where C is the greatest score that chance alone
exceeds too often. It takes periods as independent, which neighbours are not quite; so it is a guide,
not a promise. A projection's interval spans the lines with those two slopes and is widened by the
residual that covers the same share of the periods.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import cache
from math import factorial
from typing import NamedTuple

_THOUSAND = 1000

Place = tuple[int, Fraction]
"""(day number, value)."""


class Fit(NamedTuple):
    """A line: value at day x is start + slope·x; `low` and `high` are its outer slopes and starts."""

    slope: Fraction
    start: Fraction
    low: tuple[Fraction, Fraction]
    high: tuple[Fraction, Fraction]
    spread: Fraction

    def at(self, day: int) -> tuple[Fraction, Fraction, Fraction]:
        """(value, least, greatest) on a day."""
        middle = self.start + self.slope * day
        lines = [middle, *(start + slope * day for slope, start in (self.low, self.high))]
        return middle, min(lines) - self.spread, max(lines) + self.spread


def fit(places: Sequence[Place], confidence: int) -> Fit | None:
    """The line through at least two places; None when they are too few for the interval.

    confidence  per mille
    """
    critical = score(len(places), confidence)
    if critical is None:
        return None
    slopes = sorted(
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for number, earlier in enumerate(places)
        for later in places[number + 1 :]
    )
    count = len(slopes)
    below = (count - critical) // 2
    slope, low, high = median(slopes), slopes[below - 1], slopes[count - below]
    start = _start(places, slope)
    residuals = sorted(abs(value - start - slope * day) for day, value in places)
    kept = -(-confidence * len(residuals) // _THOUSAND)  # rounded up
    return Fit(
        slope,
        start,
        (low, _start(places, low)),
        (high, _start(places, high)),
        residuals[kept - 1],
    )


def median(ordered: Sequence[Fraction]) -> Fraction:
    """The middle of ordered values, or the mean of the two in the middle."""
    half = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[half]
    return (ordered[half - 1] + ordered[half]) / 2


def score(size: int, confidence: int) -> int | None:
    """C of the interval: two less than the least score that chance reaches seldom enough.

    None when not even the greatest score is that seldom: fewer than five places at 95 %.
    """
    pairs = size * (size - 1) // 2
    by_inversions = inversions(size)
    reached, least = 0, None
    for swapped, permutations in enumerate(by_inversions):  # score = pairs − 2·swapped, falling
        reached += permutations
        if 2 * reached * _THOUSAND > (_THOUSAND - confidence) * factorial(size):
            break
        least = pairs - 2 * swapped
    return None if least is None or size < 2 else least - 2


@cache
def inversions(size: int) -> tuple[int, ...]:
    """How many permutations of `size` things have 0, 1, 2 … inversions (Mahonian numbers)."""
    counts = [1]
    for length in range(2, size + 1):
        longer = [0] * (len(counts) + length - 1)
        for place, count in enumerate(counts):
            for more in range(length):
                longer[place + more] += count
        counts = longer
    return tuple(counts)


def _start(places: Sequence[Place], slope: Fraction) -> Fraction:
    return median(sorted(value - slope * day for day, value in places))
