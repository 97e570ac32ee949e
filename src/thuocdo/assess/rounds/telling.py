"""What a scan outside rounds found: every check under one set of rules, and what moved since another look.

Only what machines measure is told. What people judge no scan sees, so it is on neither side of a comparison.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec

from thuocdo.assess import results as probed
from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.models import Appeal, Entry, Round, ShadowScan
from thuocdo.assess.results import Result
from thuocdo.assess.rounds.comparing import Compared, Side, compare
from thuocdo.assess.rounds.grading import by_people, graded_entry, results_of, rules_of, worth
from thuocdo.assess.rounds.publication import CheckLine, SystemLine, system_line, unfound
from thuocdo.assess.rounds.table import Graded, standings
from thuocdo.assess.scans import shadows
from thuocdo.assess.scoring import grade
from thuocdo.core import clock
from thuocdo.registry import queues


class Moved(msgspec.Struct, frozen=True):
    """What differs from another look. at: of that look, µs UTC; round: "" for a shadow scan.

    then, now  the checks of the criteria that moved, in the order of `compared.changes`
    """

    at: int
    round: str
    scan: int | None
    compared: Compared
    then: list[CheckLine | None]
    now: list[CheckLine | None]


class Told(msgspec.Struct, frozen=True):
    """One shadow scan under one set of rules. Instants: µs UTC.

    points      given by what was measured
    measurable  what machines can give at most, open points included
    open        not measured this time
    by_people   what no scan can give
    """

    number: int
    system: str
    name: str
    url: str
    at: int
    criteria: str
    points: Decimal
    measurable: Decimal
    open: Decimal
    by_people: Decimal
    line: SystemLine
    since_scan: Moved | None
    since_round: Moved | None


class Seen(msgspec.Struct, frozen=True):
    """One criterion as one look saw it. at: µs UTC."""

    check: CheckLine
    at: int


class Beside(msgspec.Struct, frozen=True):
    """What an appeal is about: as the round has it, and as the re-scan that it ordered found it."""

    then: Seen | None
    now: Seen | None


def told(scan: ShadowScan, rules: CriteriaSet) -> Told:
    """A finished scan under some rules."""
    found = shadows.results_of(scan)
    graded = _graded(scan.system, scan.name, scan.url, rules, found)
    line = _line(graded, rules)
    mine = {
        key: of
        for key, of in _machine(rules).items()
        if key in graded.points or key not in by_people(rules)
    }
    machine = sum(mine.values(), Decimal())
    given = [each for each in graded.points.values() if each is not None]
    known = {key: of for key, of in mine.items() if graded.points.get(key) is not None}
    return Told(
        number=scan.pk,
        system=scan.system,
        name=scan.name,
        url=scan.url,
        at=_at(scan),
        criteria=rules.code,
        points=sum(given, Decimal()),
        measurable=machine,
        open=machine - sum(known.values(), Decimal()),
        by_people=rules.total - machine,
        line=line,
        since_scan=_since_scan(scan, rules, graded, line),
        since_round=_since_round(scan, rules, graded, line),
    )


def beside(appeal: Appeal, rules: CriteriaSet) -> Beside:
    """An appeal's criterion in the round and in the re-scan; None where there is no such look, or not yet."""
    entry, scan, check = appeal.entry, appeal.rescan, _check_of(rules, appeal.key)
    then = now = None
    if entry.results:
        lines = _by_check(_line(graded_entry(entry, rules, rules), rules))
        then = _seen(lines.get(check), results_of(entry))
    if scan is not None and scan.state == queues.State.DONE:
        found = shadows.results_of(scan)
        lines = _by_check(_line(_graded(scan.system, scan.name, scan.url, rules, found), rules))
        now = _seen(lines.get(check), found)
    return Beside(then, now)


def _since_scan(
    scan: ShadowScan, rules: CriteriaSet, graded: Graded, line: SystemLine
) -> Moved | None:
    """Since the scan of the same system before this one."""
    earlier = ShadowScan.objects.filter(
        system=scan.system, state=queues.State.DONE, finished_at__lt=scan.finished_at
    )
    last = earlier.order_by("-finished_at").first()
    if last is None:
        return None
    before = _graded(last.system, last.name, last.url, rules, shadows.results_of(last))
    return _moved(rules, before, graded, line, at=_at(last), scan=last.pk)


def _since_round(
    scan: ShadowScan, rules: CriteriaSet, graded: Graded, line: SystemLine
) -> Moved | None:
    """Since the last round that published the system."""
    entries = Entry.objects.filter(
        code=scan.system, round__state=Round.State.PUBLISHED, round__is_trial=False
    )
    entry = entries.select_related("round").order_by("-round__published_at").first()
    if entry is None:
        return None
    before = graded_entry(entry, rules_of(entry.round), rules)
    looks = [each.at for each in results_of(entry)]
    return _moved(rules, before, graded, line, at=max(looks, default=0), held=entry.round.code)


def _moved(
    rules: CriteriaSet,
    before: Graded,
    graded: Graded,
    line: SystemLine,
    *,
    at: int,
    held: str = "",
    scan: int | None = None,
) -> Moved:
    old, new = _side(rules, before), _side(rules, graded)
    compared = compare(graded.code, graded.name, old, new)
    was, now = _by_check(_line(before, rules)), _by_check(line)
    checks = [_check_of(rules, each.key) for each in compared.changes]
    return Moved(
        at=at,
        round=held,
        scan=scan,
        compared=compared,
        then=[was.get(check) for check in checks],
        now=[now.get(check) for check in checks],
    )


def _side(rules: CriteriaSet, graded: Graded) -> Side:
    points = {key: graded.points.get(key) for key in _machine(rules)}
    hidden = probed.obstructed(rules, probed.faults_of(graded.results))
    return Side(rules, grade(rules, points, hidden), points)


def _graded(code: str, name: str, url: str, rules: CriteriaSet, found: Sequence[Result]) -> Graded:
    points = probed.points(rules, found)
    given = grade(rules, points, probed.obstructed(rules, probed.faults_of(found)))
    return Graded(code, name, "", "", url, given, points, list(found))


def _line(graded: Graded, rules: CriteriaSet) -> SystemLine:
    """What machines measured of a system."""
    (standing,) = standings([graded])
    line = system_line(standing, graded, rules)
    by_hand = by_people(
        rules
    )  # a line of theirs bears the criterion's name, one of a probe's the check's
    checks = [each for each in line.checks if each.check not in by_hand]
    checks += unfound(graded, rules)
    return msgspec.structs.replace(line, checks=checks)


def _machine(rules: CriteriaSet) -> dict[str, Decimal]:
    by_hand = worth(rules, "manual")
    return {key: of for key, of in worth(rules).items() if key not in by_hand}


def _check_of(rules: CriteriaSet, key: str) -> str:
    return next((c.check or key for g, c in rules.criteria() if f"{g.code}.{c.code}" == key), key)


def _by_check(line: SystemLine) -> dict[str, CheckLine]:
    return {each.check: each for each in line.checks}


def _seen(line: CheckLine | None, found: Sequence[Result]) -> Seen | None:
    at = next((each.at for each in found if line and each.check == line.check), None)
    return Seen(line, at) if line and at is not None else None


def _at(scan: ShadowScan) -> int:
    return clock.from_datetime(scan.finished_at) if scan.finished_at else 0
