"""What is wrong now: one pure function a kind, from what was measured to causes.

No clock, no database: `looking.py` brings the facts. A kind whose facts cannot be had raises no cause
and ends none; that is the caller's affair too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from statistics import median_high
from typing import Final, NamedTuple

from thuocdo.core import working_days
from thuocdo.core.clock import VIETNAM, to_datetime
from thuocdo.core.duties import Why
from thuocdo.core.vocabulary import Intake
from thuocdo.measure import silence
from thuocdo.measure.definitions import Text
from thuocdo.measure.invariants.model import Outcome, State, told
from thuocdo.measure.model import IntakeTotal, SourceState
from thuocdo.measure.outlook.model import Aim, Outlook, Verdict
from thuocdo.measure.quality import Finding
from thuocdo.steer import policy as rules
from thuocdo.steer.model import Cause, Kind, Severity, Value
from thuocdo.steer.policy import Policy, level, severity_of

_MINUTE_US: Final = 60_000_000


class Source(NamedTuple):
    """Whose a source of records is."""

    agency: str
    name: str


class Day(NamedTuple):
    """One agency's count of one day; None: nothing was measured."""

    day: date
    seen: int | None


class OpenTask(NamedTuple):
    """A task that waits for its agency."""

    number: int
    agency: str
    title: str
    due: date


class Down(NamedTuple):
    """A system that did not answer when it was last looked at, nor before. since, now: µs UTC."""

    system: str
    agency: str
    name: str
    since: int
    what: Text


class Failing(NamedTuple):
    """A regular job that has failed so many times in a row. since: of the first of them, µs UTC."""

    job: str
    since: int
    tries: int
    why: Why


class Report(NamedTuple):
    """A report that was published."""

    code: str
    name: str
    first: date
    last: date


def silent_sources(states: Iterable[SourceState], today: date, policy: Policy) -> list[Cause]:
    """Expected sources that measure/silence.py calls silent; its policy is that of the day."""
    rule, from_days = policy.silent_source, silence.policy_on(today).days
    found: dict[str, Cause] = {}
    for state in states:
        if not state.registered or state.last_heard is None:
            continue  # nobody expects it, or it is not connected yet
        days = silence.days_silent(state.kind, state.last_heard, today)
        severity = level(rule.levels, days - from_days)
        if severity is not None:
            since = silence.first_silent(state.last_heard)
            found[state.key] = Cause(
                Kind.SILENT_SOURCE,
                state.key,
                state.agency,
                severity,
                {"name": state.name or state.key, "since": since.isoformat(), "days": days},
            )
    return list(found.values())


def refused_shares(
    counts: Iterable[IntakeTotal], whose: Mapping[str, Source], policy: Policy
) -> list[Cause]:
    """Sources of which too much was refused. whose: site id (as text) or system → its agency."""
    rule = policy.refused_share
    sent: dict[str, int] = {}
    refused: dict[str, dict[str, int]] = {}
    for one in counts:
        key = str(one.site_id) if one.site_id is not None else one.system or ""
        sent[key] = sent.get(key, 0) + one.records
        if one.outcome == Intake.REFUSED:
            reasons = refused.setdefault(key, {})
            reasons[one.reason or "?"] = reasons.get(one.reason or "?", 0) + one.records
    found = []
    for key, reasons in refused.items():
        gone, of = sum(reasons.values()), sent[key]
        severity = level(rule.levels, 1000 * gone // of)
        if key in whose and of >= rule.fewest and severity is not None:
            evidence: dict[str, Value] = {
                "name": whose[key].name,
                "refused": gone,
                "of": of,
                "share": 1000 * gone // of,
                "reason": max(sorted(reasons), key=lambda name: reasons[name]),
            }
            found.append(Cause(Kind.REFUSED_SHARE, key, whose[key].agency, severity, evidence))
    return found


def systems_down(downs: Iterable[Down], now: int, policy: Policy) -> list[Cause]:
    """Systems that have been down for long enough at `now` (µs UTC)."""
    found = []
    for down in downs:
        minutes = (now - down.since) // _MINUTE_US
        severity = level(policy.system_down.levels, minutes)
        if severity is not None:
            evidence: dict[str, Value] = {
                "name": down.name,
                "since": _clock(down.since),
                "minutes": minutes,
                "shown": down.what.vi,
                "shown_en": down.what.en,
            }
            found.append(Cause(Kind.SYSTEM_DOWN, down.system, down.agency, severity, evidence))
    return found


def jobs_failing(failing: Iterable[Failing], now: int, policy: Policy) -> list[Cause]:
    """Jobs that have failed for long enough at `now` (µs UTC)."""
    rule = policy.job_failing
    found = []
    for one in failing:
        minutes = (now - one.since) // _MINUTE_US
        severity = level(rule.jobs.get(one.job, rule.levels), minutes)
        if severity is not None:
            evidence: dict[str, Value] = {
                "job": one.job,
                "since": _clock(one.since),
                "tries": one.tries,
                "why": one.why.value,
            }
            found.append(Cause(Kind.JOB_FAILING, one.job, "", severity, evidence))
    return found


def _clock(instant: int) -> str:
    return f"{to_datetime(instant).astimezone(VIETNAM):%H:%M %d/%m/%Y}"


def sudden_change(
    what: str, agency: str, days: Sequence[Day], of: date, policy: Policy
) -> Cause | None:
    """Whether an agency's count of a day is unlike those of the same weekday before it.

    what  the code of one of the policy's counts
    """
    rule = policy.sudden_change
    by_day = {one.day: one.seen for one in days}
    seen = by_day.get(of)
    if not seen or working_days.is_holiday(of):
        return None  # silence is another kind; a holiday is like no other day
    weeks = (of - timedelta(weeks=n) for n in range(1, rule.weeks + 1))
    peers = [
        count
        for day in weeks
        if not working_days.is_holiday(day) and (count := by_day.get(day)) is not None
    ]
    if len(peers) < rule.fewest:
        return None
    usual = median_high(peers)
    spread = median_high([abs(count - usual) for count in peers])
    apart = abs(seen - usual)
    falls = seen < usual
    if (
        max(usual, 0 if falls else seen) < rule.least
        or apart <= rule.spread_times * spread
        or min(peers) <= seen <= max(peers)
    ):
        return None
    severity = level(rule.falls if falls else rule.rises, 1000 * apart // max(usual, 1))
    if severity is None:
        return None
    evidence: dict[str, Value] = {
        "what": what,
        "day": of.isoformat(),
        "seen": seen,
        "usual": usual,
        "low": min(peers),
        "high": max(peers),
        "weeks": len(peers),
    }
    return Cause(Kind.SUDDEN_CHANGE, what, agency, severity, evidence)


def broken_invariants(outcomes: Iterable[Outcome], policy: Policy) -> list[Cause]:
    """Broken rules, once for every indicator and agency."""
    rule = policy.broken_invariant
    found: dict[tuple[str, str], Cause] = {}
    for one in outcomes:
        if one.state is not State.BROKEN or one.rule in rule.leave_out:
            continue
        indicator = one.indicator or (one.blocks[0] if one.blocks else "")
        subject = ":".join(part for part in (one.rule, indicator, one.version) if part)
        cause = Cause(
            Kind.BROKEN_INVARIANT,
            subject,
            one.agency or "",
            severity_of(rule.severities["block" if one.severity == "block" else "warn"]),
            {
                "rule": one.rule,
                "what": indicator,
                "shown": told(one),
                "shown_en": told(one, "en"),
            },
        )
        found.setdefault((subject, cause.agency), cause)
    return list(found.values())


def distorted_feeds(
    findings: Iterable[Finding], whose: Mapping[str, Source], policy: Policy
) -> list[Cause]:
    """Findings of the detectors that are grave enough. whose: as in `refused_shares`."""
    severities: Mapping[str, rules.Grade] = policy.feed_distorted.severities  # type: ignore[assignment]
    return [
        Cause(
            Kind.FEED_DISTORTED,
            f"{one.detector}:{one.subject}",
            one.agency,
            severity_of(severities[one.severity]),
            {
                "detector": one.detector,
                "name": whose[one.subject].name if one.subject in whose else one.subject,
                "shown": one.text.vi,
                "shown_en": one.text.en,
            },
        )
        for one in findings
        if one.found and one.severity in severities
    ]


def targets_at_risk(outlooks: Iterable[Outlook], today: date, policy: Policy) -> list[Cause]:
    """Targets that the line through the series misses, or that were missed not long ago."""
    return [
        cause
        for outlook in outlooks
        for aim in outlook.aims
        if (cause := _at_risk(outlook, aim, today, policy)) is not None
    ]


def _at_risk(outlook: Outlook, aim: Aim, today: date, policy: Policy) -> Cause | None:
    rule = policy.target_at_risk
    if aim.by is None or aim.by < today - timedelta(days=rule.missed_days):
        return None
    if aim.verdict not in (Verdict.BEHIND, Verdict.MISSED):
        return None
    settled = [sight for sight in outlook.points if sight.state == "used"]
    if not settled:
        return None
    now = settled[-1].value
    evidence: dict[str, Value] = {
        "what": outlook.indicator,
        "target": str(aim.value),
        "by": aim.by.isoformat(),
        "now": str(now),
    }
    if aim.projection is not None:  # what is over is not projected
        evidence["projected"] = str(aim.projection.value)
    grade = rule.severities["behind" if aim.verdict is Verdict.BEHIND else "missed"]
    return Cause(Kind.TARGET_AT_RISK, aim.code, outlook.agency or "", severity_of(grade), evidence)


def overdue_tasks(tasks: Iterable[OpenTask], today: date, policy: Policy) -> list[Cause]:
    """Tasks whose last day is over by so many working days."""
    found = []
    for task in tasks:
        days = working_days.between(task.due + timedelta(days=1), today)
        severity = level(policy.task_overdue.levels, days)
        if severity is not None:
            evidence: dict[str, Value] = {
                "name": task.title,
                "due": task.due.isoformat(),
                "days": days,
            }
            found.append(
                Cause(Kind.TASK_OVERDUE, str(task.number), task.agency, severity, evidence)
            )
    return found


def published(report: Report, policy: Policy) -> Cause:
    """The event that a report is out."""
    severity: Severity = severity_of(policy.report_published.severity)
    days = {"first": report.first.isoformat(), "last": report.last.isoformat()}
    return Cause(Kind.REPORT_PUBLISHED, report.code, "", severity, {"name": report.name, **days})


def task_step(task: OpenTask, step: str, number: int, policy: Policy) -> Cause:
    """The event that a task went a step; number: the step's, so that each is told once."""
    severities: Mapping[str, rules.Grade] = policy.task_step.severities  # type: ignore[assignment]
    return Cause(
        Kind.TASK_STEP,
        f"{task.number}:{number}",
        task.agency,
        severity_of(severities[step]),
        {"name": task.title, "step": step, "due": task.due.isoformat()},
    )
