"""From counts to the value of a figure, by the rules of its definition. Pure and exact.

Ratios are fractions until they are printed: points made of several are rounded once, at the end.
Missing is null, and each null says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from thuocdo.core.vietnamese import round_half_up
from thuocdo.measure.definitions import Composite, Version

ZERO_DENOMINATOR: Final = "zero_denominator"
ZERO_BY_RULE: Final = "zero_denominator_by_rule"
NOT_COMPUTABLE: Final = "not_computable"
NO_DATA: Final = "no_data"
PARTIAL_POINTS: Final = "partial_points"
EXCEEDS: Final = "numerator_exceeds_denominator"
_PERCENT: Final = 100
_SHARES: Final = {"null": None, "zero": Fraction(0), "full": Fraction(1)}


class Valued(NamedTuple):
    """A value in the indicator's unit (None: there is none), and what a reader must know of it."""

    value: float | None
    flags: frozenset[str] = frozenset()


class Ratio(NamedTuple):
    """What an indicator counted, for points made of it; both None where nothing was measured."""

    version: Version
    numerator: int | None
    denominator: int | None


def of_ratio(version: Version, unit: str, numerator: int, denominator: int) -> Valued:
    """A percentage, or the points that a ratio is worth."""
    share = share_of(version, numerator, denominator)
    flags = set()
    if denominator == 0:
        flags.add(ZERO_DENOMINATOR if share is None else ZERO_BY_RULE)
    elif numerator > denominator:
        flags.add(EXCEEDS)
    if share is None:
        return Valued(None, frozenset(flags))
    exact = _points(version, share) if unit == "points" else share * _PERCENT
    return Valued(_rounded(exact, version.rounding), frozenset(flags))


def share_of(version: Version, numerator: int, denominator: int) -> Fraction | None:
    """The ratio; of a zero denominator what the definition says, None by default."""
    if denominator == 0:
        return _SHARES[version.zero_denominator]
    return Fraction(numerator, denominator)


def of_parts(version: Version, parts: Mapping[str, Ratio]) -> Valued:
    """The points made of other indicators, by code."""
    made = version.numerator
    assert isinstance(made, Composite)
    total = Fraction(0)
    flags = set()
    for part in made.parts:
        ratio = parts[part.of]
        if not ratio.version.is_computable:
            if made.missing == "null":
                return Valued(None, frozenset({NOT_COMPUTABLE}))
            flags.add(PARTIAL_POINTS)
            continue
        if ratio.numerator is None or ratio.denominator is None:
            return Valued(None, frozenset({NO_DATA}))
        share = share_of(ratio.version, ratio.numerator, ratio.denominator)
        if share is None:
            return Valued(None, frozenset({ZERO_DENOMINATOR}))
        if ratio.denominator == 0:
            flags.add(ZERO_BY_RULE)
        points = Fraction(part.weight) * share
        total += points if part.most is None else min(points, Fraction(part.most))
    total = min(total, Fraction(made.most))
    return Valued(_rounded(total, version.rounding), frozenset(flags))


def _points(version: Version, share: Fraction) -> Fraction:
    """All points from `full_at` percent on, linear below."""
    marks = version.marks
    assert marks is not None
    reached = share * _PERCENT / Fraction(marks.full_at)
    return Fraction(marks.most) * min(reached, Fraction(1))


def _rounded(exact: Fraction, digits: int) -> float:
    """Half up, from the exact value."""
    scale = 10**digits
    twice = 2 * exact * scale
    return float(
        round_half_up(Decimal((twice.numerator // twice.denominator + 1) // 2) / scale, digits)
    )
