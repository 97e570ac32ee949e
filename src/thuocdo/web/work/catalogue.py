"""An agency hands its catalogue over: kept at once, checked, shown as it would be, done when confirmed.

What is wrong is told by line and column with what to do; the file stays. Whoever was signed out while
choosing one finds it after signing in again: the form carries a signed ticket (`keep_for_later`).
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import catalogue, uploads
from thuocdo.registry.catalogue import Plan
from thuocdo.registry.models import Service
from thuocdo.registry.people import person
from thuocdo.registry.uploads import Upload, limits
from thuocdo.web import choosing
from thuocdo.web.problems import Problem
from thuocdo.web.work import catalogue_effect, catalogue_words, frame

_LISTED, _SHOWN = 30, 200
_SALT: Final = "thuocdo.catalogue"
_HOUR: Final = 3600
_MIB: Final = 1 << 20
ENCODINGS: Final = {
    "": gettext_lazy("tự nhận biết"),
    "utf-8": gettext_lazy("Unicode (UTF-8)"),
    "utf-16": gettext_lazy("Unicode (UTF-16)"),
    "cp1258": gettext_lazy("Windows-1258"),
    "tcvn3": gettext_lazy("TCVN3 (phông .Vn…)"),
}


@require_http_methods(["GET", "HEAD", "POST"])
@frame.of_agency
def page(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The catalogue of today by level, the form, and the files handed over before."""
    problem = None
    if request.method == "POST":
        try:
            row = _keep(request, place.code, request.user.get_username())
        except ThuocdoError as error:
            problem = catalogue_words.problem(error)
        except Problem as found:
            problem = found
        else:
            return redirect("work-upload", place.code, row.pk)
    return _page(request, place, problem)


def _page(request: HttpRequest, place: frame.Place, problem: Problem | None) -> HttpResponse:
    rows = services_of(request, place).on(choosing.today())
    levels = [row.level for row in rows.only("level")]
    name = request.user.get_username()
    context = {
        "title": _("Danh mục dịch vụ công"),
        "problem": problem,
        "levels": catalogue_effect.counted(levels),
        "encodings": ENCODINGS,
        "given": {key: request.POST.get(key, "") for key in ("encoding", "starts")},
        "most": limits().most_bytes // _MIB,
        "ticket": signing.dumps({"who": name, "agency": place.code}, salt=_SALT),
        "uploads": Upload.objects.filter(agency=place.code, kind=Upload.Kind.SERVICES)[:_LISTED],
    }
    return frame.page(
        request,
        "web/work/catalogue.html",
        context,
        place=place,
        status=problem.status if problem else 200,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@frame.of_agency
def upload(request: HttpRequest, place: frame.Place, number: int) -> HttpResponse:
    """One file: what it would change, or what became of it."""
    row = _upload(place, number)
    problem = None
    if request.method == "POST":
        try:
            _close(request, place, row)
        except ThuocdoError as error:
            problem = None if error.code == "upload_closed" else catalogue_words.problem(error)
        if problem is None:
            return redirect("work-upload", place.code, row.pk)
    plan, refused = _planned(request, place, row)
    context = {
        "title": _("Tệp danh mục “%(name)s”") % {"name": row.name},
        "upload": row,
        "encoding": ENCODINGS.get(row.encoding, row.encoding),
        "problem": refused or problem,
        "plan": plan,
        "outcome": _counts(row.outcome or {}),
    }
    if plan is not None:
        context |= _told(plan)
    status = problem.status if problem else 200
    return frame.page(request, "web/work/upload.html", context, place=place, status=status)


@require_safe
@frame.of_agency
def lines(request: HttpRequest, place: frame.Place, number: int) -> HttpResponse:
    """Every line of a file that waits, with what becomes of it, as CSV."""
    row = _upload(place, number)
    plan, refused = _planned(request, place, row)
    if plan is None:
        raise refused or Problem(_("Tệp này đã được xử lý xong."), "", 404)
    return catalogue_words.as_csv(plan, f"kiem-tra-{row.pk}.csv")


def keep_for_later(request: HttpRequest) -> str | None:
    """Keep a file whose sender was signed out meanwhile; the address to come back to, None for nobody's.

    The ticket says who opened the form and for which agency. What the file does is asked of them, and
    of their rights, once they have signed in again.
    """
    try:
        told = signing.loads(
            request.POST.get("ticket", ""), salt=_SALT, max_age=limits().ticket_hours * _HOUR
        )
        row = _keep(request, told["agency"], told["who"])
    except (signing.BadSignature, ThuocdoError, Problem):
        return None
    return reverse("work-upload", args=[row.agency, row.pk])


page.keep_for_later = keep_for_later  # asked by web/access.py before it sends to sign in


def services_of(request: HttpRequest, place: frame.Place) -> Any:
    """The services of an agency and all below it, every dated row."""
    within = _within(request, place)
    codes = Service.objects.order_by().values_list("agency", flat=True).distinct()
    return Service.objects.filter(agency__in=[code for code in codes if within(code)])


def _upload(place: frame.Place, number: int) -> Upload:
    return get_object_or_404(Upload, pk=number, agency=place.code, kind=Upload.Kind.SERVICES)


def _within(request: HttpRequest, place: frame.Place) -> catalogue.Within:
    tree = person(request.user).tree
    return lambda code: place.code in tree.path(code)


def _keep(request: HttpRequest, agency: str, who: str) -> Upload:
    file = request.FILES.get("file")
    if file is None:
        raise Problem(_("Chưa chọn tệp nào."), _("Chọn tệp rồi gửi lại."))
    encoding = request.POST.get("encoding", "")
    return uploads.keep(
        settings.THUOCDO,
        agency,
        file.name or "",
        file.chunks(),
        who=who,
        encoding=encoding if encoding in ENCODINGS else "",
        starts=_day(request.POST.get("starts", "").strip()),
    )


def _day(text: str) -> date | None:
    if not text:
        return None
    day = clock.parse_day(text)
    choosing.check_span(clock.Period(day, day))
    return day


def _close(request: HttpRequest, place: frame.Place, row: Upload) -> None:
    who = request.user.get_username()
    if request.POST.get("do") == "aside":
        waiting = Upload.objects.filter(pk=row.pk, state=Upload.State.WAITING)
        waiting.update(state=Upload.State.ASIDE, closed_by=who, closed_at=timezone.now())
        return
    catalogue.apply(
        settings.THUOCDO,
        row,
        _within(request, place),
        choosing.today(),
        identity=request.POST.get("identity", ""),
        who=who,
    )


def _planned(
    request: HttpRequest, place: frame.Place, row: Upload
) -> tuple[Plan | None, Problem | None]:
    """What a waiting file would do, or why it cannot be read."""
    if row.state != Upload.State.WAITING:
        return None, None
    path = row.path(settings.THUOCDO)
    try:
        return catalogue.plan(path, row, _within(request, place), choosing.today()), None
    except ThuocdoError as error:
        return None, catalogue_words.problem(error)


def _told(plan: Plan) -> dict[str, Any]:
    of: dict[str, list[catalogue.Line]] = {verdict: [] for verdict in catalogue.VERDICTS}
    for line in plan.lines:
        of[line.verdict].append(line)
    return {
        "counts": _counts(plan.counts),
        "groups": [
            (
                verdict,
                catalogue_words.VERDICTS[verdict],
                [*map(catalogue_words.tell, found[:_SHOWN])],
                len(found),
            )
            for verdict in (catalogue.REFUSED, catalogue.CHANGED, catalogue.ADDED, catalogue.CLOSED)
            if (found := of[verdict])
        ],
        "shown": _SHOWN,
        "rewriting": sum(line.rewrites for line in plan.lines),
        "raised": len(plan.level_changes),
        "levels": catalogue_effect.compared(plan),
        "effect": catalogue_effect.effect(plan),
        "notes": [catalogue_words.note(text) for text in plan.notes],
    }


def _counts(counts: dict[str, int]) -> list[tuple[str, Any, int]]:
    return [
        (verdict, catalogue_words.VERDICTS[verdict], counts[verdict])
        for verdict in catalogue.VERDICTS
        if verdict in counts
    ]
