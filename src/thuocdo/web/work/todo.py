"""What an agency has to do, the most urgent first, each with the page that mends it.

Pure: the states of sources and a few counts go in, tasks come out; the views give them words and
addresses.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from thuocdo.web.work.health import State


class Urgency(IntEnum):
    """How much is lost while nobody does it."""

    NOW = 0  # nothing of a source counts
    TODAY = 1  # a part is lost, or will be soon
    WEEK = 2  # figures stand, but may be questioned


@dataclass(frozen=True, slots=True)
class Source:
    """One source as far as it makes work; `last` is µs UTC."""

    key: str
    name: str
    state: State
    last: int | None
    reason: str  # the most frequent refusal, "" for none


@dataclass(frozen=True, slots=True)
class Key:
    """A key that ends: in so many days."""

    name: str
    days: int


@dataclass(frozen=True, slots=True)
class Asked:
    """Something a ministry asked for, open: due in so many days."""

    number: int
    title: str
    days: int


@dataclass(frozen=True, slots=True)
class Situation:
    """An agency at an instant.

    refused         records refused today that no replay has taken in; `reason` of the most
    unexplained     findings nobody has answered
    without_hosts   sites that name no host, so that nothing can be told of where views come from
    """

    sources: Sequence[Source]
    refused: int = 0
    reason: str = ""
    unexplained: int = 0
    expiring: Sequence[Key] = ()
    asked: Sequence[Asked] = ()
    without_hosts: int = 0


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do.

    kind  a State's value or one of `refused_today, unexplained, key, asked, hosts`
    """

    urgency: Urgency
    kind: str
    source: Source | None = None
    key: Key | None = None
    asked: Asked | None = None
    count: int = 0
    reason: str = ""


_OF_STATE = {
    State.REFUSED: Urgency.NOW,
    State.SILENT: Urgency.NOW,
    State.INTERRUPTED: Urgency.NOW,
    State.NEVER: Urgency.TODAY,
    State.LOW: Urgency.TODAY,
    State.FILES_ONLY: Urgency.WEEK,
    State.HIGH: Urgency.WEEK,
}
"""What is not here makes no work."""


_SOON_DAYS = 3


def _of_days(days: int) -> Urgency:
    """How urgent something is that is due in so many days."""
    if days < 0:
        return Urgency.NOW
    return Urgency.TODAY if days <= _SOON_DAYS else Urgency.WEEK


def tasks(situation: Situation) -> list[Task]:
    """The list, the most urgent first; within an urgency in the order of the states."""
    found = [
        Task(_OF_STATE[each.state], each.state.value, source=each, reason=each.reason)
        for each in situation.sources
        if each.state in _OF_STATE
    ]
    found += [
        Task(Urgency.NOW if key.days < 0 else Urgency.TODAY, "key", key=key)
        for key in situation.expiring
    ]
    found += [Task(_of_days(each.days), "asked", asked=each) for each in situation.asked]
    if situation.refused:
        reason = situation.reason
        found.append(Task(Urgency.TODAY, "refused_today", count=situation.refused, reason=reason))
    if situation.unexplained:
        found.append(Task(Urgency.WEEK, "unexplained", count=situation.unexplained))
    if situation.without_hosts:
        found.append(Task(Urgency.WEEK, "hosts", count=situation.without_hosts))
    return sorted(found, key=lambda task: task.urgency)  # sorting keeps the order of equals
