"""Ranking and national means: what is made of the figures of one block (DESIGN.md §5.4, §5.5).

"1224": equal values share a rank and the next rank is skipped. Values are compared as printed, so
that two agencies which read the same in a table never stand on different ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import msgspec

from thuocdo.core.vietnamese import collation_key, round_half_up
from thuocdo.measure.model import Figure, NationalFigure

UNRANKED_FLAGS = frozenset(
    {"no_data", "zero_denominator", "coverage_below_threshold", "not_ranked"}
)
"""Each of them says why a figure has no rank."""


def ranked(figures: Sequence[Figure]) -> list[Figure]:
    """The figures with their ranks, best first, each block by itself; unranked ones last, by name."""
    placed: list[Figure] = []
    for block in sorted({figure.block for figure in figures}, key=str):
        own = [figure for figure in figures if figure.block == block]
        able = [figure for figure in own if not UNRANKED_FLAGS.intersection(figure.flags)]
        values = sorted((_value(figure) for figure in able), reverse=True)
        rank = {value: place for place, value in reversed(list(enumerate(values, start=1)))}
        best = [msgspec.structs.replace(figure, rank=rank[_value(figure)]) for figure in able]
        best.sort(key=lambda figure: (figure.rank or 0, collation_key(figure.name)))
        rest = [figure for figure in own if UNRANKED_FLAGS.intersection(figure.flags)]
        placed += best + sorted(rest, key=lambda figure: collation_key(figure.name))
    return placed


def national(figures: Sequence[Figure], block: str | None) -> NationalFigure:
    """The mean of the agencies and the ratio of the sums, over the ranked figures of a block.

    block  None: of both blocks together. Both values are None when nobody is ranked; the ratio is
           None for plain counts, whose sum is `numerator`. Two decimals, rounded once, half up.
    """
    own = [
        figure for figure in figures if figure.rank is not None and block in (None, figure.block)
    ]
    if not own:
        return NationalFigure(block, None, None, None, None, 0)
    numerator = sum(figure.numerator or 0 for figure in own)
    if own[0].denominator is None:
        return NationalFigure(
            block, _rounded(Fraction(numerator, len(own))), None, numerator, None, len(own)
        )
    denominator = sum(figure.denominator or 0 for figure in own)
    ratios = [Fraction(100 * (f.numerator or 0), f.denominator or 1) for f in own]
    return NationalFigure(
        block=block,
        mean_of_agencies=_rounded(sum(ratios, Fraction(0)) / len(own)),
        ratio_of_sums=_rounded(Fraction(100 * numerator, denominator)),
        numerator=numerator,
        denominator=denominator,
        agencies=len(own),
    )


def _value(figure: Figure) -> float:
    assert figure.value is not None  # every figure without a value carries a flag that unranks it
    return figure.value


def _rounded(exact: Fraction) -> float:
    # Two spare digits past the rounding place would not do for a tie; an exact quotient would
    # not end. 30 digits are more than any such tie can need with counts below 10**12.
    return float(round_half_up(Decimal(exact.numerator) / Decimal(exact.denominator)))
