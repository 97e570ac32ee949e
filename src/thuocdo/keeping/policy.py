"""How long each kind is kept: dated editions of policy.yaml, or the operator's own."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

import msgspec

from thuocdo.core.settings import Settings
from thuocdo.measure.definitions import Source, Text
from thuocdo.measure.policy import edition_on, load

_PACKAGED: Final = Path(__file__).with_name("policy.yaml")
_OWN: Final = "keeping.yaml"


class Code(StrEnum):
    """The closed list, in the order in which kinds are swept: what names a file goes before the file."""

    UPLOADS_APPLIED = "uploads_applied"
    UPLOADS_UNUSED = "uploads_unused"
    UPLOAD_FILES = "upload_files"
    REJECT_FILES = "reject_files"
    MAILS = "mails"
    WEBHOOK_CALLS = "webhook_calls"
    TASKS = "tasks"
    INCIDENTS = "incidents"
    FEEDBACK_FIGURES = "feedback_figures"
    FEEDBACK = "feedback"
    SITE_CHECKS = "site_checks"
    CHECK_PICTURES = "check_pictures"
    REPLAYS = "replays"
    REMAKES = "remakes"
    DRAFTS = "drafts"
    SHADOW_SCANS = "shadow_scans"
    EVIDENCE = "evidence"
    TRAIL = "trail"
    ROUNDS = "rounds"
    EDITIONS = "editions"


FOR_GOOD: Final = frozenset({Code.TRAIL, Code.ROUNDS, Code.EDITIONS})
"""What nothing removes, whatever a policy says."""

LEAST_DAYS: Final = 30
"""No policy may be shorter: who made a mistake notices it in a month."""
_LEAST: Final = {Code.INCIDENTS: 92}
"""A report that was announced would be announced again if its incident went while it is news."""


class Keep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One kind; policy.yaml says what each field is."""

    days: int | None
    official: bool
    name: Text
    since: Text
    why: Text
    source: Source | None = None


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One edition of policy.yaml."""

    version: str
    valid_from: dt.date
    source: Source
    kinds: Mapping[Code, Keep]
    valid_to: dt.date | None = None

    def __post_init__(self) -> None:
        if set(self.kinds) != set(Code):
            raise ValueError("the policy must tell every kind, and no other")
        for code, kind in self.kinds.items():
            if (kind.days is None) is not (code in FOR_GOOD):
                raise ValueError(f"{code}: kept for good and kept for days exclude each other")
            least = _LEAST.get(code, LEAST_DAYS)
            if kind.days is not None and kind.days < least:
                raise ValueError(f"{code} must be kept for {least} days at least")

    def source_of(self, code: Code) -> Source:
        return self.kinds[code].source or self.source


def policy_on(settings: Settings, day: dt.date) -> Policy:
    """The edition of a day: the instance's own, else the packaged one. Raises ThuocdoError `bad_policy`."""
    own = settings.home / _OWN
    return edition_on(load(own if own.exists() else _PACKAGED, tuple[Policy, ...]), day)
