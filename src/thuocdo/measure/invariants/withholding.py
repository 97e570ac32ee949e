"""A broken blocking rule takes its figure out of print: no value, no rank, and the reason instead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from thuocdo.core.vietnamese import collation_key
from thuocdo.measure.definitions import Find, definition
from thuocdo.measure.invariants.model import Outcome
from thuocdo.measure.model import BLOCKED, Figure, NoInterval
from thuocdo.measure.ranking import ranked


def withhold(
    figures: Sequence[Figure], outcomes: Iterable[Outcome], find: Find = definition
) -> list[Figure]:
    """The figures of one indicator: withheld ones last and empty, the others ranked without them."""
    blocking = [outcome for outcome in outcomes if outcome.is_blocking]
    reasons = {id(figure): _rules(figure, blocking) for figure in figures}
    kept = [figure for figure in figures if not reasons[id(figure)]]
    gone = [
        figure.emptied(NoInterval.NO_VALUE, *(f"{BLOCKED}{code}" for code in reasons[id(figure)]))
        for figure in figures
        if reasons[id(figure)]
    ]
    if not gone:
        return list(figures)
    lower = find(gone[0].indicator).better == "lower"
    return ranked(kept, lower_is_better=lower) + sorted(
        gone, key=lambda figure: collation_key(figure.name)
    )


def _rules(figure: Figure, blocking: Iterable[Outcome]) -> list[str]:
    """The codes of the rules that block a figure, each once."""
    return list(
        dict.fromkeys(
            outcome.rule
            for outcome in blocking
            if figure.indicator in outcome.blocks
            and outcome.agency in (None, figure.agency)
            and outcome.block in (None, figure.block)
            and outcome.version in (None, figure.version)
        )
    )
