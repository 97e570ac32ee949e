"""Levels A–E of a system from its points (DESIGN.md §5.6; facts/emc.md 3D).

The circular prints A 90–100, B 80–89, C 65–79, D 50–64, E <50, which leaves gaps for quarter
points (89.5? 64.75?). The published 59.75 → D shows that they are meant half-open.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from thuocdo.core.errors import ThuocdoError

LEVEL_FLOORS: Final = (("A", 90), ("B", 80), ("C", 65), ("D", 50), ("E", 0))


def level_of(points: float | int | Decimal) -> str:
    """The level of 0…100 points. Raises ThuocdoError `bad_points` outside that range or for NaN."""
    if not 0 <= points <= 100:
        raise ThuocdoError("bad_points", f"{points} is not between 0 and 100 points.")
    return next(level for level, floor in LEVEL_FLOORS if points >= floor)
