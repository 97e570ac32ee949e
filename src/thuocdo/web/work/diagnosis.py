"""What is wrong with a connection and what to do about it, in sentences, the most urgent first.

Pure: what is known of one source goes in, findings come out. Nothing is guessed: a finding says what
was seen, in numbers, and what its engineer changes. The words are data (`web/data/diagnosis.yaml`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from thuocdo.core import clock
from thuocdo.core.vocabulary import RejectReason, SystemKind
from thuocdo.measure import policy as policies
from thuocdo.measure import silence
from thuocdo.measure.senders import Lags
from thuocdo.web.work import health
from thuocdo.web.work.health import HOUR_US, Heard, Policy, State, Tally

_FILE: Final = Path(__file__).parents[1] / "data" / "diagnosis.yaml"
_DAY_US: Final = 24 * HOUR_US
_PERCENT: Final = 100
_FUTURE: Final = "in the future"
"""How a refusal's detail ends when a date lay after the server's clock (wire/rules.py)."""


class Severity(StrEnum):
    """The values are the classes of the page's style."""

    ERROR = "error"
    WARNING = "warning"
    OK = "ok"


class Code(StrEnum):
    """The closed list, in the order in which they are told."""

    NEVER_PORTAL = "never_portal"
    NEVER_ONE_STOP = "never_one_stop"
    FILES_ONLY = "files_only"
    ALL_REFUSED = "all_refused"
    SILENT = "silent"
    INTERRUPTED = "interrupted"
    SOME_REFUSED = "some_refused"
    CLOCK_AHEAD = "clock_ahead"
    LOW = "low"
    HIGH = "high"
    LATE = "late"
    UNVERIFIED = "unverified"
    ONE_CHANNEL = "one_channel"
    STRANGERS = "strangers"
    CLOSED = "closed"
    WELL = "well"


_SEVERITY: Final = {
    **dict.fromkeys(
        (
            Code.NEVER_PORTAL,
            Code.NEVER_ONE_STOP,
            Code.ALL_REFUSED,
            Code.SILENT,
            Code.INTERRUPTED,
        ),
        Severity.ERROR,
    ),
    Code.CLOSED: Severity.OK,
    Code.WELL: Severity.OK,
}
"""What is not here is a warning."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Records refused for one reason; `detail` is of the latest, as it was kept. µs UTC."""

    reason: str
    records: int
    last: int
    detail: str = ""
    payload: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """One source and what stands around it.

    refused    in the hours the policy looks at, the most frequent first
    dossiers   messages about dossiers accepted in the policy's days
    speaking   names of the agency's other sources that report
    strangers  ids that nobody registered and that were sent from its hosts
    lags       of its messages about dossiers; None where there are none
    channels   of those messages: channel → how many name it
    """

    heard: Heard
    refused: Sequence[Refused] = ()
    dossiers: Tally = field(default_factory=Tally)
    speaking: Sequence[str] = ()
    strangers: Sequence[int] = ()
    lags: Lags | None = None
    channels: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence to be told. Facts: whole numbers are counts, `…_at` instants and `…_us` spans in
    µs, `reason` a RejectReason; anything else is printed as it is."""

    code: Code
    facts: dict[str, Any] = field(default_factory=dict)

    @property
    def severity(self) -> Severity:
        return _SEVERITY.get(self.code, Severity.WARNING)


def diagnose(known: Known, now: int, numbers: Policy) -> list[Finding]:
    """Every finding about a source at an instant (µs UTC), the most urgent first; never none."""
    state = health.state(known.heard, now, numbers)
    if state is State.CLOSED:
        return [Finding(Code.CLOSED, {"day": known.heard.closed})]
    found = [
        *_whether_it_speaks(known, state, now, numbers),
        *_refusals(known, state, now, numbers),
        *_against_the_usual(known, state, now, numbers),
        *_late(known, numbers),
        *_unverified(known, numbers),
        *_one_channel(known, numbers),
    ]
    if known.strangers:
        ids = ", ".join(map(str, known.strangers))
        found.append(Finding(Code.STRANGERS, {"ids": ids, "ids_count": len(known.strangers)}))
    return found or [Finding(Code.WELL, _well(known, now))]


def _whether_it_speaks(known: Known, state: State, now: int, numbers: Policy) -> list[Finding]:
    heard = known.heard
    others = ", ".join(known.speaking)
    if state is State.NEVER:
        is_one_stop = heard.kind == SystemKind.ONE_STOP
        return [Finding(Code.NEVER_ONE_STOP if is_one_stop else Code.NEVER_PORTAL)]
    if state is State.FILES_ONLY:
        return [Finding(Code.FILES_ONLY, {"event_at": heard.event})]
    if health.is_silent(heard, now):  # also what is refused: an incident tells of both
        code, last = Code.SILENT, heard.last
    elif state is State.INTERRUPTED:
        code, last = Code.INTERRUPTED, heard.accepted
    else:
        return []
    assert last is not None
    since = health.hour_of(last) + HOUR_US
    missing = health.usual_between(heard, since, health.hour_of(now), numbers)
    facts = {"last_at": last, "gap_us": now - last, "missing": missing or 0, "others": others}
    if code is Code.SILENT:
        facts["days"] = silence.days_silent(heard.kind, last, clock.local_day(now))
    return [Finding(code, facts)]


def _refusals(known: Known, state: State, now: int, numbers: Policy) -> list[Finding]:
    if not known.refused:
        return []
    here = health.hour_of(now)
    lately = known.heard.tally(here - numbers.refused_hours * HOUR_US, here + HOUR_US)
    records = sum(each.records for each in known.refused)
    top = known.refused[0]
    facts = {
        "records": records,
        "hours": numbers.refused_hours,
        "top": top.records,
        "reason": top.reason,
        "detail": top.detail,
        "last_at": top.last,
    }
    found = []
    if state is State.REFUSED:
        found.append(Finding(Code.ALL_REFUSED, facts))
    elif records >= numbers.refused_minimum or (
        records * _PERCENT >= lately.total * numbers.refused_percent
    ):
        found.append(Finding(Code.SOME_REFUSED, facts))
    ahead = [each for each in known.refused if _is_ahead(each)]
    if ahead:
        found.append(Finding(Code.CLOCK_AHEAD, {"detail": ahead[0].detail}))
    return found


def _is_ahead(refused: Refused) -> bool:
    return refused.reason == RejectReason.BAD_DATE and refused.detail.endswith(_FUTURE)


def _against_the_usual(known: Known, state: State, now: int, numbers: Policy) -> list[Finding]:
    if state not in (State.LOW, State.HIGH):
        return []
    here = health.hour_of(now)
    since = here - numbers.unusual_hours * HOUR_US
    facts = {
        "hours": numbers.unusual_hours,
        "came": known.heard.tally(since, here).accepted,
        "usual": health.usual_between(known.heard, since, here, numbers) or 0,
    }
    return [Finding(Code.LOW if state is State.LOW else Code.HIGH, facts)]


def _late(known: Known, numbers: Policy) -> list[Finding]:
    lags = known.lags
    if lags is None or lags.events < numbers.late_minimum or lags.p95 < numbers.late_us:
        return []
    return [Finding(Code.LATE, {"p50_us": lags.p50, "p95_us": lags.p95, "records": lags.events})]


def _unverified(known: Known, numbers: Policy) -> list[Finding]:
    came = known.dossiers.accepted
    without = came - known.dossiers.verified
    if came < numbers.unverified_minimum or (
        without * _PERCENT < came * numbers.unverified_percent
    ):
        return []
    facts = {"without": without, "records": came, "days": numbers.unverified_days}
    return [Finding(Code.UNVERIFIED, facts)]


def _one_channel(known: Known, numbers: Policy) -> list[Finding]:
    """Every message names the same: a value that a program writes, not one that a clerk chose."""
    if len(known.channels) != 1:
        return []
    ((channel, records),) = known.channels.items()
    if records < numbers.one_channel_minimum:
        return []
    days = numbers.unverified_days
    return [Finding(Code.ONE_CHANNEL, {"channel": channel, "records": records, "days": days})]


def _well(known: Known, now: int) -> dict[str, Any]:
    here = health.hour_of(now)
    day = known.heard.tally(here - _DAY_US + HOUR_US, here + HOUR_US)
    return {"records": day.accepted, "last_at": known.heard.accepted or now}


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A finding in one language; {…} are its facts, and `others_text` what `others` says."""

    title: str
    saw: str
    fix: str


class Texts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    vi: Words
    en: Words


@cache
def texts() -> dict[Code, Texts]:
    """The words of every finding. Raises ThuocdoError `bad_policy`."""
    return policies.load(_FILE, dict[Code, Texts])
