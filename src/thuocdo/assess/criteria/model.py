"""The shape of a criteria set, and what makes one refused.

A set is policy: groups, criteria, points, level bounds and texts are data with a source and dates
(`assess/criteria/*.yaml`). Points are decimals in steps, quarters unless the set says otherwise, as
the published results are (facts/emc.md 3D: 3,25). Where an official threshold or share is not public, the set says so
(`official: false` and why), so that nobody takes a configuration for the law.

A round is frozen with the hash of its rules as they are encoded here. A field that is added later is
UNSET where it is not given, and then not encoded: what was frozen before keeps its hash.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Final, Literal

import msgspec
import yaml
from msgspec import UNSET, UnsetType

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Source, Text

FOLDER: Final = Path(__file__).parent
_QUARTER: Final = Decimal("0.25")


class Item(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One line of a checklist: an assessor says whether it is there and keeps the evidence."""

    code: str
    name: Text


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is measured.

    method       "auto": a probe; "manual": assessors; "derived": read off what EMC measures anyway; "found": a
                 probe, where it finds it with evidence, and assessors where it does not
    items        a checklist; its items share the points evenly
    appointment  measured only inside a window the owner signed for
    tolerance    points by which two measurements may differ without being a difference
    check        the probe's check it is measured by; "" is its own name, `group.criterion`
    proposal     of a manual one: the check whose signs are put before the assessors and never count
    source       the place it is taken from, where the set's own source does not say it for all
    asks         what must be there for its points and what does not count, for those who judge and are judged
    official     whether its points stand in the source; unset: as the set says
    """

    code: str
    name: Text
    points: Decimal
    method: Literal["auto", "manual", "derived", "found"]
    items: list[Item] = []
    fix: Text | None = None
    appointment: bool = False
    tolerance: Decimal = Decimal(0)
    check: str = ""
    source: str | UnsetType = UNSET
    official: bool | UnsetType = UNSET
    proposal: str | UnsetType = UNSET
    asks: Text | UnsetType = UNSET

    @property
    def by_machine(self) -> bool:
        """Whether a machine may give its points."""
        return self.method != "manual"

    @property
    def by_people(self) -> bool:
        """Whether assessors may; of a criterion that is "found", where no machine found it."""
        return self.method in ("manual", "found")


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A group with its points; without criteria only its sum is known.

    official  whether its points stand in the source; unset: as the set says
    """

    code: str
    name: Text
    points: Decimal
    criteria: list[Criterion]
    note: Text | None = None
    official: bool | UnsetType = UNSET


class Bound(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A level and the points from which it holds; half-open, the next higher bound excluded."""

    level: str
    lowest: Decimal = msgspec.field(name="from")


class Obstruction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is too much to be left open by a site's own side: then no level is given but the lowest.

    most      points that may be left open so
    faults    why something could not be measured that is the site's own doing (results.Fault); that its owner permits
              no load test, or that few visit it, is not
    official  whether the rule stands in the source; `why` says what it is for
    """

    most: Decimal
    faults: list[str]
    official: bool
    why: Text


class CriteriaSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dated set. Days are included; no `valid_to` is open.

    official  whether everything in it stands in the source; else `unofficial_because` says what not
    levels    best first, the last from 0; none when the set grades without levels
    step      points are given in multiples of this; a step that is not wholly earned is not given
    revised   since when it stands as it does, where how its criteria are measured was changed
    obstruction  from how many points that a site itself kept from being measured it has no level; unset: any number
    """

    code: str
    name: Text
    valid_from: date
    total: Decimal
    source: Source
    official: bool
    levels: list[Bound]
    scoring: Text
    groups: list[Group]
    valid_to: date | None = None
    unofficial_because: Text | None = None
    step: Decimal = _QUARTER
    revised: date | UnsetType = UNSET
    obstruction: Obstruction | UnsetType = UNSET

    @property
    def frozen(self) -> bytes:
        """The bytes a round freezes, publishes and names by their hash."""
        return msgspec.json.encode(self)

    @property
    def sha256(self) -> str:
        """Hex, of those bytes."""
        return hashlib.sha256(self.frozen).hexdigest()

    def is_official(self, row: Group | Criterion) -> bool:
        """Whether the points of a group or a criterion stand in a document, or are configured here."""
        return self.official if row.official is UNSET else row.official

    def criteria(self) -> Iterator[tuple[Group, Criterion]]:
        for group in self.groups:
            for criterion in group.criteria:
                yield group, criterion


@cache
def criteria_sets() -> tuple[CriteriaSet, ...]:
    """Every set, by code. Raises ThuocdoError `bad_criteria`."""
    return tuple(load(path) for path in sorted(FOLDER.glob("*.yaml")))


def criteria_set(code: str) -> CriteriaSet:
    """Raises ThuocdoError `unknown_criteria`."""
    for found in criteria_sets():
        if found.code == code:
            return found
    known = ", ".join(found.code for found in criteria_sets())
    raise ThuocdoError(
        "unknown_criteria", f"There is no criteria set {code!r}.", f"Write one of: {known}."
    )


def load(path: Path) -> CriteriaSet:
    """Read and check one set. Raises ThuocdoError `bad_criteria` with file, place and reason."""
    try:
        found = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), CriteriaSet)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, msgspec.ValidationError) as error:
        raise _refusal(path, " ".join(str(error).split())) from error
    for reason in _no_numbers(found) or _wrong(path, found):
        raise _refusal(path, reason)
    return found


def _no_numbers(found: CriteriaSet) -> list[str]:
    """What cannot be counted with at all."""
    numbers = {"the total": found.total, "the step": found.step}
    numbers |= {f"the bound of {each.level}": each.lowest for each in found.levels}
    for group, each in found.criteria():
        numbers |= {group.code: group.points, f"{group.code}.{each.code}": each.points}
        numbers |= {f"the tolerance of {each.code}": each.tolerance}
    if found.obstruction is not UNSET:
        numbers["what may be left open"] = found.obstruction.most
    wrong = [f"{name} is no number" for name, value in numbers.items() if not value.is_finite()]
    return wrong or (["the step is not above 0"] if found.step <= 0 else [])


def _wrong(path: Path, found: CriteriaSet) -> Iterator[str]:
    """What the types cannot say."""
    if found.code != path.stem:
        yield f"the code {found.code!r} is not the file's name"
    if found.official == (found.unofficial_because is not None):
        yield "`unofficial_because` is for sets that are not official, and needed there"
    if sum(group.points for group in found.groups) != found.total:
        yield "the groups' points do not make the total"
    yield from _wrong_groups(found)
    for group, each in found.criteria():
        if each.proposal is not UNSET and each.method != "manual":
            yield f"{group.code}.{each.code} has a proposal, which is for assessors"
        if each.tolerance < 0:
            yield f"{group.code}.{each.code} has a tolerance below 0"
        if each.points % found.step or each.points <= 0:
            yield f"{group.code}.{each.code} has points that are no steps of {found.step} above 0"
    yield from _wrong_levels(found)


def _wrong_groups(found: CriteriaSet) -> Iterator[str]:
    if len({group.code for group in found.groups}) != len(found.groups):
        yield "a group's code stands twice"
    for group in found.groups:
        if group.points <= 0:
            yield f"{group.code} has no points"
        if group.criteria and sum(each.points for each in group.criteria) != group.points:
            yield f"the criteria of {group.code} do not make its points"
        if len({each.code for each in group.criteria}) != len(group.criteria):
            yield f"a code stands twice in {group.code}"


def _wrong_levels(found: CriteriaSet) -> Iterator[str]:
    if found.obstruction is not UNSET and not 0 <= found.obstruction.most < found.total:
        yield "the points that may be left open are not between 0 and the total"
    bounds = [bound.lowest for bound in found.levels]
    if bounds and (bounds != sorted(set(bounds), reverse=True) or bounds[-1] != 0):
        yield "levels must fall, one by one, down to 0"
    if bounds and bounds[0] > found.total:
        yield "levels must not lie above the total"
    if len({bound.level for bound in found.levels}) != len(bounds):
        yield "two levels have one name"
    if found.valid_to is not None and found.valid_to < found.valid_from:
        yield "it ends before it begins"


def _refusal(path: Path, reason: str) -> ThuocdoError:
    return ThuocdoError(
        "bad_criteria", f"{path.name} is refused: {reason}.", "Correct the criteria file."
    )
