"""People of an agency: who works here, roles given and ended, invitations, lost second factors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any, Final

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry import members
from thuocdo.registry.memberships import ROLE_LABELS
from thuocdo.registry.people import person
from thuocdo.registry.rights import Role, policy
from thuocdo.web import problems
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame

_TEXTS: Final = {
    "own_role": (
        gettext_lazy("Không ai tự đổi vai trò hay yếu tố đăng nhập của mình ở đây."),
        gettext_lazy("Người quản trị khác của cơ quan, hoặc người vận hành, làm việc này."),
    ),
    "not_local_role": (
        gettext_lazy("Vai trò này không do cơ quan giao."),
        gettext_lazy("Đề nghị người vận hành hệ thống giao."),
    ),
    "outside": (
        gettext_lazy("Cơ quan này nằm ngoài phạm vi của bạn."),
        gettext_lazy("Ghi mã cơ quan của bạn hoặc cơ quan cấp dưới."),
    ),
    "unknown_agency": (
        gettext_lazy("Chưa có cơ quan mang mã này."),
        gettext_lazy("Kiểm tra lại mã cơ quan."),
    ),
    "unknown_account": (
        gettext_lazy("Chưa có tài khoản mang tên này."),
        gettext_lazy("Kiểm tra lại tên, hoặc mời người mới."),
    ),
    "account_exists": (
        gettext_lazy("Đã có tài khoản mang tên này."),
        gettext_lazy("Chọn tên khác, hoặc giao vai trò cho tài khoản đã có."),
    ),
    "weak_password": (
        gettext_lazy("Tên đăng nhập chỉ gồm chữ, số và các ký tự @ . + - _"),
        gettext_lazy("Chọn tên khác."),
    ),
    "bad_role": (
        gettext_lazy("Không giao được vai trò này với những ngày đã chọn."),
        gettext_lazy("Kiểm tra lại ngày."),
    ),
    "bad_day": (
        gettext_lazy("Ngày kết thúc đã qua."),
        gettext_lazy("Chọn từ hôm nay trở đi, hoặc để trống."),
    ),
    "no_such_role": (
        gettext_lazy("Người này không có vai trò nào ở đây."),
        gettext_lazy("Xem lại danh sách."),
    ),
    "elsewhere": (
        gettext_lazy(
            "Người này còn có vai trò ở nơi khác, nên cơ quan không đổi được cách họ đăng nhập."
        ),
        gettext_lazy("Đề nghị người vận hành hệ thống."),
    ),
    "came_in": (
        gettext_lazy("Người này đã đặt mật khẩu."),
        gettext_lazy("Quên mật khẩu thì đề nghị người vận hành hệ thống."),
    ),
    "no_factor": (
        gettext_lazy("Tài khoản này không có yếu tố đăng nhập thứ hai."),
        gettext_lazy("Không cần gỡ gì."),
    ),
}
_HOUR_WORDS: Final = gettext_lazy("%(n)s giờ")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@frame.of_agency
def page(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The people of an agency and all below it; a POST does one thing to one of them."""
    if request.method != "POST":
        return _page(request, place)
    doing = _DONE.get(request.POST.get("do", ""), _nothing)
    try:
        link = doing(request, _within(request, place))
    except ThuocdoError as error:
        return _page(request, place, problem=_problem(error))
    except Problem as problem:
        return _page(request, place, problem=problem)
    if link:
        return _page(request, place, link=link)
    return redirect("work-members", place.code)


def _page(
    request: HttpRequest, place: frame.Place, *, problem: Problem | None = None, link: str = ""
) -> HttpResponse:
    """`link`: of an invitation, shown once."""
    found = members.members(_within(request, place))
    context = {
        "title": _("Thành viên"),
        "problem": problem,
        "link": link,
        "expires": _HOUR_WORDS % {"n": policy().members.invitation_hours},
        "rows": [_row(request, member) for member in found],
        "roles": [(role.value, _said(role)) for role in members.local_roles()],
        "given": {
            name: request.POST.get(name, "") if problem else ""
            for name in ("name", "full_name", "role", "agency", "valid_to")
        },
    }
    status = problem.status if problem else 200
    return frame.page(request, "web/work/members.html", context, place=place, status=status)


def _row(request: HttpRequest, member: members.Member) -> dict[str, Any]:
    me = request.user.get_username()
    local = members.local_roles()
    return {
        "member": member,
        "name": member.user.get_username(),
        "full_name": member.user.get_full_name(),
        "own": member.user.pk == request.user.pk,
        "held": [
            (row, ROLE_LABELS[Role(row.role)], Role(row.role) in local) for row in member.held
        ],
        "asked_by_me": member.asked_by == me,
    }


def _within(request: HttpRequest, place: frame.Place) -> members.Within:
    tree = person(request.user).tree
    return lambda code: place.code in tree.path(code)


def _give(request: HttpRequest, within: members.Within) -> None:
    post = request.POST
    last = _day(post.get("valid_to", "").strip())
    name, role, agency = (post.get(each, "") for each in ("name", "role", "agency"))
    members.give(within, request.user, name, role, agency, valid_to=last)


def _nothing(_request: HttpRequest, _within: members.Within) -> None:
    raise Problem(_("Không rõ cần làm gì."), _("Mở lại trang rồi thử lại."))


def _day(text: str) -> date | None:
    return clock.parse_day(text) if text else None


def _end(request: HttpRequest, within: members.Within) -> None:
    number = request.POST.get("membership", "")
    if not number.isdecimal():
        raise Problem(_("Không rõ vai trò nào."), _("Mở lại trang rồi thử lại."))
    members.end(within, request.user, int(number[:12]))


def _leave(request: HttpRequest, within: members.Within) -> None:
    members.leave(within, request.user, request.POST.get("name", ""))


def _invite(request: HttpRequest, within: members.Within) -> str:
    post = request.POST
    name, role, agency = (post.get(each, "") for each in ("name", "role", "agency"))
    token = members.invite(
        within, request.user, name, role, agency, full_name=post.get("full_name", "")
    )
    return _address(request, token)


def _invite_again(request: HttpRequest, within: members.Within) -> str:
    return _address(
        request, members.invite_again(within, request.user, request.POST.get("name", ""))
    )


def _address(request: HttpRequest, token: str) -> str:
    return request.build_absolute_uri(reverse("invitation", args=[token]))


def _reset(request: HttpRequest, within: members.Within) -> None:
    if members.reset_factor(within, request.user, request.POST.get("name", "")):
        messages.success(
            request, _("Đã gỡ; người dùng đăng nhập bằng mật khẩu rồi bật lại xác thực hai bước.")
        )
    else:
        messages.info(request, _("Đã ghi đề nghị; một người quản trị khác phải xác nhận."))


_DONE: Final[dict[str, Callable[[HttpRequest, members.Within], str | None]]] = {
    "give": _give,
    "end": _end,
    "leave": _leave,
    "invite": _invite,
    "invite_again": _invite_again,
    "reset": _reset,
}


def _problem(error: ThuocdoError) -> Problem:
    if error.code in _TEXTS:
        message, hint = _TEXTS[error.code]
        return Problem(str(message), str(hint))
    return problems.from_error(error)


def _said(role: Role) -> str:
    return str(getattr(policy().roles[role], language()))
