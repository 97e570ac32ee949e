"""An instance's own targets, and its changes to the packaged ones: files that are only ever added.

`<home>/targets/0001.yaml`, `0002.yaml`, …: each says who set which target, when and why. The last one about a
code holds, so a change is a file more and the trail is the files themselves; a target that no longer
counts has a last day. Operators may add files by hand in the same shape.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from pathlib import Path
from typing import Final

import msgspec
import yaml

from thuocdo.core import files
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Indicator
from thuocdo.measure.policy import load
from thuocdo.measure.targets.model import Target, targets

_FOLDER: Final = "targets"
_FULL: Final = 100


class Setting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One change. `at`: UTC; `through`: by which door, such as "web"."""

    who: str
    at: dt.datetime
    through: str
    note: str
    target: Target


class SetTargets(msgspec.Struct, frozen=True):
    """What the files say together: targets in force or not, the earliest day first.

    settings  every change, oldest first
    refused   why a file does not count; the others do
    """

    targets: tuple[Target, ...]
    settings: tuple[Setting, ...] = ()
    refused: tuple[ThuocdoError, ...] = ()

    def of(self, code: str) -> list[Setting]:
        """The changes of one target, oldest first."""
        return [one for one in self.settings if one.target.code == code]


def set_targets(home: Path) -> SetTargets:
    """The packaged targets and what this instance made of them."""
    paths = sorted((home / _FOLDER).glob("[!.]*.yaml"))
    return _read(tuple((path, path.stat().st_mtime_ns) for path in paths))


def set_target(home: Path, setting: Setting, indicator: Indicator, *, seen: int) -> None:
    """Add a change, of a target that somebody looked at when it had `seen` changes.

    Raises ThuocdoError `target_changed` when it has more by now, and as `check` does.
    """
    check(setting.target, indicator)
    folder = home / _FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(msgspec.to_builtins(setting), allow_unicode=True, sort_keys=False)
    while True:
        # The number first: whoever adds a file after this look takes it, and the look is had again.
        number = 1 + max((int(p.stem) for p in folder.glob("[0-9][0-9][0-9][0-9].yaml")), default=0)
        if len(set_targets(home).of(setting.target.code)) != seen:
            raise ThuocdoError(
                "target_changed",
                f"Somebody has changed {setting.target.code} meanwhile.",
                "Look at it again.",
            )
        if files.add(folder / f"{number:04}.yaml", text.encode("utf-8")):
            return
        # Somebody added a file: perhaps about the same target.


def check(target: Target, indicator: Indicator) -> None:
    """Raise ThuocdoError `target_value`, `target_direction`, `target_whose`, `target_days` or `target_words`."""
    try:
        value = Decimal(target.value)
    except InvalidOperation:
        value = Decimal("NaN")
    if not value.is_finite() or value < 0 or (indicator.unit == "percent" and value > _FULL):
        raise _wrong("value", f"{target.value!r} is no value of {indicator.code}")
    if indicator.better == "lower":
        raise _wrong(
            "direction", f"less is better of {indicator.code}: targets are reached from below"
        )
    if target.block and target.agency:
        raise _wrong("whose", "a target is of a block or of one agency")
    if (target.valid_to or dt.date.max) < (target.valid_from or dt.date.min):
        raise _wrong("days", f"{target.valid_to} is before {target.valid_from}")
    said = (target.title.vi, target.title.en, target.source.document, target.source.place)
    if not all(text.strip() for text in said):
        raise _wrong("words", "a target has a title in both languages and a source with its place")


def _wrong(what: str, said: str) -> ThuocdoError:
    return ThuocdoError(f"target_{what}", f"{said[0].upper()}{said[1:]}.", "Correct the target.")


@lru_cache(maxsize=8)
def _read(stamp: tuple[tuple[Path, int], ...]) -> SetTargets:
    found: dict[str, Target] = {target.code: target for target in targets()}
    settings, refused = [], []
    for path, _changed in stamp:
        try:
            setting = load(path, Setting)
        except ThuocdoError as wrong:
            refused.append(wrong)
            continue
        settings.append(setting)
        found[setting.target.code] = setting.target
    ordered = sorted(found.values(), key=lambda target: (target.by, target.code))
    return SetTargets(tuple(ordered), tuple(settings), tuple(refused))
