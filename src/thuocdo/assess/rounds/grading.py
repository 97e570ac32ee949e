"""From what a round has gathered to its systems' grades: probes' results, assessors' marks, rulings.

A round has hundreds of systems, and anybody may ask how they would stand under other rules: its rules are
read once, and marks and rulings with the systems.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import msgspec
from django.db.models import QuerySet

from thuocdo.assess import results as probed
from thuocdo.assess.criteria.model import CriteriaSet
from thuocdo.assess.models import Entry, Round
from thuocdo.assess.results import Result
from thuocdo.assess.rounds.marking import Given, Together, stepped, together
from thuocdo.assess.rounds.table import Graded
from thuocdo.assess.scoring import grade
from thuocdo.core.errors import ThuocdoError


def rules_of(held: Round) -> CriteriaSet:
    """The rules as they were frozen. Raises ThuocdoError `rules_changed` when they are not those any more."""
    rules = msgspec.convert(held.rules, CriteriaSet)
    if rules.sha256 != held.rules_sha256:
        raise ThuocdoError(
            "rules_changed", f"The rules of round {held.code} are not those it froze."
        )
    return rules


def graded(held: Round, criteria: CriteriaSet | None = None) -> list[Graded]:
    """Every system graded under the round's own rules, or under others (a rule-change simulation)."""
    return graded_under(held, [criteria or rules_of(held)])[0]


def graded_under(held: Round, sets: Sequence[CriteriaSet]) -> list[list[Graded]]:
    """Every system under each of some rules; what was gathered is read once."""
    own, entries = rules_of(held), list(with_points(held).order_by("turn"))
    return [[graded_entry(entry, own, rules) for entry in entries] for rules in sets]


def with_points(held: Round) -> QuerySet[Entry]:
    """The round's systems, with all marks and rulings at once."""
    return held.entries.prefetch_related("marks", "rulings")


def with_marks(held: Round, rules: CriteriaSet) -> QuerySet[Entry]:
    """The same, without what was measured where no mark depends on it."""
    entries = with_points(held)
    return entries if worth(rules, "found") else entries.defer("results")


def results_of(entry: Entry) -> list[Result]:
    return msgspec.convert(entry.results or [], list[Result])


def together_of(entry: Entry, own: CriteriaSet, rules: CriteriaSet) -> Together:
    """What the assessors say, of the criteria `rules` have; `own` are those they marked under.

    Of what a machine found nobody is asked any more, whatever was marked under other rules.
    """
    found = found_by_machine(entry, rules)
    worth_then = worth(own)
    manual = {key: of for key, of in by_people(rules).items() if key not in found}
    marks = [
        Given(
            each.assessor,
            each.key,
            _scaled(each.points, worth_then[each.key], manual[each.key], rules),
        )
        for each in sorted(entry.marks.all(), key=lambda mark: (mark.made_at, mark.pk))
        if each.key in manual
    ]
    settled = {key: value for key, value in _rulings(entry, own, rules).items() if key in manual}
    return together(rules, marks, settled, found)


def worth(rules: CriteriaSet, method: str = "") -> dict[str, Decimal]:
    """Points of each criterion, by `group.criterion`; of one method alone where it is named."""
    return {f"{g.code}.{c.code}": c.points for g, c in rules.criteria() if method in ("", c.method)}


def by_people(rules: CriteriaSet) -> dict[str, Decimal]:
    """Points of each criterion that people judge, those that a machine may find included."""
    return {f"{g.code}.{c.code}": c.points for g, c in rules.criteria() if c.by_people}


def found_by_machine(entry: Entry, rules: CriteriaSet) -> frozenset[str]:
    """Those of them that a machine found in this system; results are read only where rules have such."""
    may_be_found = worth(rules, "found")
    if not may_be_found:
        return frozenset()
    return frozenset(probed.points(rules, results_of(entry)).keys() & may_be_found.keys())


def to_mark(entry: Entry, rules: CriteriaSet) -> list[str]:
    """What is for the assessors in this system: what a machine may find only once it has looked."""
    found = found_by_machine(entry, rules)
    waiting = worth(rules, "found") if entry.state != Entry.State.DONE else {}
    return [key for key in by_people(rules) if key not in found and key not in waiting]


def graded_entry(entry: Entry, own: CriteriaSet, rules: CriteriaSet) -> Graded:
    """One system under some rules; `own` are those its round froze."""
    found = results_of(entry)
    given = together_of(entry, own, rules)
    points = probed.combined(probed.points(rules, found), given.points)
    points |= _rulings(entry, own, rules)
    return Graded(
        entry.code,
        entry.name,
        entry.block,
        entry.vendor,
        entry.url,
        grade(rules, points, probed.obstructed(rules, probed.faults_of(found))),
        points,
        found,
        _words(entry),
    )


def marks_due(held: Round, rules: CriteriaSet) -> int:
    """How many marks one assessor has to make, as far as the machine has looked."""
    if not worth(rules, "found"):
        return held.entries.count() * len(by_people(rules))
    return sum(len(to_mark(entry, rules)) for entry in held.entries.all())


def _words(entry: Entry) -> dict[str, list[str]]:
    said = [(each.made_at, each.key, each.evidence) for each in entry.marks.all()]
    said += [(each.made_at, each.key, each.reason) for each in entry.rulings.all()]
    found: dict[str, list[str]] = {}
    for _at, key, text in sorted(said):
        if text and text not in found.setdefault(key, []):
            found[key].append(text)
    return found


def _rulings(entry: Entry, own: CriteriaSet, rules: CriteriaSet) -> dict[str, Decimal]:
    """The latest ruling on each criterion that both sets of rules have."""
    worth_then, new = worth(own), worth(rules)
    return {
        each.key: _scaled(each.points, worth_then[each.key], new[each.key], rules)
        for each in sorted(entry.rulings.all(), key=lambda ruling: (ruling.made_at, ruling.pk))
        if each.key in new
    }


def _scaled(points: Decimal, old: Decimal, new: Decimal, rules: CriteriaSet) -> Decimal:
    """Points under rules where the same criterion is worth something else."""
    return points if old == new else stepped(points * new / old, rules.step)
