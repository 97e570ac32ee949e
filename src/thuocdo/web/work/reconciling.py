"""Reconciliation at the desk: measured beside stated figures, what may explain it, what both sides decided.

A reconciliation looks at raw events and takes seconds, so it is kept ready (standby.py): another is made
when somebody states or decides something, and behind the reader's back once it is a minute old. Whoever
asks first sees a page that comes back by itself.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Hashable
from datetime import timedelta
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.results import ImportResult
from thuocdo.core.settings import Settings
from thuocdo.core.vocabulary import Decision, Role, SaidBy
from thuocdo.lake.importing.declared import Figure
from thuocdo.lake.imports import import_declared
from thuocdo.lake.store import Lake
from thuocdo.measure.definitions import definitions
from thuocdo.measure.reconcile import agreements
from thuocdo.measure.reconcile.agreements import Decided
from thuocdo.measure.reconcile.comparing import stating
from thuocdo.measure.reconcile.matched import words
from thuocdo.measure.reconcile.model import Agreement, Comparison, Line, Reconciliation
from thuocdo.measure.reconcile.policy import count_codes
from thuocdo.measure.reconcile.reconciling import Books, reconcile
from thuocdo.measure.service import Measure
from thuocdo.registry import sniffing, trail, uploads
from thuocdo.registry.models import Change
from thuocdo.registry.people import Person, person
from thuocdo.registry.rights import Right, plain
from thuocdo.registry.uploads import Upload, limits
from thuocdo.report.making import own_remark
from thuocdo.report.render.reconciliation_xlsx import reconciliation_xlsx
from thuocdo.web import board, choosing
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.standby import Standby
from thuocdo.web.work import catalogue_words, frame, reconciling_words

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_FRESH_S, _KEPT = 60.0, 64
_SHOWN, _LISTED, _REFUSED_SHOWN = 15, 10, 200
_RIGHTS: Final = {
    Role.AGENCY: Right.DECIDE_FOR_AGENCY,
    Role.MINISTRY: Right.DECIDE_FOR_MINISTRY,
}
_PATIENCE_S, _REFRESH_S = 4.0, 3
_found: Standby[Reconciliation | ThuocdoError] = Standby(_FRESH_S, _KEPT)


@require_safe
@frame.of_agency
def page(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """Both sides of a period; without one in the address, the last whole month."""
    if not {"period", "from", "to"} & set(request.GET):
        return redirect(address(place, _last_month()))
    period = choosing.read(request).period
    if _ready(place, period) is None:
        context = {"title": _("Đối soát số liệu"), "refresh": _REFRESH_S}
        return frame.page(request, "web/work/reconciling_wait.html", context, place=place)
    return shown(request, place, period)


def shown(
    request: HttpRequest, place: frame.Place, period: Period, problem: Problem | None = None
) -> HttpResponse:
    """The page of a period, perhaps with what went wrong."""
    found, who = _reconciled(place, period), person(request.user)
    context = {
        "title": _("Đối soát số liệu"),
        "problem": problem,
        "found": found,
        "first": period.first,
        "last": period.last,
        "months": _months(place, period),
        "rows": [_row(one) for one in found.comparisons],
        "silent": found.silent_days,
        "notes": [getattr(note, language()) for note in found.notes],
        "roles": [(role.value, _in("roles", role)) for role in _roles(who, place)],
        "decisions": [(code.value, _in("decisions", code)) for code in Decision],
        "may_state": who.may(Right.STATE_FIGURES, place.code),
        "systems": reconciling_words.systems_of(who, place, period),
        "most": limits().most_bytes >> 20,
        "uploads": Upload.objects.filter(agency=place.code, kind=Upload.Kind.DECLARED)[:_LISTED],
    }
    status = problem.status if problem else 200
    return frame.page(request, "web/work/reconciling.html", context, place=place, status=status)


@require_safe
@frame.of_agency
def workbook(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The minutes of a period as a workbook."""
    period = choosing.read(request).period
    made = reconciliation_xlsx(
        _reconciled(place, period), software=software(), remark=own_remark(settings.THUOCDO)
    )
    name = f"doi-soat-{place.code}-{period.first}-{period.last}.xlsx"
    return HttpResponse(
        made,
        content_type=XLSX,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


@require_http_methods(["GET", "HEAD", "POST"])
@frame.of_agency
def decide(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """Write down what one side decided on a figure; the same again right after is one."""
    if request.method != "POST":
        return redirect("work-reconciling", place.code)
    period = period_of(request)
    try:
        _decide(request, place, period)
    except ThuocdoError as error:
        return shown(request, place, period, reconciling_words.problem(error))
    except Problem as problem:
        return shown(request, place, period, problem)
    return redirect(address(place, period))


@require_POST
@frame.of_agency
def state(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """Take a file of stated figures: kept first, then read; what of it is refused is told by row."""
    period, file = period_of(request), request.FILES.get("file")
    if file is None:
        missing = Problem(_("Chưa chọn tệp nào."), _("Chọn tệp rồi gửi lại."))
        return shown(request, place, period, missing)
    try:
        result = _state(request, place, file)
    except ThuocdoError as error:
        return shown(request, place, period, catalogue_words.problem(error))
    context = {
        "title": _("Số liệu công bố đã nhận"),
        "result": result,
        "refused": _refused(result.rejects_file),
        "rejected": sum(result.rejected.values()),
        "back": address(place, period),
    }
    return frame.page(request, "web/work/stated.html", context, place=place)


def period_of(request: HttpRequest) -> Period:
    """The period a form was sent from. Raises ThuocdoError on an impossible one."""
    return choosing.read_period(request.POST)


def address(place: frame.Place, period: Period) -> str:
    query = urlencode({"from": period.first, "to": period.last})
    return f"{reverse('work-reconciling', args=[place.code])}?{query}"


def books() -> Books:
    """What reconciliations are made of, behind an engine of its own."""
    return _books(settings.THUOCDO, board.measure())


def software() -> str:
    return f"thuocdo {version('thuocdo')}"


@cache
def _books(instance: Settings, measure: Measure) -> Books:
    return Books(instance, Lake.open(instance), measure.apart())


def _reconciled(place: frame.Place, period: Period) -> Reconciliation:
    """Raises ThuocdoError as `reconcile`."""
    found = _found.ask(*_asked(place, period))
    if isinstance(found, ThuocdoError):
        raise found
    return found


def _ready(place: frame.Place, period: Period) -> Reconciliation | ThuocdoError | None:
    """What there is within a reader's patience; None: it is being made."""
    return _found.ask_briefly(*_asked(place, period), _PATIENCE_S)


def _asked(place: frame.Place, period: Period) -> tuple[Hashable, Callable[[], Any]]:
    """A question and its answer: another one when somebody states or decides; renewed as events land."""
    choosing.check_span(period)
    own = books()
    stands_on = (own.lake.version("declared"), own.lake.version(agreements.TABLE))

    def make() -> Reconciliation | ThuocdoError:
        try:
            return reconcile(own, place.code, period)
        except ThuocdoError as refusal:  # an answer too: asking again brings the same
            return refusal

    return (id(own), place.code, period, *stands_on), make


def _row(one: Comparison) -> dict[str, Any]:
    """One figure as the page shows it, with the lines that part most."""
    return {
        "one": one,
        "name": getattr(one.name, language()),
        "state": _in("states", one.to_declared.state),
        "national_state": _in("states", one.to_national.state),
        "parts": [("services", _differing(one.services)), ("days", _differing(one.days))],
        "causes": [
            (cause, getattr(cause.text, language()), reconciling_words.verdict(cause))
            for cause in one.causes
        ],
        "agreements": [_decision(each) for each in one.agreements],
    }


def _differing(lines: tuple[Line, ...]) -> tuple[list[Line], int]:
    """The first of those with a gap, and how many there are."""
    sides = stating(lines)
    found = [line for line in lines if any(getattr(line, f"to_{side}").gap for side in sides)]
    return found[:_SHOWN], len(found)


def _decision(each: Agreement) -> dict[str, Any]:
    return {
        "each": each,
        "decision": _in("decisions", each.decision),
        "role": _in("roles", each.role),
        "outdated": _in("outdated", each.outdated) if each.outdated else "",
    }


def _in(kind: str, code: Any) -> str:
    texts: dict[Any, Any] = getattr(words(), kind)
    return str(getattr(texts[str(code)], language()))


def _roles(who: Person, place: frame.Place) -> list[Role]:
    return [role for role, right in _RIGHTS.items() if who.may(right, place.code)]


def _decide(request: HttpRequest, place: frame.Place, period: Period) -> None:
    post, who = request.POST, person(request.user)
    role, decision = post.get("role", ""), post.get("decision", "")
    if role not in _roles(who, place) or decision not in tuple(Decision):
        raise Problem(_("Vai trò của bạn không ghi được quyết định này."), "", 403)
    found = _reconciled(place, period)
    decided = Decided(
        post.get("code", ""),
        Decision(decision),
        Role(role),
        post.get("office", ""),
        post.get("note", ""),
        reconciling_words.number(post.get("figure", "")),
    )
    key = f"{found.agency} {decided.code} {found.first}..{found.last}"
    name = request.user.get_username()
    _check_other_side(key, decided.role, name)
    if _is_repeated(found, decided):
        return
    written = agreements.record(books().lake, found, decided)
    about = ("decision", "office", "measured", "declared", "national", "agreed", "note")
    trail.record(
        Change.Action.CREATE,
        Change.What.AGREEMENT,
        who=name,
        key=f"{key} {decided.role.value}",
        after={each: getattr(written, each) for each in about},
    )


def _check_other_side(key: str, role: Role, name: str) -> None:
    """Nobody decides for both sides of one figure."""
    other = next(each for each in Role if each is not role)
    theirs = Change.objects.filter(what=Change.What.AGREEMENT, key=f"{key} {other.value}", who=name)
    if theirs.exists():
        raise Problem(
            _("Bạn đã ghi quyết định của bên kia về con số này."),
            _("Người khác phải ghi quyết định của bên này."),
            403,
        )


def _is_repeated(found: Reconciliation, decided: Decided) -> bool:
    comparison = next((one for one in found.comparisons if one.code == decided.code), None)
    of_side = [
        each for each in (comparison.agreements if comparison else ()) if each.role == decided.role
    ]
    if not of_side or of_side[0].outdated:
        return False
    last = of_side[0]
    same = (last.decision, last.office, last.note) == (
        decided.decision,
        " ".join(decided.office.split()),
        " ".join(decided.note.split()),
    )
    return same and (decided.figure is None or str(decided.figure) == last.agreed)


def _state(request: HttpRequest, place: frame.Place, file: UploadedFile) -> ImportResult:
    """Raises what the readers raise; the file stays, put aside, then."""
    who = request.user.get_username()
    kind, chunks = Upload.Kind.DECLARED, file.chunks()
    row = uploads.keep(settings.THUOCDO, place.code, file.name or "", chunks, who=who, kind=kind)
    closing = {"closed_by": who, "closed_at": timezone.now()}
    try:
        result = _imported(request, place, row)
    except ThuocdoError:
        Upload.objects.filter(pk=row.pk).update(state=Upload.State.ASIDE, **closing)
        raise
    counts = {"accepted": result.accepted, "duplicates": result.duplicates}
    counts["refused"] = sum(result.rejected.values())
    Upload.objects.filter(pk=row.pk).update(state=Upload.State.APPLIED, outcome=counts, **closing)
    if result.accepted:
        trail.record(
            Change.Action.IMPORT,
            Change.What.DECLARED,
            who=who,
            key=f"{place.code} {row.name} {row.digest[:16]}",
            after=counts,
        )
    return result


def _imported(request: HttpRequest, place: frame.Place, row: Upload) -> ImportResult:
    """An agency states figures of itself and those below it; only the country's for the portal."""
    who = person(request.user)
    country = who.may(Right.STATE_FIGURES)

    def allowed(figure: Figure) -> bool:
        within = plain(place.code) in who.tree.path(figure.agency)
        return within and (country or figure.said_by == SaidBy.AGENCY.value)

    path = row.path(settings.THUOCDO)
    sniffing.check(path, limits())
    codes = {indicator.code for indicator in definitions()} | count_codes()
    return import_declared(settings.THUOCDO, books().lake, [path], _quiet, codes, allowed)


def _quiet(_done: int, _total: int | None) -> None:
    """Nobody watches the progress."""


def _refused(path: Path | None) -> list[dict[str, str]]:
    """The first refused rows of a file, with the reason in words."""
    if path is None:
        return []
    found = []
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            why, column = reconciling_words.refusal(row["reason"], row["detail"])
            found.append({"row": row["row"], "why": why, "column": column})
            if len(found) == _REFUSED_SHOWN:
                break
    return found


def _last_month() -> Period:
    last = choosing.today().replace(day=1) - timedelta(days=1)
    return Period(last.replace(day=1), last)


def _months(place: frame.Place, chosen: Period) -> list[tuple[str, str, bool]]:
    """(label, address, whether chosen) of this month and those before."""
    found, last = [], choosing.today()
    for _n in range(6):
        period = Period(last.replace(day=1), last)
        found.append((f"{last.month:02d}/{last.year}", address(place, period), period == chosen))
        last = last.replace(day=1) - timedelta(days=1)
    return found
