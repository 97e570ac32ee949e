"""Why a total moved: between two measurements under one set, or under two sets of one measurement; pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Final, Literal

import msgspec

from thuocdo.assess.criteria.model import CriteriaSet, Criterion
from thuocdo.assess.scoring import Grade
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import format_decimal
from thuocdo.measure.definitions import Text

Why = Literal[
    "measured_otherwise", "worth_otherwise", "new", "gone", "now_measured", "no_longer_measured"
]


_HUNDREDTH: Final = Decimal("0.01")


class Change(msgspec.Struct, frozen=True):
    """One criterion that moved the total; points are None where it is unmeasured or not in the set."""

    key: str
    name: Text
    before: Decimal | None
    after: Decimal | None
    why: Why

    @property
    def moved(self) -> Decimal:
        return (self.after or Decimal()) - (self.before or Decimal())


class Compared(msgspec.Struct, frozen=True):
    """One system, before and after; changes with the heaviest first.

    bounds_moved  its level is another one, and the rules draw the bounds of levels elsewhere
    """

    code: str
    name: str
    before: Grade
    after: Grade
    changes: list[Change]
    bounds_moved: bool = False


class Side(msgspec.Struct, frozen=True):
    """A grade, under which set, of which points."""

    criteria: CriteriaSet
    grade: Grade
    points: Mapping[str, Decimal | None]


def compare(code: str, name: str, before: Side, after: Side) -> Compared:
    """Every criterion that differs; their moves add up to that of the total."""
    one, other = _by_key(before.criteria), _by_key(after.criteria)
    changes = []
    for key in dict.fromkeys((*one, *other)):
        old, new = before.points.get(key), after.points.get(key)
        if key in one and key in other and old == new:
            continue
        if old is None and new is None:
            continue
        criterion = other.get(key) or one[key]
        changes.append(
            Change(key, criterion.name, old, new, _why(one.get(key), other.get(key), old, new))
        )
    changes.sort(key=lambda change: (-abs(change.moved), change.key))
    bounds_moved = (
        before.criteria.levels != after.criteria.levels and before.grade.level != after.grade.level
    )
    return Compared(code, name, before.grade, after.grade, changes, bounds_moved)


def reweighted(criteria: CriteriaSet, groups: Mapping[str, Decimal]) -> CriteriaSet:
    """The same criteria with other points for their groups: what is only being thought about.

    Within a group criteria keep their proportions, in hundredths of a point. Raises ThuocdoError
    `bad_simulation` when points are negative, missing, or do not make the total.
    """
    if set(groups) != {group.code for group in criteria.groups}:
        raise ThuocdoError("bad_simulation", "Every group needs points.")
    if min(groups.values()) < 0 or sum(groups.values()) != criteria.total:
        raise ThuocdoError("bad_simulation", f"The points must make {criteria.total}.")
    changed = [
        msgspec.structs.replace(
            group,
            points=groups[group.code],
            criteria=[
                msgspec.structs.replace(
                    each, points=each.points * groups[group.code] / group.points
                )
                for each in group.criteria
            ],
        )
        for group in criteria.groups
    ]
    return msgspec.structs.replace(criteria, groups=changed, step=_HUNDREDTH)


def _why(
    one: Criterion | None, other: Criterion | None, old: Decimal | None, new: Decimal | None
) -> Why:
    if one is None:
        return "new"
    if other is None:
        return "gone"
    if old is None:
        return "now_measured"
    if new is None:
        return "no_longer_measured"
    return "measured_otherwise" if one.points == other.points else "worth_otherwise"


def _by_key(criteria: CriteriaSet) -> dict[str, Criterion]:
    return {f"{group.code}.{each.code}": each for group, each in criteria.criteria()}


WHY: Final[dict[Why, Text]] = {
    "measured_otherwise": Text(vi="kết quả đo khác", en="measured otherwise"),
    "worth_otherwise": Text(vi="điểm tối đa khác", en="worth otherwise"),
    "new": Text(vi="tiêu chí mới", en="new in the rules"),
    "gone": Text(vi="tiêu chí bị bỏ", en="no longer in the rules"),
    "now_measured": Text(vi="nay đo được", en="measured now"),
    "no_longer_measured": Text(vi="không còn đo được", en="not measured any more"),
}
_OPEN = Text(vi="chưa rõ mức", en="level open")
_BOUNDS = Text(vi="ngưỡng xếp mức khác", en="other bounds of levels")
_WITHHELD = Text(vi="không xếp mức", en="no level")
_LEFT = Text(vi="để ngỏ", en="open")
_SAME = Text(vi="không có gì khác", en="nothing differs")
_BECAUSE = Text(vi="vì", en="because")


Language = Literal["vi", "en"]


def head(found: Compared, language: Language = "vi") -> str:
    """From which total to which, and from which level; how many points are open, where that moved as well."""
    levels = " → ".join(_level(each, language) for each in (found.before, found.after))
    before, after = (_number(each.points, language) for each in (found.before, found.after))
    opened = [each.unmeasured for each in (found.before, found.after)]
    if opened[0] == opened[1]:
        return f"{found.name}: {before} → {after} ({levels})"
    one, other = (_number(each, language) for each in opened)
    return f"{found.name}: {before} → {after} ({levels}; {_LEFT.told(language)} {one} → {other})"


def _level(grade: Grade, language: Language) -> str:
    return grade.level or (_WITHHELD if grade.withheld else _OPEN).told(language)


def reasons(found: Compared, language: Language = "vi") -> list[str]:
    """What made it so, criterion by criterion, the heaviest first."""
    told = [
        f"{each.name.told(language)} {_number(each.before, language)} → "
        f"{_number(each.after, language)} ({WHY[each.why].told(language)})"
        for each in found.changes
    ]
    if found.bounds_moved:
        told.append(_BOUNDS.told(language))
    return told


def sentence(found: Compared, language: Language = "vi") -> str:
    """All of it in one paragraph."""
    if not (found.changes or found.bounds_moved):
        return f"{head(found, language)}, {_SAME.told(language)}."
    why = "; ".join(reasons(found, language))
    return f"{head(found, language)}, {_BECAUSE.told(language)}: {why}."


def _number(points: Decimal | None, language: Language) -> str:
    return "–" if points is None else format_decimal(points, 2, language)
