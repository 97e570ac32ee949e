"""From points to a level, and never further than what was measured (DESIGN.md §5.6; facts/emc.md 3D).

The circular prints A 90–100, B 80–89, C 65–79, D 50–64, E <50, which leaves gaps for quarter
points (89.5? 64.75?). The published 59.75 → D shows that they are meant half-open.

A criterion that could not be measured has no points, which is not 0. Such a grade has a lowest and a
highest total; it has a level only where both have the same. Who keeps us from measuring what would be bad must not
do better by it than who lets us: where more is open by a site's own doing than the rules allow, it has no level at
all but the lowest, and what it keeps open is held open for it in no rank.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Final

import msgspec
from msgspec import UNSET

from thuocdo.assess.criteria.model import Bound, CriteriaSet, Group, criteria_set
from thuocdo.core.errors import ThuocdoError

NEWEST: Final = "2024"
"""The set whose bounds `level_of` knows unless told otherwise."""


class GroupPoints(msgspec.Struct, frozen=True):
    """Points of one group: `points` of what was measured, `unmeasured` those nobody could give."""

    code: str
    points: Decimal
    unmeasured: Decimal
    of: Decimal


class Grade(msgspec.Struct, frozen=True):
    """What a system was given under one criteria set.

    points      of what was measured
    unmeasured  points that could have been added or not
    level       None when the unmeasured points decide it, when it is withheld, or the set has no levels
    obstructed  those of `unmeasured` that the site's own side kept from being measured
    withheld    they are more than the rules allow
    """

    criteria: str
    groups: list[GroupPoints]
    points: Decimal
    unmeasured: Decimal
    level: str | None
    obstructed: Decimal = Decimal(0)
    withheld: bool = False

    @property
    def highest(self) -> Decimal:
        """Points it could have had; not those it withholds."""
        return self.points + self.unmeasured - (self.obstructed if self.withheld else 0)


def level_of(points: float | int | Decimal, levels: Sequence[Bound] | None = None) -> str:
    """The level of 0…100 points. Raises ThuocdoError `bad_points` outside that range or for NaN."""
    if not 0 <= points <= 100:
        raise ThuocdoError("bad_points", f"{points} is not between 0 and 100 points.")
    bounds = criteria_set(NEWEST).levels if levels is None else levels
    return next(bound.level for bound in bounds if points >= bound.lowest)


def grade(
    criteria: CriteriaSet, given: Mapping[str, Decimal | None], obstructed: Collection[str] = ()
) -> Grade:
    """The grade of points by `group` or `group.criterion`; None, or absent, is not measured.

    obstructed  criteria that the site's own side kept from being measured; those that have points are no more so
    Raises ThuocdoError `bad_points` for a key the set has not, or for points out of its range.
    """
    known = {group.code: group.points for group in criteria.groups}
    known |= {f"{group.code}.{each.code}": each.points for group, each in criteria.criteria()}
    for key, points in given.items():
        if key not in known:
            raise ThuocdoError("bad_points", f"{criteria.code} has no {key!r}.")
        if points is not None and not 0 <= points <= known[key]:
            raise ThuocdoError("bad_points", f"{key}: {points} is not between 0 and {known[key]}.")
    groups = [_group(group, given) for group in criteria.groups]
    points = sum((group.points for group in groups), Decimal())
    unmeasured = sum((group.unmeasured for group in groups), Decimal())
    kept_back = sum((known[key] for key in set(obstructed) if _is_open(key, given)), Decimal())
    withheld = criteria.obstruction is not UNSET and kept_back > criteria.obstruction.most
    level = _level(criteria.levels, points, unmeasured)
    if withheld and criteria.levels and level != criteria.levels[-1].level:
        level = None
    return Grade(criteria.code, groups, points, unmeasured, level, kept_back, withheld)


def _is_open(key: str, given: Mapping[str, Decimal | None]) -> bool:
    """Whether nobody gave points, neither for the criterion nor for its whole group."""
    return given.get(key) is None and given.get(key.partition(".")[0]) is None


def _group(group: Group, given: Mapping[str, Decimal | None]) -> GroupPoints:
    whole = given.get(group.code)
    if whole is not None:
        return GroupPoints(group.code, whole, Decimal(), group.points)
    own = [(each, given.get(f"{group.code}.{each.code}")) for each in group.criteria]
    points = sum((found for _, found in own if found is not None), Decimal())
    measured = sum((each.points for each, found in own if found is not None), Decimal())
    return GroupPoints(group.code, points, group.points - measured, group.points)


def _level(levels: Sequence[Bound], points: Decimal, unmeasured: Decimal) -> str | None:
    if not levels:
        return None
    lowest, highest = level_of(points, levels), level_of(points + unmeasured, levels)
    return lowest if lowest == highest else None


def shares(given: Iterable[str], levels: Sequence[Bound]) -> dict[str, int]:
    """How many systems stand on each level, best first; a level nobody has counts 0."""
    found = list(given)
    return {bound.level: found.count(bound.level) for bound in levels}
