"""Rounds as their keeper sees them: how far they are, and what is done next.

The rules of what may be done when are the office's (assess/rounds/office.py); here they are asked for.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from thuocdo.assess.criteria.model import criteria_set, criteria_sets
from thuocdo.assess.models import Appeal, Round
from thuocdo.assess.rounds import deadline, grading, office, planning
from thuocdo.assess.rounds import measuring as measured
from thuocdo.assess.rounds.planning import Wrong
from thuocdo.assess.scans import shadows
from thuocdo.core.clock import local_day, now_us
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import trail
from thuocdo.registry.models import Change
from thuocdo.web import problems, rounds
from thuocdo.web.rounds import told
from thuocdo.web.work import frame, measuring

_LONGEST_DAYS: Final = 60
_NUMBER: Final = 6
_LISTED: Final = 50
_CODE: Final = re.compile(r"[a-z0-9]([a-z0-9-]{0,38}[a-z0-9])?", re.ASCII)


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """Every round, the newest first, and the form that plans one."""
    problem, wrong = None, []
    if request.method == "POST":
        try:
            held, wrong = _plan(request)
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            if held is not None:
                messages.success(request, _("Đã lập đợt; bộ tiêu chí của đợt từ nay không đổi."))
                return redirect("work-round", held.code)
    found = [
        {
            "held": held,
            "progress": office.progress(held),
            "appeals": _open_appeals(held).count(),
        }
        for held in Round.objects.order_by("-planned_at")
    ]
    context = {
        "title": _("Đợt đánh giá"),
        "rounds": found,
        "sets": [(each.code, told(each.name)) for each in criteria_sets() if each.levels],
        "given": request.POST,
        "problem": problem,
        "wrong": [(each, _wrong_words(each)) for each in wrong[:_LISTED]],
        "wrong_count": len(wrong),
        "columns": planning.COLUMNS,
        "optional": planning.OPTIONAL,
    }
    status = HTTPStatus.BAD_REQUEST if problem or wrong else HTTPStatus.OK
    return frame.page(request, "web/work/rounds.html", context, status=status)


def _plan(request: HttpRequest) -> tuple[Round | None, list[Wrong]]:
    """The round that was planned, or what is wrong with the file.

    Raises ThuocdoError `bad_round_code`, `unknown_criteria`, `round_exists`, `no_systems`.
    """
    code, upload = request.POST.get("code", "").strip(), request.FILES.get("systems")
    if not _CODE.fullmatch(code):
        raise ThuocdoError("bad_round_code", f"{code!r} is no name of a round.")
    rules = criteria_set(request.POST.get("criteria", ""))
    systems, wrong = planning.systems_of(upload.read(planning.MOST_BYTES + 1) if upload else b"")
    if wrong:
        return None, wrong
    who = request.user.get_username()
    with transaction.atomic():
        held = office.plan(code, rules, systems, is_trial=False)
        after = {"criteria": rules.code, "sha256": held.rules_sha256, "systems": len(systems)}
        trail.record(Change.Action.CREATE, "round", who=who, key=code, after=after)
    return held, []


def _wrong_words(wrong: Wrong) -> str:
    words = {
        "unreadable": _("tệp không đọc được: cần CSV, UTF-8, không quá 1 MB"),
        "no_column": _("thiếu cột này"),
        "empty": _("để trống"),
        "too_long": _("quá dài"),
        "no_code": _("mã chỉ gồm chữ, số và các dấu . _ - :"),
        "unprintable": _("có ký tự không in được"),
        "no_block": _("khối phải là ministry, province hoặc own"),
        "no_url": _("không phải địa chỉ web"),
        "no_number": _("không phải số"),
        "twice": _("mã này đã có ở dòng trên"),
    }
    return words[wrong.why]


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: str) -> HttpResponse:
    """One round: its progress, and the keeper's next step."""
    held = measuring.round_of(number)
    problem = None
    if request.method == "POST":
        try:
            messages.success(request, _do(request, held))
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            shadows.ring(settings.THUOCDO)
            return redirect("work-round", held.code)
    context = _context(held) | {"problem": problem, "given": request.POST}
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/round.html", context, status=status)


def _context(held: Round) -> dict[str, object]:
    rules = grading.rules_of(held)
    names = {f"{g.code}.{c.code}": told(c.name) for g, c in rules.criteria()}
    shown = measuring.context_of(held)
    entries = shown["progress"].entries
    is_measuring = held.state == Round.State.MEASURING
    return {
        **shown,
        "title": _("Đợt %(code)s") % {"code": held.code},
        "rules": told(rules.name),
        "entries": entries,
        "marked": office.marked(held),
        "to_mark": grading.marks_due(held, rules),
        "differences": [
            (code, each, names.get(each.key, each.key)) for code, each in office.differences(held)
        ]
        if is_measuring
        else [],
        "appeals": [
            (each, names.get(each.key, each.key), rounds.beside(each, rules))
            for each in Appeal.objects.filter(entry__round=held)
            .select_related("entry__round", "rescan")
            .order_by("verdict", "made_at")
        ],
        "to_look_at_again": measured.to_look_at_again(held)
        if is_measuring and shown["is_complete"]
        else [],
        "open_appeals": _open_appeals(held).count(),
        "deadline_gone": held.appeals_until is not None and timezone.now() >= held.appeals_until,
        "criteria": sorted(names.items()),
        "corrections": office.corrections(held),
    }


def _do(request: HttpRequest, held: Round) -> str:
    """The step that was asked for, with its trace; what to tell. Raises ThuocdoError as the office does."""
    step = _STEPS.get(request.POST.get("do", ""))
    if step is None:
        raise ThuocdoError("bad_option", "There is no such step.")
    before = _stands(held)
    with transaction.atomic():
        said, what = step(request, held)
        held.refresh_from_db()
        trail.record(
            Change.Action.UPDATE,
            "round",
            who=request.user.get_username(),
            key=held.code,
            before=before,
            after={**_stands(held), **what},
        )
    return said


def _stands(held: Round) -> dict[str, object]:
    """The round, as far as a step can change it."""
    until = str(held.appeals_until)
    return {"state": held.state, "appeals_until": until, "scanning": held.scanning}


Step = Callable[[HttpRequest, Round], tuple[str, dict[str, object]]]


def _announce(request: HttpRequest, held: Round) -> tuple[str, dict[str, object]]:
    text = request.POST.get("days", "")
    days = int(text) if text.isdecimal() and len(text) <= _NUMBER else 0
    if not 0 < days <= _LONGEST_DAYS:
        raise ThuocdoError("bad_appeal_days", f"{text!r} are no days.")
    office.announce(held, deadline.ends(local_day(now_us()), days))
    return _("Kết quả sơ bộ đã được gửi tới các cơ quan."), {"do": "announce", "days": days}


def _again(request: HttpRequest, held: Round) -> tuple[str, dict[str, object]]:
    code, because = request.POST.get("system", ""), _said(request)[0]
    url = request.POST.get("url", "").strip()
    one = measured.again(held, code, because, url)
    told = one.told(because, url)
    return _("Hệ thống sẽ được đo lại; kết quả trước không dùng nữa."), told


def _settle(request: HttpRequest, held: Round) -> tuple[str, dict[str, object]]:
    made = office.settle(held, *_target(request), _points(request), *_said(request))
    return _("Đã thống nhất điểm."), _what("settle", made.entry.code, made.key, made.points)


def _decide(request: HttpRequest, held: Round) -> tuple[str, dict[str, object]]:
    number = request.POST.get("appeal", "")
    found = _open_appeals(held).filter(pk=int(number)) if _is_number(number) else None
    if not found:
        raise ThuocdoError("unknown_appeal", f"There is no open appeal {number!r}.")
    points = _points(request) if request.POST.get("points", "").strip() else None
    made = office.decide(int(number), *_said(request), points)
    what = _what("decide", made.entry.code, made.key, points) | {"verdict": made.verdict}
    return _("Kiến nghị đã được trả lời."), what


def _publish(_request: HttpRequest, held: Round) -> tuple[str, dict[str, object]]:
    if held.state == Round.State.PUBLISHED:  # the office would give the same again
        raise ThuocdoError("round_closed", f"Round {held.code} is published already.")
    office.publish(held, settings.THUOCDO)
    return _("Đợt đánh giá đã được ký và công bố."), {"do": "publish"}


def _correct(request: HttpRequest, held: Round) -> tuple[str, dict[str, object]]:
    made = office.correct(held, *_target(request), _points(request), *_said(request))
    return _("Đã ghi vào sổ đính chính."), _what("correct", made.entry.code, made.key, made.points)


_STEPS: Final[dict[str, Step]] = {
    "start": measuring.start,
    "pause": measuring.pause,
    "resume": measuring.resume,
    "rescan": measuring.rescan,
    "again": _again,
    "announce": _announce,
    "settle": _settle,
    "decide": _decide,
    "publish": _publish,
    "correct": _correct,
}


def _what(step: str, code: str, key: str, points: Decimal | None) -> dict[str, object]:
    return {"do": step, "system": code, "key": key, "points": str(points)}


def _target(request: HttpRequest) -> tuple[str, str]:
    return request.POST.get("system", ""), request.POST.get("key", "")


def _said(request: HttpRequest) -> tuple[str, str]:
    """(reason, who)."""
    return request.POST.get("because", ""), request.user.get_username()


def _points(request: HttpRequest) -> Decimal:
    return points_in(request.POST.get("points", ""))


def points_in(text: str) -> Decimal:
    """Points as somebody wrote them, with comma or dot. Raises ThuocdoError `bad_mark`."""
    text = text.strip().replace(",", ".")
    try:
        found = Decimal(text) if len(text) <= _NUMBER else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise ThuocdoError("bad_mark", f"{text!r} are no points.")
    return found


def _is_number(text: str) -> bool:
    return text.isdecimal() and len(text) <= _NUMBER + 3


def _open_appeals(held: Round):
    return Appeal.objects.filter(entry__round=held, verdict=Appeal.Verdict.OPEN)
