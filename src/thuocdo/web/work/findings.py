"""Findings about an agency's data: what was seen, what it means for figures, the answers, a place to answer.

An officer who disputes a number answers here; who may judge decides, never about an answer of their
own (`registry/explanations.py`). Neither changes a figure or its flag. The whole country's list is
the same page without an agency, cut to the reader's part of the country.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.findings import FindingKey, parse
from thuocdo.measure.model import Figure
from thuocdo.measure.quality import Finding, rules
from thuocdo.registry import explanations
from thuocdo.registry.explanations import Explanation, Said
from thuocdo.registry.models import Agency
from thuocdo.registry.people import Person, person
from thuocdo.registry.rights import Right
from thuocdo.web import board, choosing, problems, publishing
from thuocdo.web.printing import agency_name, language
from thuocdo.web.views.quality import SEVERITIES
from thuocdo.web.work import frame

_OPEN: Final = "open"
STANDINGS: Final = {
    _OPEN: gettext_lazy("chưa giải trình"),
    Explanation.Kind.ANSWER.value: gettext_lazy("đã giải trình, chờ xem xét"),
    Explanation.Kind.ACCEPTED.value: gettext_lazy("chấp nhận giải trình"),
    Explanation.Kind.REFUSED.value: gettext_lazy("không chấp nhận giải trình"),
}
"""How far a finding has come, the least far first."""
_SAID: Final = {
    Explanation.Kind.ANSWER.value: gettext_lazy("giải trình"),
    Explanation.Kind.ACCEPTED.value: gettext_lazy("chấp nhận"),
    Explanation.Kind.REFUSED.value: gettext_lazy("không chấp nhận"),
}
_UNITS: Final = {
    "permille": gettext_lazy("phần nghìn"),
    "percent": gettext_lazy("phần trăm"),
    "count": gettext_lazy("số đếm"),
}
_JUDGEMENTS: Final = {
    "accept": Explanation.Kind.ACCEPTED,
    "refuse": Explanation.Kind.REFUSED,
}


@dataclass(frozen=True, slots=True)
class Listed:
    """One line of a list."""

    key: str
    agency: str
    agency_name: str
    name: str
    text: str
    subject: str
    severity: str
    standing: str
    standing_text: str
    finding: Finding


@require_safe
@frame.of_agency
def of_one(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The findings about an agency and all below it."""
    return _list(request, place)


@require_safe
def of_country(request: HttpRequest) -> HttpResponse:
    """The findings about every agency whose explanations the reader may see."""
    return _list(request, None)


def _list(request: HttpRequest, place: frame.Place | None) -> HttpResponse:
    choice, wanted = choosing.read(request), request.GET.get("standing", "")
    found = publishing.findings(board.measure(), choice.period)
    who = person(request.user)
    every = _listed([one for one in found if _concerns(one, who, place)])
    kind = request.GET.get("kind", "")
    kinds = Counter((one.finding.detector, one.name) for one in every)
    if kind in {code for code, _name in kinds}:
        every = [one for one in every if one.finding.detector == kind]
    counts = Counter(one.standing for one in every)
    if wanted not in STANDINGS:
        wanted = ""
    context = {
        "title": _("Dấu hiệu và giải trình"),
        "choice": choice,
        "presets": choosing.PRESETS,
        "standings": [(code, words, counts[code]) for code, words in STANDINGS.items()],
        "wanted": wanted,
        "kind": kind,
        "kinds": [(code, name, n) for (code, name), n in kinds.most_common()],
        "count": len(every),
        "rows": [one for one in every if not wanted or one.standing == wanted],
        "clear": _clear({code for code, _name in kinds}, choice.period),
    }
    return frame.page(request, "web/work/findings.html", context, place=place)


@require_http_methods(["GET", "HEAD", "POST"])
@frame.of_agency
def one(request: HttpRequest, place: frame.Place, key: str) -> HttpResponse:
    """One finding with its evidence and its answers; a POST answers or decides."""
    about = _parsed(key)
    finding = _find(request, place, about)
    problem = None
    if request.method == "POST":
        try:
            _say(request, finding)
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            return redirect("work-finding", place.code, str(finding.key))
    context = {"title": _in(finding.name), "problem": problem} | _details(request, finding)
    return frame.page(
        request,
        "web/work/finding.html",
        context,
        place=place,
        status=problem.status if problem else 200,
    )


def _parsed(key: str) -> FindingKey:
    try:
        found = parse(key)
        choosing.check_span(Period(found.first, found.last))
    except ThuocdoError:
        raise _unknown() from None
    return found


def _unknown() -> problems.Problem:
    return problems.Problem(
        _("Không có dấu hiệu nào mang khóa này về cơ quan này."),
        _("Dữ liệu đến sau có thể đã làm dấu hiệu mất đi. Xem danh sách dấu hiệu của kỳ."),
        404,
    )


def _find(request: HttpRequest, place: frame.Place, about: FindingKey) -> Finding:
    """Raises Problem 404: nothing is found under the key, or not about this agency."""
    who = person(request.user)
    for finding in publishing.findings(board.measure(), Period(about.first, about.last)):
        if finding.key == about and _concerns(finding, who, place):
            return finding
    raise _unknown()


def _concerns(finding: Finding, who: Person, place: frame.Place | None) -> bool:
    if place is not None:
        return place.code in who.tree.path(finding.agency)
    return who.may(Right.SEE_EXPLANATIONS, finding.agency)


def _say(request: HttpRequest, finding: Finding) -> None:
    """Raises ThuocdoError as `explanations.explain`, Problem 403 without the right."""
    done, who = request.POST.get("do", ""), person(request.user)
    judging = done in _JUDGEMENTS
    if not who.may(Right.JUDGE_EXPLANATIONS if judging else Right.EXPLAIN, finding.agency):
        raise problems.Problem(
            _("Vai trò của bạn không có quyền này đối với cơ quan của dấu hiệu."), "", 403
        )
    explanations.explain(
        finding.key,
        request.POST.get("text", ""),
        who=request.user.get_username(),
        kind=_JUDGEMENTS.get(done, Explanation.Kind.ANSWER),
    )


def _details(request: HttpRequest, finding: Finding) -> dict[str, Any]:
    who, said = person(request.user), explanations.of([finding.key])[finding.key]
    name = request.user.get_username()
    answered = any(one.kind == Explanation.Kind.ANSWER for one in said)
    own = any(one.kind == Explanation.Kind.ANSWER and one.who == name for one in said)
    judges = who.may(Right.JUDGE_EXPLANATIONS, finding.agency)
    rule = next(one for one in rules().on(finding.last) if one.id == finding.detector)
    return {
        "finding": finding,
        "listed": _listed([finding])[0],
        "text": _in(finding.text),
        "advice": _in(finding.advice),
        "sees": _in(rule.sees),
        "unit": _UNITS.get(finding.unit, finding.unit),
        "evidence": [(row, _in(rules().word(row.what))) for row in finding.evidence],
        "has_expected": any(row.expected is not None for row in finding.evidence),
        "figures": _figures(finding),
        "said": [_told(one, finding.key) for one in said],
        "may_explain": who.may(Right.EXPLAIN, finding.agency),
        "may_judge": judges and answered and not own,
        "own_answer": judges and own,
        "given": request.POST.get("text", ""),
    }


def _figures(finding: Finding) -> list[tuple[board.Described, Figure | None]]:
    """The indicators that carry the note, each as measured of the agency in the finding's period.

    Small counts are not hidden here: whoever may answer for them has them anyway.
    """
    period = Period(finding.first, finding.last)
    found = []
    for each in board.definitions():
        if each.code in finding.indicators:
            figures = board.measure().figures(each.code, period, agency=finding.agency)
            found.append((each, figures[0] if figures else None))
    return found


def _told(said: Said, about: FindingKey) -> dict[str, Any]:
    return {
        "said": said,
        "kind": _SAID[said.kind],
        "earlier": None if said.key == about else said.key,
    }


def _listed(found: list[Finding]) -> list[Listed]:
    said = explanations.of(finding.key for finding in found)
    names = _names({finding.agency for finding in found})
    rows = [
        Listed(
            str(finding.key),
            finding.agency,
            names.get(finding.agency, finding.agency_name),
            _in(finding.name),
            _in(finding.text),
            finding.subject,
            str(SEVERITIES[finding.severity]),
            standing := explanations.standing(said[finding.key]) or _OPEN,
            str(STANDINGS[standing]),
            finding,
        )
        for finding in found
    ]
    order = list(STANDINGS)
    return sorted(rows, key=lambda row: order.index(row.standing))  # the gravest first within


def _names(codes: set[str]) -> dict[str, str]:
    rows = Agency.objects.on(choosing.today()).filter(code__in=codes)
    return {row.code: agency_name(row) for row in rows}


def _clear(seen: set[str], period: Period) -> list[str]:
    """Names of the detectors that found nothing, or could not tell."""
    return [_in(rule.name) for rule in rules().on(period.last) if rule.id not in seen]


def _in(text: Any) -> str:
    """A Text in the reader's language."""
    words: str = getattr(text, language())
    return words
