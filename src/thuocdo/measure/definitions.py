"""Indicator definitions: dated, sourced, declared in YAML, refused when they do not validate.

A definition holds no code: numerator and denominator are terms of the small vocabulary below
(DESIGN.md §5.4). Its identity is the hash of what it says, so a figure can name exactly the words
it was computed under.
"""

from __future__ import annotations

import hashlib
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError

FOLDER: Final = Path(__file__).parent / "indicators"


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The same in both languages."""

    vi: str
    en: str


class Source(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where a definition was published, and where in it."""

    document: str
    place: str


class Visits(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="visits", tag_field="count"
):
    """Visits to sites of some kinds."""

    site_kinds: list[Literal["portal", "service_portal", "one_stop"]]


class Dossiers(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="dossiers", tag_field="count"
):
    """Dossiers received or resolved in the period; absent conditions let everything through.

    channels     channel at receipt; an unknown channel is none of them
    levels       level on the day of receipt: the catalogue's, else the declared one
    full_online  every stage online (facts/cube.py)
    """

    event: Literal["received", "resolved"]
    channels: list[Literal["online", "counter", "postal"]] | None = None
    levels: list[Literal["full", "partial", "information"]] | None = None
    full_online: Literal[True] | None = None


class Services(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag="services", tag_field="count"
):
    """Services in the catalogue on the period's last day.

    with_dossiers  only those with at least one dossier received in the period: by one of these
                   channels, or by any channel at all ("any")
    """

    levels: list[Literal["full", "partial", "information"]]
    with_dossiers: list[Literal["online", "counter", "postal", "any"]] | None = None


Term = Visits | Dossiers | Services


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The figure a vector must give; `flags` are those that must be among its flags."""

    numerator: int | None
    denominator: int | None
    value: float | None
    flags: list[str] = []


class Vector(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A small set of facts and the figure that must come out of it.

    services, dossiers, views   what happened; tests turn them into raw events
    """

    name: str
    period: str
    expect: Expected
    services: list[dict[str, Any]] = []
    dossiers: list[dict[str, Any]] = []
    views: list[dict[str, Any]] = []


class Version(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dated wording of an indicator. Days are included; no `valid_to` is open.

    coverage_threshold   share of expected sources below which an agency is not ranked
    zero_denominator     what a zero denominator gives: null, never 0
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
    zero_denominator: Literal["null"] = "null"
    rounding: int = 2

    @property
    def identity(self) -> str:
        """16 hex digits that change when a word of this definition does (its tests aside)."""
        words = msgspec.structs.replace(self, vectors=[])
        return hashlib.blake2b(
            msgspec.json.encode(words, order="sorted"), digest_size=8
        ).hexdigest()


class Indicator(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One indicator with all its versions, oldest first.

    source_kinds   kinds of sites or systems whose events it needs: what coverage counts
    """

    code: str
    name: Text
    unit: Literal["count", "percent"]
    blocks: list[Literal["ministry", "province"]]
    source_kinds: list[Literal["portal", "service_portal", "one_stop"]]
    versions: list[Version]

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


@cache
def definitions() -> tuple[Indicator, ...]:
    """Every indicator, by code. Raises ThuocdoError `bad_definition`."""
    return tuple(load(path) for path in sorted(FOLDER.glob("*.yaml")))


def definition(code: str) -> Indicator:
    """Raises ThuocdoError `unknown_indicator`."""
    for indicator in definitions():
        if indicator.code == code:
            return indicator
    known = ", ".join(indicator.code for indicator in definitions())
    raise ThuocdoError(
        "unknown_indicator", f"There is no indicator {code!r}.", f"Write one of: {known}."
    )


def load(path: Path) -> Indicator:
    """Read and check one definition file.

    Raises ThuocdoError `bad_definition` with file, place and reason.
    """
    try:
        indicator = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Indicator)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise _refusal(path, " ".join(str(error).split())) from error
    if indicator.code != path.stem:
        raise _refusal(path, f"the code {indicator.code!r} is not the file's name - at `$.code`")
    if not indicator.versions:
        raise _refusal(path, "there is no version - at `$.versions`")
    for place, version in enumerate(indicator.versions):
        following = indicator.versions[place + 1] if place + 1 < len(indicator.versions) else None
        if reason := _wrong(indicator, version, following):
            raise _refusal(path, f"{reason} - at `$.versions[{place}]`")
    return indicator


def _wrong(indicator: Indicator, version: Version, following: Version | None) -> str | None:
    """What the types cannot say: what is wrong with a version, or None."""
    end = following.valid_from - timedelta(days=1) if following else None
    checks = {
        f"version {version.version!r} is not the month of valid_from": (
            version.version != f"{version.valid_from:%Y-%m}"
        ),
        f"valid_to must be {end}, the day before the next version": version.valid_to != end,
        "a percentage needs a denominator, a count has none": (
            (indicator.unit == "percent") != (version.denominator is not None)
        ),
        "numerator and denominator count different things": (
            version.denominator is not None
            and type(version.numerator) is not type(version.denominator)
        ),
        "coverage_threshold must lie between 0 and 1": not 0 <= version.coverage_threshold <= 1,
        "there is no test vector": not version.vectors,
    }
    return next((reason for reason, wrong in checks.items() if wrong), None)


def _refusal(path: Path, reason: str) -> ThuocdoError:
    return ThuocdoError(
        "bad_definition",
        f"{path.name} is refused: {reason}.",
        "Correct the definition file.",
    )
