"""The target a line is held against: the next one due, else the last one that was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from thuocdo.measure.policy import holds
from thuocdo.measure.targets.model import Target
from thuocdo.web import board
from thuocdo.web.printing import language


@dataclass(frozen=True, slots=True)
class Aim:
    """What must be reached, in the indicator's unit, and by when."""

    value: float
    by: date
    title: str
    source: str


def aim(code: str, day: date, *, block: str | None, agency: str | None = None) -> Aim | None:
    """The target of an agency at the top, or of its block, on a day; None where there is none."""
    found = [
        target
        for target in board.measure().targets()
        if target.indicator == code
        and holds(target, day)
        and (target.agency == agency if target.agency else target.block in (None, block))
    ]
    # An agency's own target stands before that of its block.
    own = [target for target in found if target.agency] or found
    coming = [target for target in own if target.by >= day]
    chosen: Target | None = (coming or own[::-1] or [None])[0]
    if chosen is None:
        return None
    return Aim(
        float(chosen.value),
        chosen.by,
        getattr(chosen.title, language()),
        f"{chosen.source.document}, {chosen.source.place}",
    )
