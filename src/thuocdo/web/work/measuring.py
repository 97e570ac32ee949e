"""The measuring of a round as its keeper sees it: started, paused, gone on with, and how far it is.

The scanner does it (run/scanner.py); these pages only say what it is to do, and read what it has done.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.assess.models import Entry, Round
from thuocdo.assess.probes.page_load.probe import RULES as LAB
from thuocdo.assess.rounds import fleet, grading, measuring, office
from thuocdo.assess.scans import crew
from thuocdo.assess.scans.policy import policy
from thuocdo.web import rounds
from thuocdo.web.problems import Problem
from thuocdo.web.work import evidence as kept
from thuocdo.web.work import frame

REFRESH_SECONDS: Final = 10
_NUMBER: Final = 6

Told = tuple[str, dict[str, object]]


@require_safe
def progress_page(request: HttpRequest, number: str) -> HttpResponse:
    """How far the measuring is, on a page of its own: nothing is written there, so it may load itself anew."""
    held = round_of(number)
    context = {"title": _("Tiến độ đo, đợt %(code)s") % {"code": held.code}, **context_of(held)}
    return frame.page(request, "web/work/round_progress.html", context)


@require_safe
def evidence(request: HttpRequest, number: str, sha256: str) -> HttpResponse:
    """A piece of evidence that the round's results name, before anything is published."""
    held = round_of(number)
    back = (reverse("work-round", args=[held.code]), _("Đợt %(code)s") % {"code": held.code})
    results = [
        each
        for entry in held.entries.exclude(results=None)
        for each in grading.results_of(entry)
    ]  # fmt: skip
    return kept.answer(request, sha256, results, back)


def context_of(held: Round) -> dict[str, object]:
    """What the part about progress shows."""
    found = measuring.progress(held)
    is_measuring = held.state == Round.State.MEASURING
    is_on = is_measuring and held.scanning == Round.Scanning.ON
    moves = bool(found.running or (is_on and found.queued))
    return {
        "held": held,
        "progress": found,
        "is_complete": found.done == found.total,
        "is_on": is_on,
        "is_paused": is_measuring and held.scanning == Round.Scanning.PAUSED,
        "may_start": is_measuring
        and held.scanning == Round.Scanning.OFF
        and found.queued > 0
        and not held.is_trial,
        "scanner_there": crew.is_there(settings.THUOCDO),
        "ahead": _ahead(held) if is_on else [],
        "late": fleet.late(held) if is_measuring else {},
        "hindered": [(rounds.fault(code), n) for code, n in found.hindered],
        "faults": {code: rounds.fault(code) for code, _n in found.hindered},
        "refresh": REFRESH_SECONDS if moves else 0,
        "contact": held.contact or settings.THUOCDO.scan_contact,
        "lab_runs": held.lab_runs,
        "least_runs": LAB.min_runs,
        "most_runs": policy().most_lab_runs,
    }


def _ahead(held: Round) -> list[str]:
    """Rounds that are on and come before this one."""
    before = Round.objects.filter(
        state=Round.State.MEASURING,
        scanning=Round.Scanning.ON,
        scanning_since__lt=held.scanning_since,
        entries__state=Entry.State.QUEUED,
    )
    return list(before.distinct().order_by("scanning_since").values_list("code", flat=True))


def start(request: HttpRequest, held: Round) -> Told:
    text = request.POST.get("lab_runs", "").strip()
    runs = int(text) if text.isdecimal() and len(text) <= _NUMBER else -1
    measuring.start(held, request.POST.get("contact", ""), runs)
    return _("Đã bắt đầu đo; máy quét làm việc ở phía sau."), {
        "do": "start",
        "lab_runs": runs,
        "contact": request.POST.get("contact", "").strip(),
    }


def pause(_request: HttpRequest, held: Round) -> Told:
    measuring.pause(held)
    return _("Đã tạm dừng: hệ thống đang đo được đo nốt, không bắt đầu hệ thống mới."), {
        "do": "pause"
    }


def resume(_request: HttpRequest, held: Round) -> Told:
    measuring.resume(held)
    return _("Đã đo tiếp."), {"do": "resume"}


def rescan(request: HttpRequest, held: Round) -> Told:
    number = request.POST.get("appeal", "")
    own = held.entries.filter(appeals__pk=int(number)) if _is_number(number) else None
    if not own:
        raise Problem(_("Không có kiến nghị này trong đợt."), status=HTTPStatus.NOT_FOUND)
    made = office.rescan(int(number), request.user.get_username())
    return _("Đã yêu cầu quét lại."), {"do": "rescan", "appeal": number, "scan": made.rescan_id}


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _NUMBER + 3


def round_of(code: str) -> Round:
    """Raises Problem 404."""
    found = Round.objects.filter(code=code).first()
    if found is None:
        raise Problem(
            _("Không có đợt đánh giá “%(code)s”.") % {"code": code[:40]},
            _("Chọn một đợt trong danh sách."),
            HTTPStatus.NOT_FOUND,
        )
    return found
