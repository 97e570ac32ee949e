"""An assessor's desk: what is left to mark, one system at a time; of the others' marks nothing is shown."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.assess.models import Entry, Mark, Round
from thuocdo.assess.rounds import grading, office
from thuocdo.core.errors import ThuocdoError
from thuocdo.web import problems
from thuocdo.web.problems import Problem
from thuocdo.web.rounds import told
from thuocdo.web.work import frame
from thuocdo.web.work.rounds import points_in

_LONGEST = 2000


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The systems of the rounds that are being measured, with how many criteria are left to mark."""
    who = request.user.get_username()
    found = []
    for held in Round.objects.filter(state=Round.State.MEASURING).order_by("planned_at"):
        manual = sum(each.method == "manual" for _g, each in grading.rules_of(held).criteria())
        if not manual:
            continue
        mine: dict[str, int] = {}
        for mark in office.marks_shown_to(held, who):
            mine[mark.entry.code] = mine.get(mark.entry.code, 0) + 1
        entries = [(each, mine.get(each.code, 0)) for each in held.entries.order_by("name")]
        found.append((held, manual, entries))
    return frame.page(request, "web/work/marks.html", {"title": _("Chấm điểm"), "rounds": found})


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: str, system: str) -> HttpResponse:
    """One system: each criterion that people judge, to be marked once."""
    held, entry = _entry(number, system)
    problem = None
    if request.method == "POST":
        try:
            _mark(request, held, entry)
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            messages.success(request, _("Đã giữ điểm của bạn; điểm không sửa được nữa."))
            return redirect("work-mark", held.code, entry.code)
    mine = {
        each.key: each
        for each in office.marks_shown_to(held, request.user.get_username())
        if each.entry_id == entry.pk and each.assessor == request.user.get_username()
    }
    rules = grading.rules_of(held)
    context = {
        "title": entry.name,
        "held": held,
        "entry": entry,
        "rules": rules,
        "problem": problem,
        "criteria": [
            _criterion(f"{group.code}.{each.code}", each, mine)
            | {"configured": not rules.is_official(each)}
            for group, each in rules.criteria()
            if each.method == "manual"
        ],
        "longest": _LONGEST,
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/mark.html", context, status=status)


def _criterion(key: str, criterion, mine: dict[str, Mark]) -> dict[str, object]:
    return {
        "key": key,
        "name": told(criterion.name),
        "of": criterion.points,
        "items": [(item.code, told(item.name)) for item in criterion.items],
        "mark": mine.get(key),
    }


def _mark(request: HttpRequest, held: Round, entry: Entry) -> None:
    """Raises ThuocdoError `bad_mark` or `round_closed`; a mark is a trail of its own."""
    key, evidence = request.POST.get("key", ""), request.POST.get("evidence", "").strip()
    if not evidence or len(evidence) > _LONGEST:
        raise ThuocdoError("no_evidence_given", "A mark needs its evidence in words.")
    listed = {
        f"{group.code}.{each.code}"
        for group, each in grading.rules_of(held).criteria()
        if each.items
    }
    has_list = key in listed
    with transaction.atomic():
        office.mark(
            held,
            entry.code,
            request.user.get_username(),
            key,
            found=request.POST.getlist("found") if has_list else None,
            points=None if has_list else points_in(request.POST.get("points", "")),
            evidence=evidence,
        )


def _entry(code: str, system: str) -> tuple[Round, Entry]:
    found = Entry.objects.filter(round__code=code, code=system).select_related("round").first()
    if found is None or found.round.state != Round.State.MEASURING:
        raise Problem(
            _("Hệ thống này không có trong đợt nào đang chấm điểm."),
            _("Chọn một hệ thống trong danh sách."),
            HTTPStatus.NOT_FOUND,
        )
    return found.round, found
