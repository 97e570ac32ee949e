"""What two assessors who do not see each other say together; pure.

UN DESA's practice (facts/emc.md §6): at least two blind assessors, and a difference above 5 % of what a
question is worth is reconciled, with a reason, before it counts. Below that the mean of the two holds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from thuocdo.assess.criteria.model import CriteriaSet, Criterion
from thuocdo.core.errors import ThuocdoError

RECONCILE_ABOVE: Final = Decimal("0.05")
ASSESSORS: Final = 2


class Given(msgspec.Struct, frozen=True):
    """Points one assessor gave one criterion, `group.criterion`."""

    assessor: str
    key: str
    points: Decimal


class Difference(msgspec.Struct, frozen=True):
    """Two assessors too far apart on one criterion, and nobody has reconciled them."""

    key: str
    lowest: Decimal
    highest: Decimal
    of: Decimal


class Together(msgspec.Struct, frozen=True):
    """points: None where not enough assessors spoke, or where they must be reconciled."""

    points: dict[str, Decimal | None]
    differences: list[Difference]


def checklist(criteria: CriteriaSet, criterion: Criterion, found: Iterable[str]) -> Decimal:
    """Points for the items of a checklist that were found: they share the points evenly.

    Raises ThuocdoError `bad_mark` for an item the list has not.
    """
    known = {item.code for item in criterion.items}
    given = set(found)
    if given - known:
        raise ThuocdoError("bad_mark", f"{criterion.code} has no item {min(given - known)!r}.")
    return stepped(criterion.points * len(given) / len(known), criteria.step)


def stepped(points: Decimal, step: Decimal) -> Decimal:
    """The nearest step, half up."""
    return (points / step).to_integral_value(ROUND_HALF_UP) * step


def together(
    criteria: CriteriaSet,
    given: Iterable[Given],
    settled: Mapping[str, Decimal],
    found: Collection[str] = (),
) -> Together:
    """What holds for every criterion that people judge. `settled` are reconciled points; they hold as they are.

    found  what a machine found: nobody is asked
    Raises ThuocdoError `bad_mark` for points a criterion does not have, or for two of one assessor.
    """
    manual = {f"{g.code}.{c.code}": c for g, c in criteria.criteria() if c.by_people}
    manual = {key: each for key, each in manual.items() if key not in found}
    by_key: dict[str, dict[str, Decimal]] = {key: {} for key in manual}
    for mark in given:
        if mark.key not in manual or not 0 <= mark.points <= manual[mark.key].points:
            raise ThuocdoError("bad_mark", f"{mark.key}: {mark.points} points cannot be given.")
        if by_key[mark.key].setdefault(mark.assessor, mark.points) != mark.points:
            raise ThuocdoError("bad_mark", f"{mark.assessor} has marked {mark.key} twice.")
    points: dict[str, Decimal | None] = {}
    differences = []
    for key, criterion in manual.items():
        values = list(by_key[key].values())
        points[key] = settled.get(key)
        if key in settled or len(values) < ASSESSORS:
            continue
        if max(values) - min(values) > RECONCILE_ABOVE * criterion.points:
            differences.append(Difference(key, min(values), max(values), criterion.points))
        else:
            points[key] = stepped(sum(values, Decimal()) / len(values), criteria.step)
    return Together(points, differences)
