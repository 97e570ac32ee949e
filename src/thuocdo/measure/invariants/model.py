"""What a check says: which rule, of whom, whether it holds, and on what evidence."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final, Literal, NamedTuple

import msgspec

from thuocdo.core.clock import Period
from thuocdo.core.vietnamese import format_count
from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import holds, load

_POLICY: Final = Path(__file__).parent / "policy.yaml"


class State(StrEnum):
    """Three-valued: what could not be looked at neither holds nor is broken."""

    HOLDS = "holds"
    BROKEN = "broken"
    NOT_MEASURABLE = "not_measurable"


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One rule of policy.yaml, which says what its fields mean."""

    code: str
    severity: Literal["block", "warn"]
    source: Source
    title: Text
    about: Text
    told: Text
    evidence: dict[str, Text]
    blocks: tuple[str, ...] = ()
    tolerance: int = 0
    days: int | None = None
    pairs: tuple[tuple[str, str, str], ...] = ()
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None


class Evidence(msgspec.Struct, frozen=True):
    """One row: counts only, never a single case.

    counts  values by the names of Rule.evidence, in their order
    note    what else there is to say, such as a service's levels; a code or a date, no sentence
    """

    agency: str
    name: str
    counts: tuple[tuple[str, int], ...]
    procedure: str | None = None
    note: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """One rule's verdict.

    indicator, version, block   what was checked; None where the rule is of the data as a whole
    agency     of whom; None: of all agencies looked at, `checked` many of them
    blocks     codes of the indicators whose figures of that agency (None: of everybody in the
               block) are not to be published
    evidence   the rows that show it, the worst first; also of what was tolerated
    """

    rule: str
    severity: str
    state: State
    indicator: str | None = None
    version: str | None = None
    block: str | None = None
    agency: str | None = None
    name: str = ""
    checked: int = 0
    blocks: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    @property
    def is_blocking(self) -> bool:
        """Whether a figure must not be published for it."""
        return self.state is State.BROKEN and self.severity == "block" and bool(self.blocks)


class Count(NamedTuple):
    """What a published figure was made of."""

    numerator: int | None
    denominator: int | None


class Published(msgspec.Struct, frozen=True):
    """An earlier report, as far as a check must know it.

    as_known   µs UTC; what had landed by then counted
    counts     (indicator, version, agency) → its counts
    """

    title: str
    period: Period
    as_known: int | None
    counts: Mapping[tuple[str, str, str], Count]


@cache
def rules() -> tuple[Rule, ...]:
    """Every rule in the order of the file. Raises ThuocdoError `bad_policy`."""
    return tuple(load(_POLICY, list[Rule]))


def rules_on(day: dt.date) -> dict[str, Rule]:
    """The rules in force on a day, by code."""
    return {rule.code: rule for rule in rules() if holds(rule, day)}


def rule(code: str) -> Rule:
    """The rule of a code, whenever it holds or held. Raises KeyError."""
    return {each.code: each for each in rules()}[code]


def told(outcome: Outcome, language: Literal["vi", "en"] = "vi") -> str:
    """What is wrong, in a phrase; empty when nothing is."""
    if outcome.state is not State.BROKEN or not outcome.evidence:
        return ""
    first = {name: format_count(n, language) for name, n in outcome.evidence[0].counts}
    phrase: str = getattr(rule(outcome.rule).told, language)
    return phrase.format_map(first)
