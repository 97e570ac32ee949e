"""What a cause is, how grave it can be, and by which ways people hear of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec

Value = int | str
"""Evidence holds counts, days (ISO), codes and names of sources: nothing of a person."""


class Severity(IntEnum):
    """How grave an incident is; a subscription's floor is one of these."""

    INFO = 1
    WARNING = 2
    SERIOUS = 3
    URGENT = 4  # passes quiet hours and digests


class Kind(StrEnum):
    """The closed list; policy.yaml has the thresholds of each, words.yaml its words."""

    SILENT_SOURCE = "silent_source"
    REFUSED_SHARE = "refused_share"
    SYSTEM_DOWN = "system_down"
    JOB_FAILING = "job_failing"
    SUDDEN_CHANGE = "sudden_change"
    BROKEN_INVARIANT = "broken_invariant"
    FEED_DISTORTED = "feed_distorted"
    TARGET_AT_RISK = "target_at_risk"
    TASK_OVERDUE = "task_overdue"
    TASK_STEP = "task_step"
    REPORT_PUBLISHED = "report_published"


EVENTS = frozenset({Kind.REPORT_PUBLISHED, Kind.TASK_STEP})
"""Kinds that are over as soon as they are told."""

OF_EVERYBODY = frozenset({Kind.REPORT_PUBLISHED})
"""Kinds that concern everybody, wherever their rights lie."""


class Key(NamedTuple):
    """What makes two sights of a trouble the same one."""

    kind: str
    subject: str
    agency: str


class Cause(msgspec.Struct, frozen=True):
    """One trouble as it is seen now.

    subject   a source, a rule with its indicator, a target, a report: codes
    agency    left-to-right code of whose it is; "" is the whole country
    evidence  by the names of words.yaml
    """

    kind: Kind
    subject: str
    agency: str
    severity: Severity
    evidence: Mapping[str, Value]

    @property
    def key(self) -> Key:
        return Key(self.kind.value, self.subject, self.agency)


class Channel(StrEnum):
    """A way to be told."""

    INBOX = "inbox"
    MAIL = "mail"
    WEBHOOK = "webhook"


class Mode(StrEnum):
    """When mail goes out."""

    NOW = "now"
    DAILY = "daily"
    WEEKLY = "weekly"
