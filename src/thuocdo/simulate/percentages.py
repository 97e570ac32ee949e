"""Whole numbers that print a published percentage exactly.

A report says 81,97 %; behind it stand two counts. Several pairs print alike: the one whose
denominator lies nearest to a wanted size is taken, so that sizes stay plausible.
"""

from __future__ import annotations

from thuocdo.core.errors import ThuocdoError

WHOLE = 10_000
"""Percentages are handled in hundredths of a percent: 81.97 % is 8197."""

_FURTHEST = 20_000


def printed(numerator: int, denominator: int) -> int:
    """The percentage in hundredths, rounded half up: printed(50, 61) == 8197."""
    return (2 * WHOLE * numerator + denominator) // (2 * denominator)


def counts_for(hundredths: int, wanted: int) -> tuple[int, int]:
    """(numerator, denominator) that print `hundredths`, the denominator nearest to `wanted` ≥ 1.

    Raises ThuocdoError `no_such_percentage` when no denominator within reach prints it.
    """
    for distance in range(_FURTHEST):
        for denominator in {wanted + distance, wanted - distance}:
            if denominator < 1:
                continue
            numerator = (2 * hundredths * denominator + WHOLE) // (2 * WHOLE)
            if printed(numerator, denominator) == hundredths:
                return numerator, denominator
    raise ThuocdoError(
        "no_such_percentage",
        f"No counts near {wanted} print {hundredths / 100:.2f} %.",
        "Ask for a larger denominator.",
    )
