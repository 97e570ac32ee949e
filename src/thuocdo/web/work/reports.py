"""The publication queue in the workspace: every week's report, one report's page, and its next step.

What may be done is the desk's affair (report/desk); a page asks it, shows what it says, and hands it the digest
that its reader looked at. So a button pressed on a page that has grown old is refused, not done.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from itertools import pairwise

from allauth.account.decorators import reauthentication_required
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.measure.definitions import Text
from thuocdo.registry.models import RemakeJob
from thuocdo.report import archive, making
from thuocdo.report.assemble import NO_NUMBER
from thuocdo.report.desk import checking, public, shelf, working
from thuocdo.report.desk.changes import compare
from thuocdo.report.desk.model import Actor, Kind, Refused, Rules, State, Step, rules_on
from thuocdo.report.desk.standing import Standing, allowed, no, refuse_unless_allowed
from thuocdo.report.model import WeeklyReport
from thuocdo.report.render import Format, render
from thuocdo.web import board, report_tables
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.views.reports import answer
from thuocdo.web.work import frame, remaking
from thuocdo.web.work.remake_page import failure, problem_of

_NEXT = {State.DRAFT: Kind.CHECK, State.CHECKED: Kind.SIGN, State.SIGNED: Kind.PUBLISH}
_REMAKE, _RENUMBER = "remake", "number"
_DIGEST_LETTERS = 64
_LONGEST_NOTE = 2000
_LONGEST_NUMBER = 80


@dataclass(frozen=True, slots=True)
class Line:
    """One week in the queue, or one step of a week."""

    week: str
    title: str
    number: str
    state: State | None
    state_words: str
    steps: list[ToldStep]
    missing: str
    is_remade: bool = False


@dataclass(frozen=True, slots=True)
class ToldStep:
    name: str
    step: Step
    who: str
    by: str


@dataclass(frozen=True, slots=True)
class Button:
    """A step that this reader can do now."""

    kind: str
    name: str
    means: str
    needs_note: bool
    is_main: bool


@require_safe
def queue(request: HttpRequest) -> HttpResponse:
    """Every week, the latest first."""
    rules, here = _rules(), board.instance()
    remade = remaking.open_weeks()
    lines = [
        replace(_line(found, rules), is_remade=found.week in remade)
        for found in working.queue(here)
    ]
    context = {
        "title": _("Công bố báo cáo"),
        "lines": lines,
        "waiting": sum(line.state in _NEXT for line in lines),
    }
    return frame.page(request, "web/work/reports.html", context)


@require_safe
def page(request: HttpRequest, week: str) -> HttpResponse:
    """One report: what was found, what differs, who did what, what comes next."""
    return _page(request, week)


@require_safe
def draft(_request: HttpRequest, week: str, kind: str) -> HttpResponse:
    """The draft in one format, printed from its frozen data as it would be published."""
    if kind not in {form.value for form in Format}:
        raise _absent(week)
    found = _standing(week)
    report = _report(found, found.draft.digest) if found.draft else None
    if report is None:
        raise _absent(week)
    form = Format(kind)
    response = answer(render(report, form), form, f"du-thao-{archive.file_name(week, form)}")
    response["Cache-Control"] = "no-store"
    return response


@require_POST
def step(request: HttpRequest, week: str, kind: str) -> HttpResponse:
    """Check, publish, withdraw, revise, number or make again."""
    acts: dict[str, Callable[[HttpRequest, str], None]] = {
        Kind.CHECK.value: _acting(working.check),
        Kind.PUBLISH.value: _acting(working.publish),
        Kind.WITHDRAW.value: _acting(working.withdraw),
        Kind.REVISE.value: _revise,
        _REMAKE: _remake,
        _RENUMBER: _renumber,
    }
    if kind not in acts:
        raise _absent(week)
    return _do(request, week, kind, acts[kind])


@require_http_methods(["GET", "POST"])
@reauthentication_required(allow_get=True)
def sign(request: HttpRequest, week: str) -> HttpResponse:
    """Sign; whoever has not shown who they are in the last minutes is asked to first.

    Who comes back from being asked without what they had posted starts again at the report's page.
    """
    if request.method == "GET":
        return redirect("work-report", week)
    return _do(request, week, Kind.SIGN.value, _acting(working.sign))


def _do(
    request: HttpRequest, week: str, kind: str, act: Callable[[HttpRequest, str], None]
) -> HttpResponse:
    _standing(week)
    try:
        act(request, week)
    except ThuocdoError as refusal:
        return _page(request, week, problem_of(refusal))
    if kind != _REMAKE:  # of what goes on in the background the page itself tells
        name = _("Ghi số văn bản") if kind == _RENUMBER else _name(_rules(), Kind(kind))
        messages.success(request, _("Đã ghi: %(step)s.") % {"step": name})
    job = remaking.latest(week)
    is_made = kind in (_REMAKE, Kind.REVISE.value) and job is not None and job.is_open
    return redirect("work-report-remake" if is_made else "work-report", week)


def _acting(act: Callable[..., object]) -> Callable[[HttpRequest, str], None]:
    def does(request: HttpRequest, week: str) -> None:
        digest = request.POST.get("digest", "")[:_DIGEST_LETTERS]
        act(board.instance(), week, remaking.actor_of(request.user), digest, _note(request))

    return does


def _revise(request: HttpRequest, week: str) -> None:
    """Name the draft that is there; without one it is made in the background."""
    note, here = _note(request), board.instance()
    if not making.name_revision(here, week, remaking.actor_of(request.user), note):
        remaking.ask(here, request.user, week, is_revision=True, note=note)


def _renumber(request: HttpRequest, week: str) -> None:
    number = request.POST.get("number", "").strip()[:_LONGEST_NUMBER]
    if not number:
        raise ThuocdoError("no_document_number", "There is no number.", "Write the number.")
    making.renumber(board.instance(), week, remaking.actor_of(request.user), number)


def _remake(request: HttpRequest, week: str) -> None:
    here = board.instance()
    found, actor = working.standing(here, week), remaking.actor_of(request.user)
    refuse_unless_allowed(found, Kind.DRAFT, actor, "", "", _rules())
    archive.load(here, week)  # refused at once where there is nothing to make again
    remaking.ask(here, request.user, week, is_revision=False, note="")


def _page(request: HttpRequest, week: str, problem: Problem | None = None) -> HttpResponse:
    rules, found, actor = _rules(), _standing(week), remaking.actor_of(request.user)
    job = remaking.latest(week)
    digest = found.draft.digest if found.draft else found.steps[-1].digest if found.steps else ""
    report = _report(found, digest)
    lacks_number = bool(report and found.draft and not checking.has_number(report))
    waits = _waits(found, actor, rules, lacks_number=lacks_number)
    buttons = [
        Button(
            kind.value,
            _name(rules, kind),
            _told(rules.steps[kind].means),
            rules.steps[kind].needs_note,
            kind is not Kind.WITHDRAW,
        )
        for kind in allowed(found, actor, rules)
        if not (kind is Kind.REVISE and found.draft and found.draft.reason)
        and not (lacks_number and kind is rules.number_before)
    ]
    context = {
        "job": job,
        "remake_failure": _failure(job, found, rules) if job else None,
        "title": report.report if report else week,
        "told": _line(found, rules),
        "problem": problem,
        "found": found,
        "digest": digest,
        "report": report,
        "findings": _findings(report) if report and found.draft else [],
        "changes": _changes(found, digest, report),
        "steps": [_step(each, rules) for each in reversed(found.steps)],
        "buttons": buttons,
        "waits": waits,
        "lacks_number": lacks_number,
        "can_remake": bool(found.draft) and _may(found, actor, Kind.DRAFT, rules),
        "formats": [
            (form.value, reverse("work-report-draft", args=[week, form.value])) for form in Format
        ],
        "editions": list(reversed(found.editions)),
        "tables": list(report.tables.items()) if report else [],
    }
    status = HTTPStatus.CONFLICT if problem else HTTPStatus.OK
    return frame.page(request, "web/work/report.html", context, status=status)


def _line(found: Standing, rules: Rules) -> Line:
    digest = found.draft.digest if found.draft else found.steps[-1].digest if found.steps else ""
    head = shelf.head_of(board.instance(), found.week, digest) if digest else None
    steps = found.draft.steps if found.draft else found.steps[-1:]
    return Line(
        found.week,
        head.report if head else found.week,
        head.number if head else "",
        found.state,
        _state_words(found, rules),
        [_step(each, rules) for each in steps],
        _missing(found, rules, head.number if head else ""),
    )


def _state_words(found: Standing, rules: Rules) -> str:
    if found.problem:
        return _("sổ bị hỏng")
    return _told(rules.states[found.state]) if found.state else _("chưa có trong sổ")


def _missing(found: Standing, rules: Rules, number: str) -> str:
    """What still has to happen before the public sees it."""
    if found.problem:
        return _("khôi phục thư mục publication từ bản sao lưu; công chúng không thấy báo cáo này")
    if found.state is None:
        return _("lập lại bản dự thảo: tệp có sẵn chưa qua quy trình")
    if found.draft is None:
        return "" if found.current else _("lập lại bản dự thảo")
    if found.draft.replaces and not found.draft.reason:
        return _("lý do đính chính")
    course = [Kind.CHECK, Kind.SIGN, Kind.PUBLISH]
    left = course[course.index(_NEXT[found.draft.state]) :]
    parts = [_name(rules, kind) for kind in left]
    if rules.number_before in left and number.startswith(NO_NUMBER):
        parts.insert(0, _("số văn bản"))
    return " → ".join(parts)


def _waits(found: Standing, actor: Actor, rules: Rules, *, lacks_number: bool) -> Problem | None:
    """Why the next step is not this reader's to do; None when it is, or when there is none."""
    if found.draft is None:
        return None
    try:
        kind = _NEXT[found.draft.state]
        refuse_unless_allowed(found, kind, actor, found.draft.digest, "", rules)
        if lacks_number and kind is rules.number_before:
            raise no("no_number", rules.steps[kind])
    except Refused as refusal:
        return problem_of(refusal)
    return None


def _may(found: Standing, actor: Actor, kind: Kind, rules: Rules) -> bool:
    try:
        refuse_unless_allowed(found, kind, actor, "", "-", rules)
    except Refused:
        return False
    return True


def _changes(
    found: Standing, digest: str, report: WeeklyReport | None
) -> report_tables.ChangedFigures | None:
    """Against the edition it replaces, else against the draft made before it."""
    if report is None:
        return None
    if found.draft is None and found.current:
        return report_tables.of_changes(public.changes(board.instance(), found.week, found.current))
    made = [step.digest for step in found.steps if step.kind in (Kind.DRAFT, Kind.REVISE)]
    earlier = [before for before, now in pairwise(made) if now == digest != before]
    against = (
        found.draft.replaces if found.draft and found.draft.replaces else "".join(earlier[-1:])
    )
    before = _report(found, against) if against else None
    return report_tables.of_changes(compare(before, report) if before else None)


def _findings(report: WeeklyReport) -> list[dict[str, object]]:
    return [
        {"weight": one.weight.value, "text": _told(one.text), "place": one.place}
        for one in checking.findings(report)
    ]


def _step(step: Step, rules: Rules) -> ToldStep:
    who = _("máy tự lập") if step.who == working.WORKER.name else step.who
    by = {"web": "", "worker": ""}.get(step.through, step.through)
    by = by.replace(working.COMMAND_LINE, _("dòng lệnh")).replace("demonstration", _("trình diễn"))
    return ToldStep(_name(rules, step.kind), step, who, by)


def _standing(week: str) -> Standing:
    """Raises Problem 404 for a week nobody ever made a report of."""
    try:
        found = working.standing(board.instance(), week)
    except ThuocdoError as wrong:
        if wrong.code != "bad_week":
            raise
        raise _absent(week) from None
    if not found.steps and not (board.instance().reports_dir / week).exists():
        raise _absent(week)
    return found


def _report(found: Standing, digest: str) -> WeeklyReport | None:
    return shelf.report_of(board.instance(), found.week, digest) if digest else None


def _absent(week: str) -> Problem:
    return Problem(
        _("Không có bản dự thảo nào của tuần “%(week)s”.") % {"week": week[:20]},
        _("Chọn một tuần trong danh sách."),
        HTTPStatus.NOT_FOUND,
        way_out=(reverse("work-reports"), _("Công bố báo cáo")),
    )


def _failure(job: RemakeJob, found: Standing, rules: Rules) -> Problem | None:
    """Why the draft could not be made again; until somebody goes a step on."""
    ended = clock.from_datetime(job.finished_at) if job.finished_at else 0
    later = found.steps and found.steps[-1].at > ended
    return None if later else failure(job, rules)


def _note(request: HttpRequest) -> str:
    return request.POST.get("note", "").strip()[:_LONGEST_NOTE]


def _name(rules: Rules, kind: Kind) -> str:
    return getattr(rules.steps[kind], language())


def _told(text: Text) -> str:
    return getattr(text, language())


def _rules() -> Rules:
    return rules_on(board.instance(), clock.now_us())
