"""What the machine puts before the assessors of one system: its signs, never points; pure.

A proposal is beside the question, with the places where it was seen. It is shown to every assessor alike, and who
marks decides: nothing here is counted.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from thuocdo.assess.criteria.model import CriteriaSet, Criterion
from thuocdo.assess.probes.losi.signs import beware_of
from thuocdo.assess.results import Fault, Result, is_machines
from thuocdo.measure.definitions import Text


class Proposal(msgspec.Struct, frozen=True):
    """Of one criterion. has_signs: otherwise it says only that nothing was seen, which proves nothing.

    beware  what else looks like it
    """

    result: Result
    has_signs: bool
    beware: Text | None


def proposals(rules: CriteriaSet, results: Iterable[Result]) -> dict[str, Proposal]:
    """By `group.criterion`, of the criteria that people judge in this system."""
    by_check = {each.check: each for each in results}
    found: dict[str, Proposal] = {}
    for key, check, criterion in _asked(rules):
        result = by_check.get(check)
        if result is not None and not is_machines(criterion, result) and _says_something(result):
            has_signs = result.fault is Fault.PROPOSED
            found[key] = Proposal(result, has_signs, beware_of(check) if has_signs else None)
    return found


def found_whole(rules: CriteriaSet, results: Iterable[Result]) -> dict[str, Result]:
    """What a machine found of the criteria that people might have judged."""
    by_check: Mapping[str, Result] = {each.check: each for each in results}
    return {
        key: by_check[check]
        for key, check, criterion in _asked(rules)
        if check in by_check and is_machines(criterion, by_check[check])
    }


def _asked(rules: CriteriaSet) -> Iterable[tuple[str, str, Criterion]]:
    for group, each in rules.criteria():
        if each.by_people:
            key = f"{group.code}.{each.code}"
            check = each.check or key
            yield key, (each.proposal or "") if each.method == "manual" else check, each


def _says_something(result: Result) -> bool:
    """A look that could not be made says nothing to anybody."""
    return result.share is not None or result.fault in (Fault.PROPOSED, Fault.NOT_SEEN)
