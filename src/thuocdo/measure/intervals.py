"""What chance alone could have made of a rate, and which ranks can therefore be told apart.

A figure is a complete count, not a sample: 88 of 100 dossiers were online, and no error of
sampling is in that. The interval answers another question, the one a ranking raises: had other
cases of the same service fallen into the period, how far could the rate have been from this one?
So each case is taken as one draw, online or not, and the interval is Wilson's for a proportion
(E. B. Wilson, JASA 22, 1927; preferred by Brown, Cai and DasGupta, Statistical Science 16, 2001).

Two agencies are told apart by the chi-square test of two proportions with Yates's correction;
over all pairs of a block Holm's procedure (Scandinavian Journal of Statistics 6, 1979) keeps the
chance of any false distinction at 5 %. Everything is integers and decimals, so that every machine
gives the same digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext
from itertools import combinations
from statistics import NormalDist
from typing import Any, Final, NamedTuple

from thuocdo.core.vietnamese import round_half_up
from thuocdo.measure.definitions import FeedHours, Feeds, Services, Version
from thuocdo.measure.model import Interval, NoInterval

CONFIDENCE_PERCENT: Final = 95
_ERROR: Final = 0.05
_Z: Final = Decimal("1.959963984540054")  # the standard normal's quantile at 97.5 %
_DIGITS: Final = 40
_HUNDRED: Final = Decimal(100)
_ZERO: Final = Decimal(0)


class Share(NamedTuple):
    """One agency's count of cases that did, of all its cases; `value` is the rate as printed."""

    numerator: int
    denominator: int
    value: float


def wilson(numerator: int, denominator: int, digits: int = 2) -> Interval:
    """Wilson's 95 % interval of a proportion, in percent, rounded half up.

    Needs 0 <= numerator <= denominator, denominator > 0. The rate always lies inside.
    """
    with localcontext(prec=_DIGITS):
        n, p = Decimal(denominator), Decimal(numerator) / Decimal(denominator)
        square = _Z * _Z
        centre = p + square / (2 * n)
        reach = _Z * ((p * (1 - p) + square / (4 * n)) / n).sqrt()
        scale = _HUNDRED / (1 + square / n)
        low = max(_ZERO, (centre - reach) * scale)
        high = min(_HUNDRED, (centre + reach) * scale)
        return Interval(float(round_half_up(low, digits)), float(round_half_up(high, digits)))


def interval_of(
    version: Version, unit: str, numerator: int | None, denominator: int | None
) -> tuple[Interval | None, NoInterval | None]:
    """The interval of a figure, or why it has none."""
    reason = _no_proportion(version, unit)
    if reason is None and (numerator is None or not denominator):
        reason = NoInterval.NO_VALUE
    if reason is None and (numerator or 0) > (denominator or 0):
        reason = NoInterval.NOT_A_PROPORTION
    if reason is not None:
        return None, reason
    return wilson(numerator or 0, denominator or 1, version.rounding), None


def _no_proportion(version: Version, unit: str) -> NoInterval | None:
    """Why no draw of chance stands behind a definition's figures; None where one does."""
    above = version.numerator
    if unit == "count":
        return NoInterval.COUNT
    if unit != "percent":
        return NoInterval.NOT_A_SHARE
    if not is_part(version):
        return NoInterval.NOT_A_PROPORTION
    if isinstance(above, Services) and above.with_dossiers is None and above.with_payments is None:
        return NoInterval.NOT_DRAWN
    return NoInterval.NOT_DRAWN if isinstance(above, Feeds | FeedHours) else None


def is_part(version: Version) -> bool:
    """Whether all that the numerator counts the denominator counts too, by their conditions alone."""
    above, below = version.numerator, version.denominator
    if type(above) is not type(below):
        return False
    return all(
        _narrower(name, getattr(above, name), getattr(below, name))
        for name in above.__struct_fields__
    )


def _narrower(name: str, above: Any, below: Any) -> bool:
    """Whether one condition lets through no more than the other."""
    if above == below or (below is None and name != "event"):
        return True
    if not (isinstance(above, list) and isinstance(below, list)):
        return False
    return set(above) <= set(below) or "any" in below


def bands(shares: Sequence[Share], *, lower_is_better: bool = False) -> list[tuple[int, int]]:
    """(best, worst) rank that chance leaves open to each, in the order given.

    Best is one more than those told apart above it, worst the number of all less those told apart
    below. What prints alike is never told apart, so the official rank always lies in the band.
    """
    above, below = [0] * len(shares), [0] * len(shares)
    for pair in _told_apart(shares):
        better, worse = reversed(pair) if lower_is_better else pair
        above[worse] += 1
        below[better] += 1
    return [(1 + above[n], len(shares) - below[n]) for n in range(len(shares))]


def _told_apart(shares: Sequence[Share]) -> list[tuple[int, int]]:
    """Pairs (higher, lower) that Holm's procedure tells apart, by their places."""
    tested = []
    for one, other in combinations(range(len(shares)), 2):
        first, second = shares[one], shares[other]
        if first.value == second.value:
            pair, square = (one, other), 0.0
        else:
            pair = (one, other) if first.value > second.value else (other, one)
            square = _chi_square(first, second)
        tested.append((square, pair))
    tested.sort(key=lambda test: (-test[0], test[1]))
    found = []
    for done, (square, pair) in enumerate(tested):
        if square <= _threshold(_ERROR / (len(tested) - done)):
            break
        found.append(pair)
    return found


def _chi_square(one: Share, other: Share) -> float:
    """Of two proportions, with Yates's correction; exact until the last division."""
    (a, m, _), (c, n, _) = one, other
    both, cases = a + c, m + n
    if both in (0, cases):
        return 0.0
    apart = max(0, 2 * abs(a * n - c * m) - cases)
    return (apart * apart * cases) / (4 * m * n * both * (cases - both))


def _threshold(error: float) -> float:
    """The chi-square (one degree of freedom) that a two-sided error of this size asks for."""
    return NormalDist().inv_cdf(1 - error / 2) ** 2
