"""Availability and response time of an agency's systems, as the monitor saw them (assess/watching)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.assess.watching import telling
from thuocdo.assess.watching.leave import why_off
from thuocdo.assess.watching.model import Availability
from thuocdo.assess.watching.targets import addresses
from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import collation_key
from thuocdo.registry.desk import of_agencies
from thuocdo.registry.models import System
from thuocdo.registry.people import person
from thuocdo.web import board, problems, uptime, wording
from thuocdo.web.problems import Problem
from thuocdo.web.uptime import Now
from thuocdo.web.work import frame
from thuocdo.web.work.frame import Place

_KINDS: Final = ("theo-gio", "tung-lan")
_WEEK_US: Final = 7 * clock.DAY_US


@dataclass(frozen=True, slots=True)
class Row:
    """One system of the list; `found` None: it has no address, so nobody looks."""

    system: System
    kind: str
    found: Availability | None
    now: Now
    down: str


@require_safe
@frame.of_agency
def index(request: HttpRequest, place: Place) -> HttpResponse:
    """The agency's systems over the last seven days, what is down first."""
    now, instance = clock.now_us(), board.instance()
    systems = _systems(request, place, now)
    codes = [row.code for row in systems]
    found, asked = telling.lately(instance, codes, now), addresses(now, codes).keys()
    rows = [
        _row(row, found[row.code] if _is_known(found[row.code], asked) else None, now)
        for row in systems
    ]
    context = {
        "title": _("Độ sẵn sàng"),
        "rows": sorted(rows, key=lambda row: (_ORDER.get(row.now.tone, 3), collation_key(row.system.name))),
        **_common(now),
    }  # fmt: skip
    return frame.page(request, "web/work/availability.html", context, place=place)


@require_safe
@frame.of_agency
def page(request: HttpRequest, place: Place, system: str) -> HttpResponse:
    """One system: hours, days, outages, response time; `?tuan=2026-W48` for a week of the past."""
    now = clock.now_us()
    row, week = _system(request, place, system, now), _week(request)
    found = _found(row.code, week, now)
    context = {
        "title": row.name,
        "system": row,
        "kind": wording.SYSTEM_KINDS[row.kind],
        "address": addresses(now, [row.code]).get(row.code, ""),
        "found": found,
        "now": uptime.now_of(found, telling.policy_of(now), now),
        "downs": uptime.downs(found, min(now, found.until)),
        "down": uptime.downtime(found, min(now, found.until)),
        "days": uptime.days(found, min(now, found.until)),
        "hours": uptime.measured_hours(found.hours),
        "grid": uptime.grid(found, row.name),
        "times": uptime.times(found, row.name),
        "week": request.GET.get("tuan", "") if week else "",
        "weeks": _weeks(week, now),
        **_common(now),
    }
    return frame.page(request, "web/work/availability_one.html", context, place=place)


@require_safe
@frame.of_agency
def download(request: HttpRequest, place: Place, system: str, kind: str) -> HttpResponse:
    """CSV: by hour, or every look as it was kept."""
    now = clock.now_us()
    row, week = _system(request, place, system, now), _week(request)
    found = _found(row.code, week, now)
    if kind not in _KINDS:
        raise Problem(_("Không có tệp nào tên như vậy."), _("Chọn một tệp trên trang của hệ thống."), HTTPStatus.NOT_FOUND)  # fmt: skip
    text = (
        telling.hours_csv([found])
        if kind == _KINDS[0]
        else telling.looks_csv(board.instance(), row.code, found.since, found.until)
    )
    answer = HttpResponse(text, content_type="text/csv; charset=utf-8")
    name = f"san-sang-{row.code}-{clock.local_day(found.since)}-{kind}.csv"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


_ORDER: Final = {"error": 0, "warning": 1, "ok": 2}


def _common(now: int) -> dict[str, Any]:
    policy = telling.policy_of(now)
    return {
        "policy": policy,
        "allowed": f"{policy.allowed_permille / 10:g}",
        "floor": f"{policy.coverage_permille / 10:g}",
        "off": why_off(board.instance()),
    }


def _row(system: System, found: Availability | None, now: int) -> Row:
    kind = str(wording.SYSTEM_KINDS[system.kind])
    if found is None:
        return Row(system, kind, None, Now("", "–", _("chưa khai tên miền")), "")
    state = uptime.now_of(found, telling.policy_of(now), now)
    return Row(system, kind, found, state, uptime.downtime(found, now))


def _is_known(found: Availability, asked: Collection[str]) -> bool:
    return found.system in asked or found.last is not None


def _found(code: str, week: Period | None, now: int) -> Availability:
    instance = board.instance()
    every = (
        telling.of_week(instance, [code], week, now)
        if week
        else telling.lately(instance, [code], now)
    )
    return every[code]


def _week(request: HttpRequest) -> Period | None:
    asked = request.GET.get("tuan", "")
    try:
        return clock.parse_week(asked) if asked else None
    except ThuocdoError as error:
        raise problems.from_error(error) from None


def _weeks(week: Period | None, now: int) -> list[tuple[str, str, bool]]:
    """(address, words, is it this one): the last seven days and five weeks."""
    chosen = [("?", _("7 ngày qua"), week is None)]
    for back in range(5):
        year, number, _day = clock.local_day(now - back * _WEEK_US).isocalendar()
        name = f"{year}-W{number:02d}"
        words = _("tuần %(n)s/%(year)s") % {"n": number, "year": year}
        chosen.append((f"?tuan={name}", words, week == clock.parse_week(name)))
    return chosen


def _systems(request: HttpRequest, place: Place, now: int) -> list[System]:
    """Systems of the agency and of those below it, as they are today."""
    rows = System.objects.on(clock.local_day(now))
    return list(of_agencies(rows, person(request.user).below(place.code)))


def _system(request: HttpRequest, place: Place, code: str, now: int) -> System:
    for row in _systems(request, place, now):
        if row.code == code:
            return row
    raise Problem(
        _("Cơ quan này không có hệ thống nào mang mã “%(code)s”.") % {"code": code[:80]},
        _("Chọn một hệ thống trong danh sách."),
        HTTPStatus.NOT_FOUND,
        way_out=(reverse("work-availability", args=[place.code]), _("Độ sẵn sàng")),
    )
