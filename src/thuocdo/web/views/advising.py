"""What would lift an agency's full-online rate most: its services, worst gap first, and why."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.measure.advice.model import Advice, Recommendation
from thuocdo.measure.advice.recommend import recommend
from thuocdo.measure.advice.words import level, reasons
from thuocdo.measure.disclosure import Policy, policy_on
from thuocdo.web import board, choosing
from thuocdo.web.printing import agency_name, count, language
from thuocdo.web.standby import Standby
from thuocdo.web.views.agencies import agency_of, in_its_life

_LISTED = 30
_advice: Standby[Advice] = Standby(600.0, 128)


@dataclass(frozen=True, slots=True)
class Step:
    """One service to be raised: from which level to which, why, and what that would add."""

    procedure: str
    name: str
    now: str
    then: str
    reasons: list[str]
    gain: str
    points: float | None


@require_safe
def page(request: HttpRequest, code: str) -> HttpResponse:
    choice = choosing.read(request)
    agency = agency_of(code, choice)
    choice = in_its_life(agency, choice)
    measure = board.measure()
    asked = (agency.code, choice.period, choice.as_organised, choice.trust)
    found = _advice.ask(
        (id(measure), *asked),
        lambda: recommend(
            measure,
            agency.code,
            choice.period,
            as_organised=choice.as_organised,
            trust=choice.trust,
        ),
    )
    policy = policy_on(choice.period.last)
    context = {
        "title": _("Khuyến nghị: %(name)s") % {"name": agency_name(agency)},
        "line": board.line(choice, []),
        "choice": choice,
        "presets": choosing.PRESETS,
        "agency": agency,
        "advice": found,
        "told": found.dossiers >= policy.among,
        "groups": [
            (_("Nên lên toàn trình"), *_steps(found, found.to_full, policy)),
            (_("Nên lên một phần"), *_steps(found, found.to_partial, policy)),
        ],
    }
    return render(request, "web/advice.html", context)


def _steps(
    advice: Advice, rows: tuple[Recommendation, ...], policy: Policy
) -> tuple[list[Step], int]:
    """What may be shown, and how many are left out: few dossiers of a service are somebody's."""
    shown = [row for row in rows if row.dossiers >= policy.among]
    steps = [
        Step(
            row.procedure,
            row.name,
            level(row.level, language()),
            level(row.target, language()) if row.target else "",
            reasons(advice, row, language()),
            _gain(row.gain.dossiers, policy.smallest),
            row.gain.agency_points if _is_told(row.gain.dossiers, policy.smallest) else None,
        )
        for row in shown[:_LISTED]
    ]
    return steps, len(rows) - len(steps)


def _is_told(dossiers: int, smallest: int) -> bool:
    return dossiers == 0 or dossiers >= smallest


def _gain(dossiers: int, smallest: int) -> str:
    told = _is_told(dossiers, smallest)
    return count(dossiers) if told else _("dưới %(n)s") % {"n": smallest}
