"""Ranking and national means: what is made of the figures of one block (DESIGN.md §5.4, §5.5).

"1224": equal values share a rank and the next rank is skipped. Values are compared as printed, so
that two agencies which read the same in a table never stand on different ranks.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from thuocdo.core.vietnamese import collation_key, percent, round_half_up
from thuocdo.measure.intervals import Share, bands
from thuocdo.measure.model import Figure, NationalFigure

UNRANKED_FLAGS = frozenset(
    {
        *("no_data", "zero_denominator", "coverage_below_threshold", "not_ranked"),
        *("not_computable", "suppressed"),
    }
)
"""Each of them says why a figure has no rank; what a check withheld has none either."""


def ranked(figures: Sequence[Figure], *, lower_is_better: bool = False) -> list[Figure]:
    """The figures with their ranks, best first, each block by itself; unranked ones last, by name."""
    placed: list[Figure] = []
    for block in sorted({figure.block for figure in figures}, key=str):
        own = [figure for figure in figures if figure.block == block]
        able = [figure for figure in own if not _is_unranked(figure)]
        values = sorted((_value(figure) for figure in able), reverse=not lower_is_better)
        rank = {value: place for place, value in reversed(list(enumerate(values, start=1)))}
        best = [
            msgspec.structs.replace(figure, rank=rank[_value(figure)], rank_low=low, rank_high=high)
            for figure, (low, high) in zip(
                able, _bands(able, lower_is_better=lower_is_better), strict=True
            )
        ]
        best.sort(key=lambda figure: (figure.rank or 0, collation_key(figure.name)))
        rest = [figure for figure in own if _is_unranked(figure)]
        placed += best + sorted(rest, key=lambda figure: collation_key(figure.name))
    return placed


def _is_unranked(figure: Figure) -> bool:
    return figure.is_blocked or bool(UNRANKED_FLAGS.intersection(figure.flags))


def _bands(
    able: Sequence[Figure], *, lower_is_better: bool
) -> Sequence[tuple[int | None, int | None]]:
    """The ranks that chance leaves open to each; none where not all of them are proportions."""
    if not all(figure.interval for figure in able):
        return [(None, None)] * len(able)
    shares = [Share(f.numerator or 0, f.denominator or 0, _value(f)) for f in able]
    return bands(shares, lower_is_better=lower_is_better)


def national(figures: Sequence[Figure], block: str | None) -> NationalFigure:
    """The mean of the agencies and the ratio of the sums, over the ranked figures of a block.

    block  None: of both blocks together. Both values are None when nobody is ranked; the ratio is
           None for plain counts, whose sum is `numerator`, and both are None for points and
           durations, which have no sum. The mean is that of the values as
           printed, so that a reader can check it by hand. Two decimals, half up.
    """
    own = [
        figure for figure in figures if figure.rank is not None and block in (None, figure.block)
    ]
    if not own:
        return NationalFigure(block, None, None, None, None, 0)
    adds_up, is_ratio = own[0].unit in ("count", "percent"), own[0].unit == "percent"
    numerator = sum(figure.numerator or 0 for figure in own) if adds_up else None
    denominator = sum(figure.denominator or 0 for figure in own) if is_ratio else None
    ratio = percent(numerator or 0, denominator) if denominator is not None else None
    printed = sum((Decimal(str(_value(figure))) for figure in own), Decimal())
    return NationalFigure(
        block=block,
        mean_of_agencies=float(round_half_up(printed / len(own))),
        ratio_of_sums=None if ratio is None else float(ratio),
        numerator=numerator,
        denominator=denominator,
        agencies=len(own),
    )


def _value(figure: Figure) -> float:
    assert figure.value is not None  # every figure without a value carries a flag that unranks it
    return figure.value
