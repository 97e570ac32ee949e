"""Why totals move: between two rounds, and of one round under other rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.assess.criteria.model import CriteriaSet, criteria_set, criteria_sets
from thuocdo.assess.rounds import comparing, grading
from thuocdo.assess.rounds.comparing import Compared, Side
from thuocdo.assess.rounds.table import Graded, standings
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import collation_key
from thuocdo.registry.models import Agency, System
from thuocdo.web import problems, rounds
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.rounds import Published, told

_LONGEST_NUMBER = 6


@dataclass(frozen=True, slots=True)
class Moved:
    """One system before and after: totals, ranks, and the reasons in words.

    others  its totals under one and the same rules, where the two rounds had different ones
    """

    compared: Compared
    reasons: list[str]
    rank_before: int | None
    rank_after: int | None
    others: list[tuple[Decimal, Decimal]]

    @property
    def points(self) -> Decimal:
        return self.compared.after.points - self.compared.before.points


@dataclass(frozen=True, slots=True)
class Alone:
    """A system that only one of two rounds has. into: who took its agency over since, "" for nobody."""

    name: str
    address: str
    into: str


@require_safe
def compare(request: HttpRequest, code: str) -> HttpResponse:
    """This round against an earlier one: each under its own rules, then both under the same."""
    found = rounds.find(code)
    others = [each.code for each in rounds.listed() if each.pk != found.held.pk]
    wanted = request.GET.get("voi", "") or (others[0] if others else "")
    other = rounds.find(wanted) if wanted else None
    context = {
        "title": _("So sánh hai đợt"),
        "found": found,
        "others": others,
        "other": other,
        "moved": _between(other, found) if other else [],
        "gone": _alone(other, found) if other else [],
        "new": _alone(found, other) if other else [],
        "both": [_("Cùng theo bộ %(code)s") % {"code": each.rules.code} for each in (other, found)]
        if other
        else [],
        "same_rules": other is not None and other.held.rules_sha256 == found.held.rules_sha256,
    }
    return render(request, "web/rounds/compare.html", context)


@require_safe
def simulate(request: HttpRequest, code: str) -> HttpResponse:
    """The same results under other rules: another set, or other points for the groups."""
    found = rounds.find(code)
    sets = [each for each in criteria_sets() if _is_comparable(each, found.rules)]
    given = {group.code: request.GET.get(group.code, "").strip() for group in found.rules.groups}
    chosen, problem = found.rules, None
    try:
        chosen = _chosen(found.rules, sets, request.GET.get("bo", ""), given)
    except ThuocdoError as error:
        problem = problems.from_error(error)
    is_reweighted = chosen.code == found.rules.code
    points = {
        group.code: group.points for group in (chosen if is_reweighted else found.rules).groups
    }
    context = {
        "title": _("Thử đổi bộ tiêu chí"),
        "found": found,
        "sets": sets,
        "chosen": chosen,
        "is_other": chosen is not found.rules,
        "problem": problem,
        "groups": [
            (each.code, told(each.name), each.points, given[each.code] or points.get(each.code))
            for each in found.rules.groups
        ],
        "moved": _under(found, chosen) if chosen is not found.rules else [],
    }
    return render(
        request, "web/rounds/simulate.html", context, status=problem.status if problem else 200
    )


def _chosen(
    rules: CriteriaSet, sets: list[CriteriaSet], code: str, given: dict[str, str]
) -> CriteriaSet:
    """Raises ThuocdoError `bad_simulation`, or Problem for a set there is not."""
    if code:
        if code not in {each.code for each in sets}:
            raise Problem(_("Không có bộ tiêu chí nào như vậy để thử."))
        return criteria_set(code)
    if not any(given.values()):
        return rules
    return comparing.reweighted(rules, {key: _number(text) for key, text in given.items()})


def _number(text: str) -> Decimal:
    try:
        found = Decimal(text.replace(",", ".")) if len(text) <= _LONGEST_NUMBER else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise ThuocdoError("bad_simulation", f"{text!r} are no points.")
    return found


def _is_comparable(other: CriteriaSet, rules: CriteriaSet) -> bool:
    """Whether two sets share criteria, so that something can be said under the other."""
    keys = [{f"{g.code}.{c.code}" for g, c in each.criteria()} for each in (other, rules)]
    return other.code != rules.code and bool(keys[0] & keys[1])


def _between(before: Published, after: Published) -> list[Moved]:
    sets = [before.rules]
    if before.held.rules_sha256 != after.held.rules_sha256:
        sets.append(after.rules)
    one = grading.graded_under(before.held, sets)
    other = grading.graded_under(after.held, sets)
    same = [(_totals(own), _totals(its)) for own, its in zip(one, other, strict=True)]
    return _moves((before.rules, one[0]), (after.rules, other[-1]), same if len(sets) > 1 else [])


def _alone(one: Published, other: Published) -> list[Alone]:
    """What one round has and the other has not: a province that was merged must not just be missing."""
    have = {each.standing.code for each in other.made.systems}
    lines = [each.standing for each in one.made.systems if each.standing.code not in have]
    into = _successors([each.code for each in lines])
    found = [
        Alone(
            each.name,
            reverse("quality-system", args=[one.code, each.code]),
            into.get(each.code, ""),
        )
        for each in lines
    ]
    return sorted(found, key=lambda each: collation_key(each.name))


def _successors(codes: Sequence[str]) -> dict[str, str]:
    """Of systems whose agency was taken over by another: that one's name, by the system's code."""
    owner = dict(
        System.objects.filter(code__in=codes).order_by("valid_from").values_list("code", "agency")
    )
    ended = Agency.objects.filter(code__in=owner.values()).exclude(successor="")
    into = dict(ended.order_by("valid_from").values_list("code", "successor"))
    heirs = Agency.objects.filter(code__in=into.values()).order_by("valid_from")
    names = dict(heirs.values_list("code", "name"))
    return {
        code: names.get(into[agency], into[agency])
        for code, agency in owner.items()
        if agency in into
    }


def _totals(graded: list[Graded]) -> dict[str, Decimal]:
    return {each.code: each.grade.points for each in graded}


def _under(found: Published, rules: CriteriaSet) -> list[Moved]:
    before, after = grading.graded_under(found.held, [found.rules, rules])
    return _moves((found.rules, before), (rules, after), [])


def _moves(
    before: tuple[CriteriaSet, list[Graded]],
    after: tuple[CriteriaSet, list[Graded]],
    same: list[tuple[dict[str, Decimal], dict[str, Decimal]]],
) -> list[Moved]:
    """Systems that are on both sides, the most moved first."""
    ranks = [{each.code: each.rank for each in standings(side)} for _rules, side in (before, after)]
    earlier = {each.code: each for each in before[1]}
    found = []
    for each in after[1]:
        if each.code not in earlier:
            continue
        old = earlier[each.code]
        sides = (Side(before[0], old.grade, old.points), Side(after[0], each.grade, each.points))
        compared = comparing.compare(each.code, each.name, *sides)
        found.append(
            Moved(
                compared,
                comparing.reasons(compared, "en" if language() == "en" else "vi"),
                ranks[0][each.code],
                ranks[1][each.code],
                [(one[each.code], other[each.code]) for one, other in same],
            )
        )
    return sorted(found, key=lambda one: (-abs(one.points), collation_key(one.compared.name)))
