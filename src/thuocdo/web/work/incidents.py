"""Incidents on the workspaces: one's inbox, the country's and an agency's list, one incident."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any, NamedTuple

from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.core import clock
from thuocdo.core.clock import Period, from_datetime
from thuocdo.registry.models import Agency
from thuocdo.registry.people import Person, person
from thuocdo.registry.rights import Right, Scope, plain
from thuocdo.steer import letters, outbox, subscribing
from thuocdo.steer.model import Kind, Severity
from thuocdo.steer.models import Incident, Look
from thuocdo.steer.policy import policy_on
from thuocdo.steer.recipients import in_agencies, visible
from thuocdo.steer.telling import Told, kind_name, severity_name
from thuocdo.web import board, passports, publishing
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame

_ON_A_PAGE = 50
_STATES = ("open", "closed", "all")
_LONGEST = 20


class Line(NamedTuple):
    """One row of a list. is_new: of the inbox, not read yet."""

    incident: Incident
    told: Told
    opened: int
    closed: int | None
    is_new: bool = False


class Link(NamedTuple):
    label: str
    address: str


@require_http_methods(["GET", "HEAD", "POST"])
def inbox(request: HttpRequest) -> HttpResponse:
    """What the reader was told of, the newest first; POST marks all of it read."""
    if request.method == "POST":
        subscribing.read(request.user, clock.now_us())
        return redirect("work-inbox")
    listed = _paged(request, subscribing.inbox(request.user))
    news = {notice.incident_id: notice.read_at is None for notice in listed}
    context = {
        "title": _("Hộp thư"),
        "listed": listed,
        "lines": _lines([notice.incident for notice in listed], news),
    }
    return frame.page(request, "web/work/steer/inbox.html", context)


@require_safe
def country(request: HttpRequest) -> HttpResponse:
    """Every incident the reader may see."""
    rows = visible(Incident.objects.all(), request.user)
    return _list(request, rows, None, _("Sự việc"))


@require_safe
@frame.of_agency
def agency(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The incidents of one agency and of those below it."""
    tree = person(request.user).tree
    below = tree.within(Scope(False, frozenset({plain(place.code)}))) | {place.code}
    rows = Incident.objects.filter(in_agencies(below))
    return _list(request, rows, place, _("Sự việc"))


@require_safe
def page(request: HttpRequest, number: int) -> HttpResponse:
    """One incident: what was seen, where to look, what to do; its notice counts as read."""
    incident = visible(Incident.objects.filter(pk=min(number, 2**62)), request.user).first()
    if incident is None:
        raise Problem(
            _("Không có sự việc số %(number)s trong phạm vi của bạn.") % {"number": number},
            _("Chọn một sự việc trong danh sách."),
            HTTPStatus.NOT_FOUND,
            way_out=(reverse("work-incidents"), _("Sự việc")),
        )
    subscribing.read(request.user, clock.now_us(), incident)
    (line,) = _lines([incident])
    whose = Agency.objects.filter(code=incident.agency).order_by("valid_from").last()
    may_steer = person(request.user).may(Right.STEER, incident.agency or None)
    context = {
        "title": line.told.title,
        "shown": line,
        "links": _links(incident, person(request.user)),
        "whose": whose,
        "seen": from_datetime(incident.last_seen),
        "tasks": incident.tasks.all(),
        "give": may_steer
        and bool(incident.agency)
        and Kind(incident.kind) not in (Kind.TASK_OVERDUE, Kind.TASK_STEP),
    }
    return frame.page(request, "web/work/steer/incident.html", context)


def _list(
    request: HttpRequest, rows: QuerySet, place: frame.Place | None, title: str
) -> HttpResponse:
    kind, state = request.GET.get("loai", ""), request.GET.get("trang-thai", "open")
    floor = request.GET.get("muc", "1")
    if kind not in ("", *Kind) or state not in _STATES or floor not in {str(s.value) for s in Severity}:  # fmt: skip
        raise Problem(
            _("Bộ lọc này không có."),
            _("Chọn loại, mức và trạng thái trong các danh sách."),
            way_out=(request.path, title),
        )
    open_now = rows.filter(closed_at__isnull=True)
    summary = [
        (severity_name(severity, language()), severity.value, open_now.filter(severity=severity).count())
        for severity in reversed(Severity)
    ]  # fmt: skip
    if kind:
        rows = rows.filter(kind=kind)
    if state != "all":
        rows = rows.filter(closed_at__isnull=state == "open")
    rows = rows.filter(severity__gte=int(floor)).order_by("-severity", "-opened_at", "-id")
    listed = _paged(request, rows)
    context = {
        "title": title,
        "listed": listed,
        "lines": _lines(list(listed)),
        "summary": summary,
        "kinds": [(each.value, kind_name(each, language())) for each in Kind],
        "severities": [(str(s.value), severity_name(s, language())) for s in Severity],
        "chosen": {"kind": kind, "state": state, "floor": floor},
        "failures": _failures(),
        "unsent": outbox.waiting() if person(request.user).may(Right.EDIT_WEBHOOKS) else {},
    }
    return frame.page(request, "web/work/steer/incidents.html", context, place=place)


def _paged(request: HttpRequest, rows: Any) -> Any:
    """One page of rows; a number out of range is the nearest there is."""
    return Paginator(rows, _ON_A_PAGE).get_page(request.GET.get("trang", "1")[:_LONGEST])


def _lines(incidents: list[Incident], news: dict[int, bool] | None = None) -> list[Line]:
    names = letters.agency_names(incident.agency for incident in incidents)
    return [
        Line(
            incident,
            letters.told(incident, names, language()),
            from_datetime(incident.opened_at),
            from_datetime(incident.closed_at) if incident.closed_at else None,
            bool(news and news.get(incident.pk)),
        )
        for incident in incidents
    ]


def _failures() -> list[tuple[str, int]]:
    """Kinds that could not be looked for the last time: their incidents stand as they were."""
    return [
        (kind_name(Kind(look.kind), language()), from_datetime(look.looked_at))
        for look in Look.objects.exclude(failure="")
        if look.kind in tuple(Kind)
    ]


def _links(incident: Incident, who: Person) -> list[Link]:
    """Where the evidence can be looked at."""
    kind, code = Kind(incident.kind), incident.agency
    subject = incident.subject.rpartition(":")[2]
    found = []
    if kind in (Kind.SILENT_SOURCE, Kind.REFUSED_SHARE, Kind.FEED_DISTORTED) and subject.isdigit():
        found.append(Link(_("Trang được giám sát"), reverse("site", args=[int(subject)])))
    if kind is Kind.SYSTEM_DOWN and code:
        address = reverse("work-availability-one", args=[code, incident.subject])
        found.append(Link(_("Độ sẵn sàng"), address))
    if kind is Kind.JOB_FAILING and who.may(Right.SEE_JOBS):
        found.append(Link(_("Việc chạy nền"), reverse("work-jobs")))
    if kind is Kind.SUDDEN_CHANGE and (name := _passport(incident)):
        found.append(Link(_("Hộ chiếu của con số"), reverse("passport", args=[name])))
    if kind is Kind.BROKEN_INVARIANT and incident.evidence.get("what"):
        address = reverse("method", args=[incident.evidence["what"]])
        found.append(Link(_("Định nghĩa của chỉ số"), address))
    if kind is Kind.FEED_DISTORTED:
        found.append(Link(_("Mọi câu hỏi về dữ liệu"), reverse("quality")))
    if kind is Kind.TARGET_AT_RISK and code:
        found.append(Link(_("Khuyến nghị cho cơ quan"), reverse("advice", args=[code])))
    if kind in (Kind.TASK_OVERDUE, Kind.TASK_STEP):
        task = int(incident.subject.partition(":")[0])
        found.append(Link(_("Nhiệm vụ"), reverse("work-task", args=[task])))
    if kind is Kind.REPORT_PUBLISHED:
        found.append(Link(_("Báo cáo"), reverse("reports")))
    if code:
        found.append(Link(_("Số liệu công khai của cơ quan"), reverse("agency", args=[code])))
    return found


def _passport(incident: Incident) -> str | None:
    """The name of the day's figure, where it may be shown."""
    day = date.fromisoformat(incident.evidence["day"])
    counts = policy_on(day).sudden_change.counts
    indicator = next((one.indicator for one in counts if one.code == incident.subject), None)
    if indicator is None:
        return None
    measure = board.measure()
    figures = publishing.published(measure, measure.figures(indicator, Period(day, day)))
    mine = [figure for figure in figures if figure.agency == incident.agency]
    return passports.name_for(measure, mine[0]) if mine else None
