"""The frame of every workspace page: what one may open here, and for which agency.

A page of an agency has the agency's code in its address and stands behind `of_agency`, which asks for
the right over that agency; a page of the country needs its right somewhere, which the guard of
`web/access.py` asks. The menu is two tables, and shows what the reader may open and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.core.vietnamese import collation_key
from thuocdo.registry.models import Agency
from thuocdo.registry.people import Person, person
from thuocdo.registry.rights import Right, plain
from thuocdo.steer import subscribing
from thuocdo.web import access
from thuocdo.web.problems import Problem


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of a menu; the right is that of its address. `below`: addresses that belong to it."""

    label: str | Promise
    name: str
    below: tuple[str, ...] = ()

    @property
    def right(self) -> Right:
        right = access.needed(self.name)
        if right is None:
            raise LookupError(f"{self.name} declares no right: add it to web/access.py")
        return right


OF_AGENCY: Final = (
    Entry(gettext_lazy("Tổng hợp"), "work-agency"),
    Entry(gettext_lazy("Kết nối"), "work-connections", ("work-connection",)),
    Entry(gettext_lazy("Độ sẵn sàng"), "work-availability", ("work-availability-one",)),
    Entry(gettext_lazy("Bị từ chối"), "work-rejects", ("work-replay",)),
    Entry(gettext_lazy("Trang và mã nhúng"), "work-sites", ("work-site", "work-site-change")),
    Entry(gettext_lazy("Khóa của cơ quan"), "work-keys", ("work-key-make", "work-key-rotate")),
    Entry(gettext_lazy("Danh mục dịch vụ"), "work-catalogue", ("work-upload",)),
    Entry(gettext_lazy("Dấu hiệu và giải trình"), "work-findings", ("work-finding",)),
    Entry(gettext_lazy("Đối soát"), "work-reconciling", ("work-stated", "work-matched")),
    Entry(gettext_lazy("Sự việc"), "work-agency-incidents"),
    Entry(gettext_lazy("Nhiệm vụ"), "work-agency-tasks"),
    Entry(
        gettext_lazy("Đánh giá chất lượng"), "work-assessments", ("work-assessment", "work-appeal")
    ),
    Entry(gettext_lazy("Quét thử"), "work-scans", ("work-scan",)),
    Entry(gettext_lazy("Thành viên"), "work-members"),
)
"""Pages with an agency's code in their address: what it sends, what comes of it, who looks after it."""

OF_COUNTRY: Final = (
    Entry(gettext_lazy("Các cơ quan của tôi"), "work"),
    Entry(gettext_lazy("Hộp thư"), "work-inbox"),
    Entry(gettext_lazy("Sự việc"), "work-incidents", ("work-incident",)),
    Entry(gettext_lazy("Nhiệm vụ"), "work-tasks", ("work-task", "work-task-give")),
    Entry(gettext_lazy("Công bố báo cáo"), "work-reports", ("work-report", "work-report-remake")),
    Entry(gettext_lazy("Độ phủ cả nước"), "work-coverage"),
    Entry(gettext_lazy("Mọi dấu hiệu"), "work-country-findings"),
    Entry(gettext_lazy("Thư viện định nghĩa"), "work-library", ("work-library-trial",)),
    Entry(
        gettext_lazy("Chỉ tiêu"),
        "work-targets",
        ("work-target", "work-target-new", "work-target-add", "work-target-set"),
    ),
    Entry(gettext_lazy("Đợt đánh giá"), "work-rounds", ("work-round", "work-round-progress")),
    Entry(gettext_lazy("Chấm điểm"), "work-marks", ("work-mark",)),
    Entry(gettext_lazy("Nhận cảnh báo"), "work-alerts", ("work-alerts-confirm",)),
    Entry(gettext_lazy("Webhook"), "work-webhooks", ("work-webhook",)),
    Entry(gettext_lazy("Việc chạy nền"), "work-jobs"),
    Entry(gettext_lazy("Lưu giữ dữ liệu"), "work-keeping"),
    Entry(
        gettext_lazy("Kiểm tra mã đo"), "check-site", ("check-site-result", "check-site-picture")
    ),
)
"""Pages that belong to no agency: one's own, the ministry's, the tools."""


@dataclass(frozen=True, slots=True)
class Place:
    """An agency in which somebody works."""

    code: str
    name: str
    name_en: str
    kind: str


def of_agency(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the agency of its address as a `Place`, once the reader holds the right over it.

    Raises Problem 404 for a code that the registry does not know, 403 without the right.
    """

    @wraps(view)
    def guarded(request: HttpRequest, code: str, **rest: Any) -> HttpResponse:
        place = _place(code)
        right = access.needed(request.resolver_match.view_name)
        if not person(request.user).may(right, place.code):
            raise Problem(
                _("Tài khoản của bạn không có quyền này đối với %(agency)s.")
                % {"agency": place.name},
                _("Chọn một trong các cơ quan của bạn."),
                HTTPStatus.FORBIDDEN,
                way_out=(reverse("work"), _("Các cơ quan của tôi")),
            )
        return view(request, place, **rest)

    return guarded


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    place: Place | None = None,
    status: int = HTTPStatus.OK,
) -> HttpResponse:
    """Answer with a page in the frame; `place` is the agency it is about, None for the country's."""
    who = person(request.user)
    here = request.resolver_match.view_name
    framed = {
        "place": place,
        "unread": subscribing.unread(request.user) if who.may_somewhere(Right.SEE_INCIDENTS) else 0,
        "agency_menu": _menu(OF_AGENCY, here, who, place.code) if place else [],
        "work_menu": _menu(OF_COUNTRY, here, who, None),
        **context,
    }
    return render(request, template, framed, status=status)


def places(who: Person, right: Right, *, below: bool = False) -> list[Place]:
    """The agencies over which somebody holds a right today, in Vietnamese order.

    Without `below` only the highest: for a province its departments are left out.
    """
    codes = who.agencies(right)
    rows = {
        row.code: row
        for row in Agency.objects.covering(who.day)
        if codes is None or plain(row.code) in codes
    }
    found = [
        _of_row(row) for row in rows.values() if below or not row.parent or row.parent not in rows
    ]
    return sorted(found, key=lambda place: collation_key(place.name))


def _menu(
    entries: tuple[Entry, ...], here: str, who: Person, code: str | None
) -> list[dict[str, Any]]:
    return [
        {
            "label": entry.label,
            "address": reverse(entry.name, args=[code] if code else []),
            "current": "page" if here == entry.name else "true" if here in entry.below else "",
        }
        for entry in entries
        if (who.may(entry.right, code) if code else who.may_somewhere(entry.right))
    ]


def _place(code: str) -> Place:
    """The row of today, else the latest there was."""
    rows = Agency.objects.filter(code__in={code, plain(code)}).order_by("valid_from")
    row = rows.last()
    if row is None:
        raise Problem(
            _("Không có cơ quan nào mang mã “%(code)s”.") % {"code": code[:40]},
            _("Chọn một trong các cơ quan của bạn."),
            HTTPStatus.NOT_FOUND,
            way_out=(reverse("work"), _("Các cơ quan của tôi")),
        )
    return _of_row(row)


def _of_row(row: Agency) -> Place:
    return Place(row.code, row.name, row.name_en, row.kind)
