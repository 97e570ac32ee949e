"""What a definition file says: an indicator, its dated versions, their rules and test vectors."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final, Literal

import msgspec

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions.terms import (
    Composite,
    Duration,
    NotComputable,
    Source,
    SourceKind,
    Term,
    Text,
)

UNITS: Final = ("count", "percent", "duration", "points")


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """The figure a vector must give; `flags` are those that must be among its flags."""

    numerator: int | None
    denominator: int | None
    value: float | None
    flags: list[str] = []


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A small set of facts and the figure that must come out of it.

    services, dossiers, views   what happened; tests turn them into raw events
    """

    name: str
    period: str
    expect: Expected
    services: list[dict[str, Any]] = []
    dossiers: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []


class Marks(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """How a ratio becomes points: `most` from `full_at` percent on, linear below."""

    most: Decimal
    full_at: Decimal = Decimal(100)


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One dated wording of an indicator. Days are included; no `valid_to` is open.

    coverage_threshold   share of expected sources below which an agency is not ranked
    zero_denominator     what a zero denominator gives: null, 0, or the full value (100 %, all points)
    unknown_channel      how a dossier of unknown channel is read: as none of the channels, as one of
                         the counter, or not at all (it leaves the denominator too)
    postal               the same for one sent by post
    missing_due          how `standing` judges a dossier without a due date
    marks                how the ratio becomes points
    lineage              identities of the versions it is made of; the loader's, never the file's
    """

    version: str
    valid_from: date
    source: Source
    description: Text
    numerator: Term
    coverage_threshold: float
    vectors: list[Vector]
    denominator: Term | None = None
    valid_to: date | None = None
    notes: list[Text] = []
    zero_denominator: Literal["null", "zero", "full"] = "null"
    unknown_channel: Literal["unknown", "counter", "left_out"] = "unknown"
    postal: Literal["postal", "online", "counter", "left_out"] = "postal"
    missing_due: Literal["left_out", "in_time", "overdue"] = "left_out"
    marks: Marks | None = None
    rounding: int = 2
    lineage: tuple[str, ...] = ()

    @property
    def identity(self) -> str:
        """16 hex digits that change when a word of this definition, or of one it is made of, does.

        Its tests are no words of it, and neither is its end, which comes with the next version.
        """
        words = msgspec.structs.replace(self, vectors=[], valid_to=None)
        return hashlib.blake2b(
            msgspec.json.encode(words, order="sorted"), digest_size=8
        ).hexdigest()

    @property
    def is_computable(self) -> bool:
        return not isinstance(self.numerator, NotComputable)

    @property
    def most(self) -> Decimal | None:
        """The most points there are; None for what is no points."""
        if isinstance(self.numerator, Composite):
            return self.numerator.most
        return self.marks.most if self.marks else None

    def holds(self, day: date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One indicator with all its versions, oldest first.

    source_kinds   kinds of sites or systems whose events it needs: what coverage counts
    better         which end of the ranking is the first
    metric         what its source calls it, where that has a name of its own
    """

    code: str
    name: Text
    unit: Literal["count", "percent", "duration", "points"]
    blocks: list[Literal["ministry", "province"]]
    source_kinds: list[SourceKind]
    versions: list[Version]
    better: Literal["higher", "lower"] = "higher"
    metric: str | None = None

    def version_for(self, last_day: date, wanted: str | None = None) -> Version:
        """The version asked for, else the one in force on `last_day`, else the earliest.

        Raises ThuocdoError `unknown_version`.
        """
        if wanted is not None:
            for version in self.versions:
                if version.version == wanted:
                    return version
            known = ", ".join(version.version for version in self.versions)
            raise ThuocdoError(
                "unknown_version",
                f"{self.code} has no version {wanted!r}.",
                f"Write one of: {known}.",
            )
        begun = [version for version in self.versions if version.valid_from <= last_day]
        return begun[-1] if begun else self.versions[0]


class Group(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Indicators whose points add up to the group's; `tracked` ones carry no points."""

    code: str
    name: Text
    most: Decimal
    indicators: list[str]
    tracked: list[str] = []


class IndicatorSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A published set of indicators in groups, such as that of QĐ 766/QĐ-TTg."""

    code: str
    name: Text
    source: Source
    valid_from: date
    most: Decimal
    groups: list[Group]
    notes: list[Text] = []


def wrong(indicator: Indicator, place: int) -> str | None:
    """What the types cannot say: what is wrong with the version at a place, or None."""
    version = indicator.versions[place]
    following = indicator.versions[place + 1] if place + 1 < len(indicator.versions) else None
    end = following.valid_from - timedelta(days=1) if following else None
    checks = {
        f"version {version.version!r} is not the month of valid_from": (
            version.version != f"{version.valid_from:%Y-%m}"
        ),
        f"valid_to must be {end}, the day before the next version": version.valid_to != end,
        "coverage_threshold must lie between 0 and 1": not 0 <= version.coverage_threshold <= 1,
        "`lineage` is not for a file to say": bool(version.lineage),
        "there is no test vector": not version.vectors,
    }
    reason = next((reason for reason, is_wrong in checks.items() if is_wrong), None)
    return reason or _wrong_terms(indicator.unit, version)


def _wrong_terms(unit: str, version: Version) -> str | None:
    numerator, denominator = version.numerator, version.denominator
    if not version.is_computable:
        return None if denominator is None else "what is not computable has no denominator"
    is_ratio = denominator is not None
    is_composite, is_duration = isinstance(numerator, Composite), isinstance(numerator, Duration)
    checks = {
        "a percentage needs a denominator, a count has none": (
            unit in ("count", "percent") and is_ratio != (unit == "percent")
        ),
        "numerator and denominator count different things": (
            is_ratio and type(numerator) is not type(denominator)
        ),
        "only points have `marks`": unit != "points" and version.marks is not None,
        "points are a ratio with `marks`, or made of parts": (
            unit == "points" and not (is_composite or (is_ratio and version.marks is not None))
        ),
        "points made of parts have neither denominator nor marks": (
            is_composite and (is_ratio or version.marks is not None)
        ),
        "only a duration counts a duration, and it has no denominator": (
            is_duration != (unit == "duration") or (is_duration and is_ratio)
        ),
        "only points are made of parts": is_composite and unit != "points",
        "a quantile lies between 1 and 100": (
            isinstance(numerator, Duration) and not 1 <= numerator.quantile <= 100
        ),
    }
    return next((reason for reason, is_wrong in checks.items() if is_wrong), None)
