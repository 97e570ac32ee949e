"""What an agency sees of the assessment of its systems: the preliminary result, and how to appeal."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from thuocdo.assess.models import Appeal, Entry, Round
from thuocdo.assess.rounds import grading, office
from thuocdo.assess.scans import shadows
from thuocdo.core.clock import now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import trail
from thuocdo.registry.models import Change, System
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right, Scope, plain
from thuocdo.web import problems, rounds
from thuocdo.web.problems import Problem
from thuocdo.web.rounds import Published, told
from thuocdo.web.work import frame
from thuocdo.web.work.frame import Place

_LONGEST = 4000
_TOLD = (Round.State.PRELIMINARY, Round.State.PUBLISHED)
"""While marks are made nobody is told anything."""


@require_safe
@frame.of_agency
def index(request: HttpRequest, place: Place) -> HttpResponse:
    """The agency's systems in every round that was announced, the newest first."""
    rows = _entries(request, place).select_related("round").order_by("-round__planned_at", "name")
    context = {
        "title": _("Đánh giá chất lượng"),
        "may_see_scans": person(request.user).may(Right.SEE_SCANS, place.code),
        "rows": [(each, each.appeals.filter(verdict=Appeal.Verdict.OPEN).count()) for each in rows],
    }
    return frame.page(request, "web/work/assessments.html", context, place=place)


@require_safe
@frame.of_agency
def page(request: HttpRequest, place: Place, number: str, system: str) -> HttpResponse:
    """One system in one round: every criterion, the appeals, and the form for one more."""
    return _page(request, place, _entry(request, place, number, system))


@require_POST
@frame.of_agency
def appeal(request: HttpRequest, place: Place, number: str, system: str) -> HttpResponse:
    """Appeal against one criterion; the same one again while it is open changes nothing and says so."""
    entry = _entry(request, place, number, system)
    key, text = request.POST.get("key", ""), request.POST.get("text", "").strip()[:_LONGEST]
    who = request.user.get_username()
    try:
        with transaction.atomic():
            made = office.appeal(entry.round, entry.code, key, text, who)
            after = {"system": entry.code, "key": key, "text": text, "rescan": made.rescan_id}
            trail.record(Change.Action.CREATE, "appeal", who=who, key=str(made.pk), after=after)
    except ThuocdoError as error:
        return _page(request, place, entry, problems.from_error(error))
    shadows.ring(settings.THUOCDO)
    messages.success(request, _("Kiến nghị số %(n)s đã được ghi nhận.") % {"n": made.pk})
    return redirect("work-assessment", place.code, number, system)


def _page(
    request: HttpRequest, place: Place, entry: Entry, problem: Problem | None = None
) -> HttpResponse:
    held = entry.round
    found = _found(held)
    line = rounds.line_of(found, entry.code)
    names = {f"{g.code}.{c.code}": told(c.name) for g, c in found.rules.criteria()}
    is_open = (
        held.state == Round.State.PRELIMINARY
        and held.appeals_until is not None
        and timezone.now() < held.appeals_until
    )
    context = {
        "title": entry.name,
        "held": held,
        "entry": entry,
        "found": found,
        "url": line.url,
        "row": rounds.row(line, list(found.made.groups), found.rules.levels),
        "groups": rounds.by_group(found.rules, line),
        "is_public": held.state == Round.State.PUBLISHED,
        "appeals": [
            (each, names.get(each.key, each.key), rounds.beside(each, found.rules))
            for each in entry.appeals.select_related("rescan").order_by("made_at")
        ],
        "may_see_scans": person(request.user).may(Right.SEE_SCANS, place.code),
        "can_appeal": is_open and person(request.user).may(Right.APPEAL, place.code),
        "is_open": is_open,
        "criteria": list(names.items()),
        "given": request.POST,
        "longest": _LONGEST,
        "problem": problem,
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/assessment.html", context, place=place, status=status)


def _found(held: Round) -> Published:
    """What was signed; before that, as it stands."""
    if held.state == Round.State.PUBLISHED:
        return rounds.opened(held)
    return Published(held, office.as_it_stands(held, now_us()), grading.rules_of(held))


def _entries(request: HttpRequest, place: Place) -> QuerySet[Entry]:
    """Entries of systems of the agency and of those below it."""
    below = person(request.user).tree.within(
        Scope(country=False, agencies=frozenset({plain(place.code)}))
    )
    systems = System.objects.filter(agency__in=below | {place.code}).values("code")
    return Entry.objects.filter(code__in=systems, round__state__in=_TOLD)


def _entry(request: HttpRequest, place: Place, code: str, system: str) -> Entry:
    found = _entries(request, place).filter(round__code=code, code=system)
    entry = found.select_related("round").first()
    if entry is None:
        raise Problem(
            _("Cơ quan này không có hệ thống “%(system)s” trong đợt nào đã thông báo.")
            % {"system": system[:80]},
            _("Chọn một hệ thống trong danh sách."),
            HTTPStatus.NOT_FOUND,
        )
    return entry
