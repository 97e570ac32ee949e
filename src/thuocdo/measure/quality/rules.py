"""The rules of the detectors: thresholds with reasons, words and sources, as versioned data.

`detectors.yaml` says when a count is worth a question; the detectors count. A rule names exactly the
thresholds its detector asks for, or the file is refused.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, Literal

import msgspec
import yaml

from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Source, Text

FILE: Final = Path(__file__).with_name("detectors.yaml")


class Threshold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A whole number, and why it is that one, in words. Shares are in thousandths (`…_permille`)."""

    value: int
    vi: str
    en: str


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One detector's rule from a day on.

    sees        what it looks at; `means` is said of a finding, with {numbers} filled in
    reasons     why a subject cannot be measured, by code
    indicators  whose figures say that the question is open
    """

    id: str
    version: date
    subject: Literal["system", "site"]
    severity: Literal["high", "medium", "low"]
    source: Source
    name: Text
    sees: Text
    means: Text
    advice: Text
    thresholds: dict[str, Threshold]
    reasons: dict[str, Text]
    indicators: tuple[str, ...]
    lists: dict[str, tuple[str, ...]] = {}

    def limit(self, name: str) -> int:
        return self.thresholds[name].value

    @property
    def flag(self) -> str:
        return f"quality:{self.id}"


class Blind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something no detector can see in what is stored, said openly, with the reason."""

    id: str
    name: Text
    reason: Text


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole file."""

    false_alarm: Threshold  # one in 10^value for one test
    detectors: tuple[Rule, ...]
    not_detectable: tuple[Blind, ...]
    words: dict[str, Text]

    def word(self, what: str) -> Text:
        """What a row of evidence counts, in words; codes, hosts and procedures are themselves.

        `full → partial` is read word by word.
        """
        if what in self.words:
            return self.words[what]
        parts = what.split(" ")
        said = [self.words.get(part, Text(vi=part, en=part)) for part in parts]
        return Text(vi=" ".join(one.vi for one in said), en=" ".join(one.en for one in said))

    def on(self, day: date) -> list[Rule]:
        """One rule a detector, in the file's order: the last in force by `day`, else its first."""
        chosen: dict[str, Rule] = {}
        for rule in sorted(self.detectors, key=lambda rule: rule.version):
            if rule.id not in chosen or rule.version <= day:
                chosen[rule.id] = rule
        names = dict.fromkeys(rule.id for rule in self.detectors)
        return [chosen[name] for name in names]


def load(path: Path, needs: Mapping[str, Sequence[str]]) -> Rules:
    """Read and check a file of rules; `needs`: detector → names of its thresholds.

    Raises ThuocdoError `bad_detectors` with the place and the reason.
    """
    try:
        found = msgspec.convert(yaml.safe_load(path.read_text("utf-8")), Rules)
    except (yaml.YAMLError, msgspec.ValidationError) as error:
        raise _refusal(path, " ".join(str(error).split())) from error
    there = {rule.id for rule in found.detectors}
    if there != set(needs):
        odd = ", ".join(sorted(there ^ set(needs)))
        raise _refusal(path, f"rules and detectors differ in {odd}")
    for rule in found.detectors:
        if set(rule.thresholds) != set(needs[rule.id]):
            odd = ", ".join(sorted(set(rule.thresholds) ^ set(needs[rule.id])))
            raise _refusal(path, f"thresholds of {rule.id} differ in {odd}")
    return found


def _refusal(path: Path, reason: str) -> ThuocdoError:
    return ThuocdoError(
        "bad_detectors", f"{path.name} is refused: {reason}.", "Correct the file of rules."
    )
