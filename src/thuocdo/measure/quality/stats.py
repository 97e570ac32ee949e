"""How surprising a count is: bounds on binomial tails, and low quantiles of what peers do.

The bound is Chernoff's (also Hoeffding's first inequality, 1963): P(X ≤ k) ≤ exp(-n·D(k/n ‖ p)) for
k/n ≤ p, and the same for P(X ≥ k) on the other side, where D is the relative entropy. It holds for
every n and is never smaller than the exact tail, so a test that uses it errs towards silence. It is
computed here, from counts, with two logarithms in IEEE doubles: no engine takes part, so every engine
gives the same findings. Shares of peers are exact fractions.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def log10_at_most(seen: int, of: int, share: Fraction) -> float:
    """log10 of a bound on P(X ≤ seen), X ~ Binomial(of, share); 0.0 when it says nothing."""
    if of <= 0 or share <= 0 or Fraction(seen, of) >= share:
        return 0.0
    if share >= 1:
        return -math.inf
    return -of * _entropy(seen / of, float(share)) / math.log(10)


def log10_at_least(seen: int, of: int, share: Fraction) -> float:
    """log10 of a bound on P(X ≥ seen), X ~ Binomial(of, share); 0.0 when it says nothing."""
    if of <= 0 or share >= 1 or Fraction(seen, of) <= share:
        return 0.0
    if share <= 0:
        return -math.inf
    return -of * _entropy(seen / of, float(share)) / math.log(10)


def quantile(shares: Sequence[Fraction], permille: int) -> Fraction | None:
    """The share that `permille` of them do not exceed, exact: the nearest rank below; None of none."""
    if not shares:
        return None
    ordered = sorted(shares)
    return ordered[(len(ordered) - 1) * permille // 1000]


def permille(part: int, whole: int) -> int:
    """part / whole in thousandths, rounded down; 0 of nothing."""
    return part * 1000 // whole if whole else 0


def _entropy(seen: float, expected: float) -> float:
    """Relative entropy of two coins, in nats."""
    first = seen * math.log(seen / expected) if seen > 0 else 0.0
    rest = 1 - seen
    second = rest * math.log(rest / (1 - expected)) if rest > 0 and expected < 1 else 0.0
    return first + second
