"""The inspection: every detector over one period, put in words, worst first.

It reads facts and says what it sees. It changes no event, no fact and no figure: a figure that an
open finding concerns says so by a flag (`flags_for`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Final

from thuocdo.core import vietnamese
from thuocdo.core.clock import Period
from thuocdo.measure.definitions import Text
from thuocdo.measure.model import Figure
from thuocdo.measure.organisation import Agency
from thuocdo.measure.quality import rules as rule_files
from thuocdo.measure.quality.detectors import DETECTORS, NEEDS
from thuocdo.measure.quality.evidence import Evidence
from thuocdo.measure.quality.model import Finding, State
from thuocdo.measure.quality.rules import Rule, Rules
from thuocdo.measure.quality.verdict import Case, Verdict
from thuocdo.measure.service import Measure

_SEVERITIES: Final = ("high", "medium", "low")


@cache
def rules() -> Rules:
    """The rules as shipped. Raises ThuocdoError `bad_detectors`."""
    return rule_files.load(rule_files.FILE, NEEDS)


def examine(
    measure: Measure, period: Period, agency: str | None = None, as_known: int | None = None
) -> list[Finding]:
    """What every detector says of every subject of the period, found or not.

    agency    a code in either form: only what it, or those below it, run; peers are still all of them
    as_known  µs UTC; None: now
    Raises ThuocdoError `unknown_agency`, `bad_detectors`.
    """
    given = rules()
    with measure.reading(as_known) as (facts, remember):
        whose = facts.dimensions.organisation.find(agency, period.last) if agency else None

        def look() -> list[Finding]:
            evidence = Evidence(facts, period)
            return [
                _worded(rule, verdict, period)
                for rule in given.on(period.last)
                for verdict in DETECTORS[rule.id].run(
                    Case(evidence, rule, -float(given.false_alarm.value))
                )
            ]

        named = ("dossiers", "visits_daily", "hosts_daily", "step_makers_daily", "dimensions")
        files = tuple(file for name in named for file in facts.fingerprint(name, -(2**31), 2**31))
        found = remember(("quality", period, as_known, files), look)
        organisation = facts.dimensions.organisation
        return [
            finding
            for finding in found
            if whose is None
            or any(one.code == whose.code for one in organisation.path(finding.agency, period.last))
        ]


def inspect(
    measure: Measure, period: Period, agency: str | None = None, as_known: int | None = None
) -> list[Finding]:
    """What is found, the gravest first. As `examine`, without what is not found or not measurable."""
    found = [one for one in examine(measure, period, agency, as_known) if one.found]
    return sorted(found, key=lambda one: (_SEVERITIES.index(one.severity), one.agency, one.key))


def flags_for(findings: Iterable[Finding], figure: Figure) -> tuple[str, ...]:
    """Flags of the found findings that concern a figure: its agency (or one below), days, indicator.

    Explained or not: an explanation answers a question, it does not mend the data.
    """
    agency = figure.agency
    flags = {
        flag
        for one in findings
        if one.found
        and figure.indicator in one.indicators
        and (one.agency == agency or one.agency.startswith(f"{agency}."))
        and one.first <= figure.period_last
        and figure.period_first <= one.last
        for flag in one.flags
    }
    return tuple(sorted(flags))


def _worded(rule: Rule, verdict: Verdict, period: Period) -> Finding:
    subject = verdict.subject
    found = verdict.state is State.FOUND
    return Finding(
        detector=rule.id,
        version=rule.version,
        kind=rule.subject,
        subject=subject.key,
        agency=subject.agency.code,
        agency_name=_name(subject.agency),
        block=subject.block,
        first=period.first,
        last=period.last,
        state=verdict.state.value,
        score=verdict.score,
        threshold=verdict.threshold,
        unit=verdict.unit,
        since=verdict.since,
        severity=rule.severity,
        name=rule.name,
        text=_text(rule, verdict),
        advice=rule.advice,
        flags=(rule.flag,) if found else (),
        indicators=rule.indicators,
        evidence=verdict.evidence,
        reason=verdict.reason,
    )


def _name(agency: Agency) -> str:
    return agency.name or agency.code


def _text(rule: Rule, verdict: Verdict) -> Text:
    if verdict.reason is not None:
        return rule.reasons[verdict.reason]
    if verdict.state is not State.FOUND:
        return Text(vi="Không thấy dấu hiệu.", en="No sign of it.")
    return Text(
        vi=rule.means.vi.format(**_numbers(verdict.numbers, "vi")),
        en=rule.means.en.format(**_numbers(verdict.numbers, "en")),
    )


def _numbers(numbers: Mapping[str, int | str], language: str) -> dict[str, str]:
    given = rules()
    return {
        name: vietnamese.format_count(value, language)
        if isinstance(value, int)
        else getattr(given.word(value), language)
        for name, value in numbers.items()
    }
