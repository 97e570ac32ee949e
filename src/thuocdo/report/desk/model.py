"""What the desk knows: steps, the people who do them, and the rules they are held against.

A step is what somebody did to one frozen JSON, named by its digest. Everything else (states, who still
has to do what, what the public may see) is read off the list of steps.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core.clock import local_day
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import edition_on, load
from thuocdo.registry.rights import Right

_PACKAGED: Final = Path(__file__).with_name("rules.yaml")
_WORDS: Final = Path(__file__).with_name("words.yaml")
_OWN: Final = "rules.yaml"


class Kind(StrEnum):
    """What can be done to a report of a week."""

    DRAFT = "draft"
    REVISE = "revise"
    CHECK = "check"
    SIGN = "sign"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    UPGRADE = "upgrade"


class State(StrEnum):
    """Where a report stands. `revised`: published once, replaced since."""

    DRAFT = "draft"
    CHECKED = "checked"
    SIGNED = "signed"
    PUBLISHED = "published"
    REVISED = "revised"
    WITHDRAWN = "withdrawn"


class Weight(StrEnum):
    """What a finding asks: nothing, a word of whoever checks, or another draft."""

    NOTE = "note"
    ACKNOWLEDGE = "acknowledge"
    BLOCK = "block"


class Finding(msgspec.Struct, frozen=True):
    """One thing the check of a frozen report says; `place` is a table's key or ""."""

    code: str
    weight: Weight
    text: Text
    place: str = ""


class Step(msgspec.Struct, frozen=True):
    """One signed line of the book of a week.

    digest     SHA-256 (hex) of the frozen JSON it speaks about
    who        account of the person; of a machine its role ("worker")
    through    by which door: "web", "worker", "command line (root)"
    at         µs UTC
    replaces   digest of the published edition that this draft is to replace
    findings   what the check said when it was confirmed
    simulated  the person is a part of the demonstration
    previous   SHA-256 (hex) of the signed line before; "" in the first
    """

    number: int
    week: str
    kind: Kind
    digest: str
    who: str
    at: int
    through: str
    note: str = ""
    replaces: str = ""
    findings: tuple[Finding, ...] = ()
    simulated: bool = False
    previous: str = ""


class Actor(msgspec.Struct, frozen=True):
    """Whoever wants to do a step, with the rights they hold for the whole country now.

    A machine makes drafts and does nothing else, whatever rights it is given.
    """

    name: str
    rights: frozenset[Right]
    through: str
    simulated: bool = False
    is_machine: bool = False


class StepRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """See rules.yaml."""

    vi: str
    en: str
    means: Text
    rights: tuple[Right, ...]
    others: tuple[Kind, ...] = ()
    needs_note: bool = False


class Rules(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of rules.yaml."""

    version: int
    source: Source
    number_before: Kind | None
    steps: Mapping[Kind, StepRule]
    states: Mapping[State, Text]
    valid_from: dt.date | None = None
    valid_to: dt.date | None = None

    def __post_init__(self) -> None:
        if set(self.steps) != set(Kind) or set(self.states) != set(State):
            raise ValueError("the rules must describe every step and every state, and no other")
        if not {Kind.DRAFT, Kind.REVISE, Kind.CHECK} <= set(self.steps[Kind.SIGN].others):
            raise ValueError("whoever made or checked a draft may not sign it: steps.sign.others")
        if not all(self.steps[kind].rights for kind in Kind if kind is not Kind.UPGRADE):
            raise ValueError("every step of a person needs a right")


class Refusal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: Text
    way_out: Text


class FindingWords(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    weight: Weight
    vi: str
    en: str


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The sentences of words.yaml."""

    refusals: Mapping[str, Refusal]
    findings: Mapping[str, FindingWords]


class Refused(ThuocdoError):  # noqa: N818 (it names what a person is told)
    """A step that may not be done, with the sentence in both languages."""

    def __init__(self, code: str, text: Text, way_out: Text) -> None:
        self.text = text
        self.way_out = way_out
        super().__init__(code, text.en, way_out.en)


@cache
def words() -> Words:
    """Every sentence of the desk. Raises ThuocdoError `bad_policy`."""
    return load(_WORDS, Words)


def rules_on(settings: Settings, at: int) -> Rules:
    """The rules in force at a moment (µs UTC): the instance's own, else the packaged ones.

    Raises ThuocdoError `bad_policy` for a file that is malformed or gives up four eyes.
    """
    own = settings.publication_dir / _OWN
    return edition_on(load(own if own.exists() else _PACKAGED, tuple[Rules, ...]), local_day(at))
