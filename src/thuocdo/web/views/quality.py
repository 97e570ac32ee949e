"""Quality: levels of assessed systems, and open questions about the data, in plain words.

Everything here is public already: a figure that a question concerns carries its flag.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.scoring import NEWEST
from thuocdo.core.vietnamese import collation_key
from thuocdo.measure.quality import Finding, rules
from thuocdo.registry import explanations
from thuocdo.registry.models import Agency
from thuocdo.web import board, choosing, publishing, rounds
from thuocdo.web.printing import agency_name, language

SEVERITIES = {
    "high": gettext_lazy("nặng"),
    "medium": gettext_lazy("vừa"),
    "low": gettext_lazy("nhẹ"),
}


@dataclass(frozen=True, slots=True)
class Question:
    """One finding in words: of whom, since when, and what was said to it."""

    agency: str
    name: str
    subject: str
    text: str
    finding: Finding
    answered: str


@dataclass(frozen=True, slots=True)
class Kind:
    """All findings of one detector."""

    code: str
    name: str
    sees: str
    advice: str
    severity: str
    questions: list[Question]


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    choice = choosing.read(request)
    found = publishing.findings(board.measure(), choice.period)
    kinds = _kinds(found)
    context = {
        "title": _("Chất lượng"),
        "line": board.line(choice, []),
        "choice": choice,
        "presets": choosing.PRESETS,
        "kinds": kinds,
        "clear": _clear(found, choice.period.last),
        "count": len(found),
        "agencies": len({finding.agency for finding in found}),
        "criteria": criteria_set(NEWEST),
        "rounds": [rounds.opened(held) for held in rounds.listed()],
    }
    return render(request, "web/quality.html", context)


def _kinds(found: list[Finding]) -> list[Kind]:
    said = explanations.of(finding.key for finding in found)
    names = _names({finding.agency for finding in found})
    grouped: dict[str, list[Finding]] = {}
    for finding in found:
        grouped.setdefault(finding.detector, []).append(finding)
    own = {
        rule.id: rule for rule in rules().on(max((f.last for f in found), default=choosing.today()))
    }
    return [
        Kind(
            code,
            getattr(mine[0].name, language()),
            getattr(own[code].sees, language()) if code in own else "",
            getattr(mine[0].advice, language()),
            str(SEVERITIES[mine[0].severity]),
            sorted(
                (
                    Question(
                        each.agency,
                        names.get(each.agency, each.agency_name),
                        each.subject,
                        getattr(each.text, language()),
                        each,
                        _answered(said.get(each.key, ())),
                    )
                    for each in mine
                ),
                key=lambda question: collation_key(question.name),
            ),
        )
        for code, mine in grouped.items()
    ]


def _answered(said) -> str:
    """How far the explaining has come; empty when nobody has answered."""
    words = {
        "answer": _("đã có giải trình, đang xem xét"),
        "accepted": _("giải trình được chấp nhận"),
        "refused": _("giải trình không được chấp nhận"),
    }
    return words.get(said[-1].kind, "") if said else ""


def _names(codes: set[str]) -> dict[str, str]:
    rows = Agency.objects.on(choosing.today()).filter(code__in=codes)
    return {row.code: agency_name(row) for row in rows}


def _clear(found: list[Finding], day) -> list[str]:
    """Names of the detectors that found nothing, or could not tell."""
    seen = {finding.detector for finding in found}
    return [getattr(rule.name, language()) for rule in rules().on(day) if rule.id not in seen]
