"""What a comparison of numbers says: lines of the agency's list, dossiers of ours, no number at all."""

from __future__ import annotations

from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files

import msgspec
import yaml

from thuocdo.measure.definitions import Text


class Why(StrEnum):
    """Why a line of an agency's list is not among our dossiers of the period."""

    NEVER_CAME = "never_came"
    REFUSED = "refused"
    OTHER_SYSTEM = "other_system"
    OTHER_PERIOD = "other_period"
    LANDED_LATER = "landed_later"
    REPEATED = "repeated"
    UNREADABLE = "unreadable"


class Missing(msgspec.Struct, frozen=True):
    """A line that we have no dossier of, in the period.

    day         of refusal; of receipt (other period); of landing (later)
    reason      core.vocabulary.RejectReason of a refusal
    system      that has it
    other_line  that names the same dossier
    perhaps     tag of the one dossier of ours, in no list, of the same service and day
    """

    line: int
    why: Why
    day: date | None = None
    reason: str = ""
    system: str = ""
    other_line: int | None = None
    perhaps: str = ""


class Extra(msgspec.Struct, frozen=True):
    """A dossier of ours that no line names; `channel` None: nothing said.

    double_of_line  line that names what seems to be the same case under another number
    """

    tag: str
    day: date
    procedure: str
    channel: str | None
    last_status: str
    double_of_line: int | None = None


class Matched(msgspec.Struct, frozen=True):
    """One list against one system and period. Every line is matched or among `missing`."""

    system: str
    first: date
    last: date
    as_known: int
    lines: int
    matched: int
    repeated: int
    unreadable: int
    missing: tuple[Missing, ...]
    extra: tuple[Extra, ...]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Texts for people (words.yaml)."""

    why: dict[Why, Text]
    advice: dict[Why, Text]
    double: Text
    statuses: dict[str, Text]
    channels: dict[str, Text]
    states: dict[str, Text]
    decisions: dict[str, Text]
    outdated: dict[str, Text]
    roles: dict[str, Text]
    headings: dict[str, Text]


@cache
def words() -> Words:
    """The texts of reconciliation, in both languages."""
    text = files("thuocdo.measure.reconcile").joinpath("words.yaml").read_text("utf-8")
    return msgspec.convert(yaml.safe_load(text), Words)
