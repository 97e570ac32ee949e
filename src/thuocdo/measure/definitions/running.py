"""The running set of definitions: the packaged ones, and those an operator adds.

`<home>/indicators/*.yaml` may bring indicators of its own and newer versions of packaged ones. No
word of a version that is there already changes: such a file is refused ("create a version"). A
reload takes the whole new set or keeps the one that runs; what was refused is kept to be shown.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions.model import Indicator, IndicatorSet, Version
from thuocdo.measure.definitions.reading import load, load_set, refusal
from thuocdo.measure.definitions.terms import Composite

FOLDER: Final = Path(__file__).parent.parent / "indicators"
SETS: Final = FOLDER / "sets"
OPERATORS: Final = "indicators"
"""The operator's folder below an instance's home."""


class Definitions(msgspec.Struct, frozen=True):
    """A set of indicators that belong together, by code; every version has its lineage."""

    indicators: tuple[Indicator, ...] = ()
    sets: tuple[IndicatorSet, ...] = ()

    def find(self, code: str) -> Indicator:
        """Raises ThuocdoError `unknown_indicator`."""
        for indicator in self.indicators:
            if indicator.code == code:
                return indicator
        known = ", ".join(indicator.code for indicator in self.indicators)
        raise ThuocdoError(
            "unknown_indicator", f"There is no indicator {code!r}.", f"Write one of: {known}."
        )


@cache
def packaged() -> Definitions:
    """The definitions this program comes with. Raises ThuocdoError `bad_definition`."""
    paths = {path.stem: path for path in sorted(FOLDER.glob("*.yaml"))}
    indicators = linked({code: load(path) for code, path in paths.items()}, paths)
    sets = tuple(load_set(path) for path in sorted(SETS.glob("*.yaml")))
    for path, found in zip(sorted(SETS.glob("*.yaml")), sets, strict=True):
        if reason := _wrong_set(found, {each.code: each for each in indicators}):
            raise refusal(path, reason)
    return Definitions(indicators, sets)


class Running:
    """The set one process runs with; `current` notices when the operator's files moved."""

    def __init__(self, home: Path | None) -> None:
        self._folder = home / OPERATORS if home else None
        self._lock = threading.Lock()
        self._stamp: object = None
        self._set: Definitions | None = None
        self.refused: tuple[ThuocdoError, ...] = ()

    def current(self) -> Definitions:
        """The set in force; a file that does not validate changes nothing but `refused`.

        At the first reading there is nothing to keep: then the good files count.
        """
        with self._lock:
            paths = sorted(self._folder.glob("*.yaml")) if self._folder else []
            stamp = tuple((path, path.stat().st_mtime_ns, path.stat().st_size) for path in paths)
            if self._set is None or stamp != self._stamp:
                self._stamp = stamp
                self._set, self.refused = self._read(paths)
            return self._set

    def _read(self, paths: Sequence[Path]) -> tuple[Definitions, tuple[ThuocdoError, ...]]:
        refused: list[ThuocdoError] = []
        found = packaged()
        for path in paths:
            try:
                found = extended(found, path)
            except ThuocdoError as error:
                refused.append(error)
        if refused and self._set is not None:
            return self._set, tuple(refused)
        return found, tuple(refused)


def extended(known: Definitions, path: Path) -> Definitions:
    """`known` with what an operator's file adds. Raises ThuocdoError `bad_definition`."""
    added = load(path)
    codes = {indicator.code: indicator for indicator in known.indicators}
    before = codes.get(added.code)
    codes[added.code] = added if before is None else _continued(before, added, path)
    paths = dict.fromkeys(codes, path)
    return Definitions(linked(dict(sorted(codes.items())), paths), known.sets)


def _continued(before: Indicator, added: Indicator, path: Path) -> Indicator:
    """An indicator with newer versions; those there are stay word for word, the last one ends."""

    def head(indicator: Indicator) -> Indicator:
        return msgspec.structs.replace(indicator, versions=[])

    if head(before) != head(added):
        raise refusal(path, f"the head of {before.code} may not change - at `$`")
    known = {version.version: version for version in before.versions}
    new: list[Version] = []
    for place, version in enumerate(added.versions):
        there = known.get(version.version)
        at = f"at `$.versions[{place}]`"
        if there is None and version.valid_from <= before.versions[-1].valid_from:
            raise refusal(path, f"version {version.version} is older than those there are - {at}")
        if there is None:
            new.append(version)
        elif _words(there) != _words(version):
            raise refusal(
                path,
                f"version {version.version} has other words than the one in force: "
                f"create a version - {at}",
            )
    if not new:
        return before
    last = msgspec.structs.replace(
        before.versions[-1], valid_to=new[0].valid_from - timedelta(days=1)
    )
    return msgspec.structs.replace(before, versions=[*before.versions[:-1], last, *new])


def _words(version: Version) -> Version:
    return msgspec.structs.replace(version, valid_to=None, vectors=[], lineage=())


def linked(codes: Mapping[str, Indicator], paths: Mapping[str, Path]) -> tuple[Indicator, ...]:
    """The indicators, each version with the identities of those it is made of.

    A changed parent so changes the child. Raises ThuocdoError `bad_definition` for a part that is
    no indicator, or that is made of what it is a part of.
    """
    done: dict[str, Indicator] = {}

    def link(code: str, above: tuple[str, ...]) -> Indicator:
        if code in done:
            return done[code]
        indicator = codes[code]
        versions = []
        for place, version in enumerate(indicator.versions):
            lineage: list[str] = []
            for part in parts_of(version):
                at = f"at `$.versions[{place}].numerator.parts`"
                if part not in codes:
                    raise refusal(paths[code], f"there is no indicator {part!r} - {at}")
                if part in (*above, code):
                    raise refusal(paths[code], f"{part!r} is made of itself - {at}")
                parent = link(part, (*above, code))
                lineage += [each.identity for each in during(parent, version)]
            versions.append(msgspec.structs.replace(version, lineage=tuple(lineage)))
        done[code] = msgspec.structs.replace(indicator, versions=versions)
        return done[code]

    return tuple(link(code, ()) for code in codes)


def parts_of(version: Version) -> list[str]:
    """The codes of the indicators a version is made of."""
    counted = version.numerator
    return [part.of for part in counted.parts] if isinstance(counted, Composite) else []


def during(parent: Indicator, child: Version) -> list[Version]:
    """The versions of a part that some day of a version is computed under."""
    last = child.valid_to or date.max
    inside = [v for v in parent.versions if child.valid_from < v.valid_from <= last]
    return [parent.version_for(child.valid_from), *inside]


def _wrong_set(found: IndicatorSet, known: Mapping[str, Indicator]) -> str | None:
    if sum(group.most for group in found.groups) != found.most:
        return "the groups do not add up to the set - at `$.most`"
    for place, group in enumerate(found.groups):
        at = f"at `$.groups[{place}]`"
        missing = [code for code in (*group.indicators, *group.tracked) if code not in known]
        if missing:
            return f"there is no indicator {missing[0]!r} - {at}"
        points = [known[code].version_for(found.valid_from).most for code in group.indicators]
        if None in points or sum(each or 0 for each in points) != group.most:
            return f"the points of {group.code} do not add up to {group.most} - {at}"
    return None
