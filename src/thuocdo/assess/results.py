"""What a probe may say: pass, fail, or not measurable and whose fault that was; never a guess.

A result carries a *share* of what its criterion is worth, not points: the criteria set alone knows
points, so one measurement can be graded under any set. What could not be measured has no share,
which is not 0.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from decimal import ROUND_FLOOR, Decimal
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import UNSET

from thuocdo.assess.criteria.model import CriteriaSet, Criterion
from thuocdo.core.errors import ThuocdoError

FULL: Final = Decimal(1)
NONE: Final = Decimal(0)


class Outcome(StrEnum):
    PASS = "pass"  # noqa: S105 - the whole share
    FAIL = "fail"  # less than the whole share
    UNMEASURED = "unmeasured"


class Blame(StrEnum):
    """Who can make it measurable."""

    SITE = "site"  # whoever runs the site
    OWNER = "owner"  # whoever may permit it
    US = "us"  # whoever runs the scanner


class Fault(StrEnum):
    """Why something could not be measured: closed, never renamed. Words: probes/texts.yaml."""

    DNS = "dns"
    CONNECT = "connect"
    TIMEOUT = "timeout"
    TLS = "tls"
    TRUST = "trust"  # its certificate leads to no authority we know: an incomplete chain, as a rule
    HTTP = "http"  # an error where a page should be
    BLOCKED = "blocked"  # it answers others, and refuses the scanner
    ROBOTS = "robots"
    REDIRECTS = "redirects"  # too many, or in a circle
    GUARD = "guard"  # its address is not public
    SIZE = "size"
    NOT_HTML = "not_html"
    BAD_ANSWER = "bad_answer"  # no HTTP
    CRASH = "crash"  # the page ended the browser
    NO_APPOINTMENT = "no_appointment"  # no signed window, or no token that proves it
    UNSTABLE = "unstable"  # repeated runs lie too far apart
    NOT_REGISTERED = "not_registered"  # the registry has no site to expect
    TOO_FEW = "too_few"  # visitors whose browsers sent their timings
    NOT_ASKED = "not_asked"  # this scan was told to leave it out
    NOT_MARKED = "not_marked"  # fewer than two assessors, or two who differ and did not settle
    PROPOSED = "proposed"  # signs of it were seen, and people decide whether it is there
    NOT_SEEN = "not_seen"  # not on the few pages that were walked, which proves nothing
    BUDGET = "budget"  # more requests than a host is asked for
    NO_TOOL = "no_tool"  # browser, Lighthouse, sslyze or a resolver is missing or does not start
    INTERNAL = "internal"

    @property
    def blame(self) -> Blame:
        return _BLAME.get(self, Blame.SITE)


_BLAME: Final = {
    Fault.NO_APPOINTMENT: Blame.OWNER,
    Fault.ROBOTS: Blame.OWNER,
    Fault.UNSTABLE: Blame.US,
    Fault.NOT_REGISTERED: Blame.US,
    Fault.BUDGET: Blame.US,
    Fault.NOT_ASKED: Blame.US,
    Fault.NOT_MARKED: Blame.US,
    Fault.PROPOSED: Blame.US,
    Fault.NOT_SEEN: Blame.US,
    Fault.NO_TOOL: Blame.US,
    Fault.INTERNAL: Blame.US,
}


class Evidence(msgspec.Struct, frozen=True):
    """One kept file: `sha256` names it in the instance's evidence folder."""

    kind: str  # headers, body, screenshot, trace, report
    sha256: str
    size: int  # bytes


class Remark(msgspec.Struct, frozen=True):
    """One thing that was seen; `code` picks the words, `facts` fill their blanks.

    element  the affected element as its page writes it, "" when there is none
    """

    code: str
    facts: dict[str, str] = {}
    element: str = ""


class Measure(msgspec.Struct, frozen=True):
    """A number behind a result, with how far repeated runs lay apart (largest less smallest)."""

    name: str
    value: Decimal
    unit: str  # ms, min, percent, count, points
    spread: Decimal | None = None
    runs: int = 1


class Result(msgspec.Struct, frozen=True):
    """What came of one check of one site.

    check  such as "security.hsts": a criterion names the check it is measured by
    share  0…1 of the criterion's points; None exactly when it is unmeasured
    at     µs UTC
    """

    check: str
    outcome: Outcome
    share: Decimal | None
    at: int
    fault: Fault | None = None
    detail: str = ""
    remarks: tuple[Remark, ...] = ()
    measures: tuple[Measure, ...] = ()
    evidence: tuple[Evidence, ...] = ()

    def __post_init__(self) -> None:
        is_unmeasured = self.outcome is Outcome.UNMEASURED
        if is_unmeasured != (self.share is None) or is_unmeasured != (self.fault is not None):
            raise _bad(self.check, "a share and a fault exclude each other")
        if self.share is not None and not 0 <= self.share <= 1:
            raise _bad(self.check, f"{self.share} is no share")
        if (self.outcome is Outcome.PASS) != (self.share == 1):
            raise _bad(self.check, "to pass is to have the whole share")


def measured(
    check: str,
    share: Decimal,
    at: int,
    *remarks: Remark,
    measures: Iterable[Measure] = (),
    evidence: Iterable[Evidence] = (),
) -> Result:
    """A result that has a share: it passes with the whole, and fails with less."""
    outcome = Outcome.PASS if share == 1 else Outcome.FAIL
    return Result(
        check,
        outcome,
        share,
        at,
        remarks=remarks,
        measures=tuple(measures),
        evidence=tuple(evidence),
    )


def unmeasured(
    check: str, fault: Fault, detail: str, at: int, evidence: Iterable[Evidence] = ()
) -> Result:
    """A result without a share, and why."""
    return Result(
        check, Outcome.UNMEASURED, None, at, fault, detail[:300], evidence=tuple(evidence)
    )


def points(criteria: CriteriaSet, results: Iterable[Result]) -> dict[str, Decimal | None]:
    """What `scoring.grade` takes: points of every criterion a probe measures, None where it could not.

    A share is rounded down to the set's step: a step is earned whole. A criterion whose check left no
    result is absent, and so is one that people judge where no machine finds it. Raises ThuocdoError `bad_result` when a check has two results.
    """
    by_check: dict[str, Result] = {}
    for result in results:
        if by_check.setdefault(result.check, result) is not result:
            raise _bad(result.check, "it has two results")
    found: dict[str, Decimal | None] = {}
    for group, each in criteria.criteria():
        key = f"{group.code}.{each.code}"
        result_of = by_check.get(each.check or key)
        if result_of is not None and is_machines(each, result_of):
            found[key] = _steps(result_of.share, each.points, criteria.step)
    return found


def faults_of(results: Iterable[Result]) -> dict[str, str]:
    """Why each check could not be measured; "" where it could."""
    return {each.check: each.fault or "" for each in results}


def obstructed(criteria: CriteriaSet, why: Mapping[str, str]) -> frozenset[str]:
    """Criteria, by `group.criterion`, that the site's own side kept from being measured, as the set counts that.

    why  faults by check. What needs an appointment is none of them: a site that is asked no more might have had none.
    """
    if criteria.obstruction is UNSET:
        return frozenset()
    return hindered(criteria, why, criteria.obstruction.faults)


def hindered(
    criteria: CriteriaSet, why: Mapping[str, str], faults: Collection[str]
) -> frozenset[str]:
    """Criteria that a machine alone judges and could not measure for one of some faults. why: faults by check."""
    return frozenset(
        f"{group.code}.{each.code}"
        for group, each in criteria.criteria()
        if each.by_machine
        and not each.by_people
        and not each.appointment
        and why.get(each.check or f"{group.code}.{each.code}") in faults
    )


def is_machines(criterion: Criterion, result: Result) -> bool:
    """Whether a probe's result counts for a criterion; where people may judge too, only what was found whole."""
    return criterion.by_machine and (not criterion.by_people or result.share == FULL)


def _steps(share: Decimal | None, of: Decimal, step: Decimal) -> Decimal | None:
    if share is None:
        return None
    return (share * of / step).to_integral_value(ROUND_FLOOR) * step


def combined(
    automatic: Mapping[str, Decimal | None], by_hand: Mapping[str, Decimal | None]
) -> dict[str, Decimal | None]:
    """Points of probes and of assessors together. Raises ThuocdoError `bad_result` where both speak."""
    both = automatic.keys() & by_hand.keys()
    if both:
        raise _bad(min(both), "a probe and the assessors both have points for it")
    return {**automatic, **by_hand}


def _bad(check: str, reason: str) -> ThuocdoError:
    return ThuocdoError("bad_result", f"{check}: {reason}.")
