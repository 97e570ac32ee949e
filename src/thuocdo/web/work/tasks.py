"""Tasks on the workspaces: the lists, the form that gives one, and one task with its trail."""

from __future__ import annotations

import re
from datetime import date
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.core import clock
from thuocdo.core.clock import from_datetime, parse_day
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.models import CODE_PATTERN, Agency
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right, Scope, plain
from thuocdo.steer import tasks
from thuocdo.steer.letters import agency_names, told
from thuocdo.steer.models import Incident, Step, Task
from thuocdo.steer.recipients import in_agencies, visible
from thuocdo.web import board, problems
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame

_MAX_NUMBER = 2**62
_STATES = ("open", "reported", "accepted", "withdrawn")


@require_safe
def country(request: HttpRequest) -> HttpResponse:
    """Every task of the agencies the reader may see."""
    codes = person(request.user).agencies(Right.SEE_INCIDENTS)
    rows = Task.objects.all() if codes is None else Task.objects.filter(in_agencies(codes))
    return _list(request, rows, None)


@require_safe
@frame.of_agency
def agency(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The tasks of one agency and of those below it."""
    below = person(request.user).tree.within(Scope(False, frozenset({plain(place.code)})))
    return _list(request, Task.objects.filter(in_agencies(below | {place.code})), place)


@require_http_methods(["GET", "HEAD", "POST"])
def give(request: HttpRequest) -> HttpResponse:
    """The form for a new task; an incident in the address fills in whose it is."""
    incident = _incident(request)
    problem = None
    if request.method == "POST":
        try:
            task = tasks.give(
                settings.THUOCDO, _given(request, incident), _me(request), clock.now_us()
            )
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            messages.success(request, _("Đã giao nhiệm vụ."))
            return redirect("work-task", task.pk)
    form = request.POST or {"agency": incident.agency if incident else "", "working_days": "10"}
    context = {
        "title": _("Giao nhiệm vụ"),
        "problem": problem,
        "given": form,
        "incident": incident,
        "told": told(incident, agency_names([incident.agency]), language()) if incident else None,
        "targets": [
            (target.code, getattr(target.title, language()))
            for target in board.measure().targets()
            if target.by >= _today()
        ],
        "longest": tasks.LONGEST_WORKING_DAYS,
        "places": frame.places(person(request.user), Right.STEER),
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/steer/give.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: int) -> HttpResponse:
    """One task with its trail; POST takes one of the steps that are open to the reader."""
    task, who = _task(request, number), person(request.user)
    mine = _open_to(who, task)
    problem = None
    if request.method == "POST":
        try:
            kind, now = _kind(request, mine), clock.now_us()
            tasks.take(settings.THUOCDO, task, kind, _me(request), now, **_step(request))
        except ThuocdoError as error:
            problem = problems.from_error(error)
            task.refresh_from_db()
            mine = _open_to(who, task)
        else:
            messages.success(request, _("Đã ghi vào nhật ký nhiệm vụ."))
            return redirect("work-task", task.pk)
    context = {
        "title": task.title,
        "problem": problem,
        "task": task,
        "whose": agency_names([task.agency]).get(task.agency),
        "state": _state_name(task),
        "steps": [(step, _step_name(step.kind), from_datetime(step.at)) for step in task.steps.all()],
        "may": {kind.value for kind in mine},
        "late": task.state == Task.State.OPEN and task.due < _today(),
        "sees_incident": task.incident_id
        and visible(Incident.objects.filter(pk=task.incident_id), request.user).exists(),
        "target": _target(task.target),
    }  # fmt: skip
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/steer/task.html", context, status=status)


def _list(request: HttpRequest, rows: QuerySet, place: frame.Place | None) -> HttpResponse:
    state = request.GET.get("trang-thai", "")
    if state not in ("", "all", *_STATES):
        raise Problem(
            _("Bộ lọc này không có."),
            _("Chọn loại, mức và trạng thái trong các danh sách."),
            way_out=(request.path, _("Nhiệm vụ")),
        )
    if state in _STATES:
        rows = rows.filter(state=state)
    elif not state:
        rows = rows.filter(state__in=(Task.State.OPEN, Task.State.REPORTED))
    found = list(rows)
    names = agency_names(task.agency for task in found)
    context = {
        "title": _("Nhiệm vụ"),
        "tasks": [
            {
                "task": task,
                "whose": names.get(task.agency),
                "state": _state_name(task),
                "late": task.state == Task.State.OPEN and task.due < _today(),
            }
            for task in found
        ],
        "states": [(code, _STATE_NAMES[code]()) for code in _STATES],
        "chosen": state,
        "may_give": person(request.user).may_somewhere(Right.STEER),
    }
    return frame.page(request, "web/work/steer/tasks.html", context, place=place)


def _task(request: HttpRequest, number: int) -> Task:
    task = Task.objects.filter(pk=min(number, _MAX_NUMBER)).first()
    if task is None or not person(request.user).may(Right.SEE_INCIDENTS, task.agency):
        raise Problem(
            _("Không có nhiệm vụ số %(number)s trong phạm vi của bạn.") % {"number": number},
            _("Chọn một nhiệm vụ trong danh sách."),
            HTTPStatus.NOT_FOUND,
            way_out=(reverse("work-tasks"), _("Nhiệm vụ")),
        )
    return task


def _open_to(who: Any, task: Task) -> frozenset[Step.Kind]:
    """The steps that may be taken now and are this person's."""
    gives, answers = (
        who.may(Right.STEER, task.agency),
        who.may(Right.ANSWER_TASKS, task.agency),
    )
    return frozenset(
        kind
        for kind in tasks.open_steps(task)
        if (answers if kind in tasks.OF_THE_AGENCY else gives)
    )


def _kind(request: HttpRequest, mine: frozenset[Step.Kind]) -> Step.Kind:
    asked = request.POST.get("step", "")
    for kind in mine:
        if kind.value == asked:
            return kind
    raise ThuocdoError("step_out_of_turn", "Not a step of yours now.", "Look at the task again.")


def _step(request: HttpRequest) -> dict[str, Any]:
    form = request.POST
    percent, due = form.get("percent", ""), form.get("due", "")
    if percent and not (percent.isascii() and percent.isdecimal() and len(percent) <= 3):
        raise ThuocdoError("bad_step", "No percentage.", "Write 0 to 100.")
    day = parse_day(due) if due else None
    if day is not None and day < _today():
        raise ThuocdoError("bad_task_deadline", "The day is over.", "Write a later one.")
    return {"text": form.get("text", ""), "percent": int(percent) if percent else None, "due": day}


def _given(request: HttpRequest, incident: Incident | None) -> tasks.Given:
    form = request.POST
    wanted = form.get("agency", "").strip()
    if not re.fullmatch(CODE_PATTERN, wanted, re.ASCII):
        raise ThuocdoError("unknown_agency", "No agency's code.", "Write its code.")
    found = Agency.objects.filter(code__in={wanted, plain(wanted)})
    if not found.exists():
        raise ThuocdoError("unknown_agency", "No such agency.", "Write its code.")
    code = found.first().code
    if not person(request.user).may(Right.STEER, code):
        raise ThuocdoError("bad_task", "Not an agency of yours.", "Choose another.")
    days, due = form.get("working_days", "").strip(), form.get("due", "").strip()
    if days and not (days.isascii() and days.isdecimal() and len(days) <= 3):
        raise ThuocdoError("bad_task_deadline", "No number of days.", "Write a number.")
    target = next(
        (one for one in board.measure().targets() if one.code == form.get("target", "")), None
    )
    return tasks.Given(
        title=form.get("title", ""),
        text=form.get("text", ""),
        agency=code,
        due=parse_day(due) if due else None,
        working_days=int(days) if days and not due else None,
        incident=incident,
        indicator=target.indicator if target else "",
        target=target.code if target else "",
        with_advice="with_advice" in form,
    )


def _incident(request: HttpRequest) -> Incident | None:
    text = request.POST.get("incident") or request.GET.get("su-viec") or ""
    if not (text.isascii() and text.isdecimal()):
        return None
    rows = Incident.objects.filter(pk=min(int(text[:18]), _MAX_NUMBER))
    return visible(rows, request.user).first()


def _target(code: str) -> str:
    found = next((one for one in board.measure().targets() if one.code == code), None)
    return getattr(found.title, language()) if found else ""


_STATE_NAMES = {
    "open": lambda: _("đang thực hiện"),
    "reported": lambda: _("đã báo cáo hoàn thành, chờ xác nhận"),
    "accepted": lambda: _("đã hoàn thành"),
    "withdrawn": lambda: _("đã rút"),
}


def _state_name(task: Task) -> str:
    return _STATE_NAMES[task.state]()


def _step_name(kind: str) -> str:
    return {
        "given": _("giao nhiệm vụ"),
        "progress": _("báo cáo tiến độ"),
        "reported": _("báo cáo hoàn thành"),
        "returned": _("trả lại để làm tiếp"),
        "accepted": _("xác nhận hoàn thành"),
        "moved": _("đổi thời hạn"),
        "withdrawn": _("rút nhiệm vụ"),
    }[kind]


def _today() -> date:
    return clock.local_day(clock.now_us())


def _me(request: HttpRequest) -> str:
    return request.user.get_username()
