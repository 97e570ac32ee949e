"""What one wants to be told and how: choices, the address that has to be confirmed, the way out of mails."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from thuocdo.core import clock
from thuocdo.core.clock import from_datetime, local_day
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.steer import subscribing
from thuocdo.steer.letters import unsubscribed
from thuocdo.steer.model import Kind, Mode, Severity
from thuocdo.steer.models import Letter, Subscription
from thuocdo.steer.policy import policy_on
from thuocdo.steer.telling import kind_name, severity_name
from thuocdo.web import problems
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame

_LISTED = 10


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The reader's choices; POST keeps them."""
    wishes = subscribing.wishes_of(request.user)
    if wishes.pk is None:
        usual = policy_on(local_day(clock.now_us())).usual
        wishes.language, wishes.hour = language(), usual.digest_hour
    problem = None
    if request.method == "POST":
        try:
            _read(wishes, request)
            subscribing.save(wishes)
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            messages.success(request, _("Đã lưu lựa chọn."))
            return redirect("work-alerts")
    smtp, site = settings.THUOCDO.smtp, settings.THUOCDO.site_url
    context = {
        "title": _("Nhận cảnh báo"),
        "problem": problem,
        "wishes": wishes,
        "mail_is_off": smtp is None,
        "no_links": smtp is not None and not site,
        "waits": wishes.by_mail and wishes.confirmed_at is None and bool(wishes.address),
        "kinds": [(each.value, kind_name(each, language())) for each in Kind],
        "severities": [(s.value, severity_name(s, language())) for s in Severity],
        "hours": range(24),
        "weekdays": _weekdays(),
        "places": frame.places(person(request.user), Right.SEE_INCIDENTS),
        "letters": _letters(request.user),
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/steer/alerts.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the letter that asks whether an address is the reader's; a button says yes."""
    if request.method == "POST":
        if subscribing.confirm(token, request.user, clock.now_us()):
            messages.success(request, _("Địa chỉ đã được xác nhận. Cảnh báo sẽ gửi tới đó."))
            return redirect("work-alerts")
        raise Problem(
            _("Liên kết xác nhận không còn hiệu lực, hoặc là của tài khoản khác."),
            _("Đăng nhập bằng tài khoản đã khai địa chỉ, rồi lưu lại lựa chọn để nhận thư mới."),
            way_out=(reverse("work-alerts"), _("Nhận cảnh báo")),
        )
    context = {"title": _("Xác nhận địa chỉ nhận cảnh báo")}
    return frame.page(request, "web/work/steer/confirm.html", context)


@csrf_exempt  # RFC 8058: the mail program posts by itself, and the token in the address says whose it is
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Without signing in: a button, or a mail program's own, ends the mails."""
    if unsubscribed(token) is None:
        raise Problem(
            _("Liên kết ngừng nhận thư này không đúng."),
            _("Mở lại liên kết trong thư, hoặc đăng nhập và đổi lựa chọn ở trang Nhận cảnh báo."),
        )
    done = request.method == "POST" and subscribing.unsubscribe(token)
    context = {"title": _("Ngừng nhận thư cảnh báo"), "done": done}
    return render(request, "web/unsubscribe.html", context)


def _read(wishes: Subscription, request: HttpRequest) -> None:
    """The form into the row. Raises ThuocdoError `bad_subscription` for what is no choice of it."""
    form = request.POST
    codes = {
        place.code for place in frame.places(person(request.user), Right.SEE_INCIDENTS, below=True)
    }
    wishes.agency = form.get("agency", "")
    if wishes.agency and wishes.agency not in codes:
        raise ThuocdoError("bad_subscription", "Not an agency of yours.", "Choose from the list.")
    wishes.kinds = [each.value for each in Kind if each.value in form.getlist("kinds")]
    if len(wishes.kinds) == len(Kind):
        wishes.kinds = []
    wishes.floor = _number(form, "floor")
    wishes.by_mail = "by_mail" in form
    wishes.address = form.get("address", "").strip()[:254]
    wishes.language = form.get("language", "vi")
    wishes.mode = form.get("mode", Mode.NOW.value)
    for name in ("hour", "weekday", "quiet_start", "quiet_end"):
        setattr(wishes, name, _number(form, name))
    wishes.quiet_weekends = "quiet_weekends" in form
    wishes.quiet_holidays = "quiet_holidays" in form


def _number(form: Any, name: str) -> int:
    text = form.get(name, "")
    if not (text.isascii() and text.isdecimal()) or len(text) > 2:
        raise ThuocdoError("bad_subscription", f"{name} is no number.", "Choose from the list.")
    return int(text)


def _letters(user: Any) -> list[dict[str, Any]]:
    """The reader's last letters: whether they went, and what keeps them."""
    rows = Letter.objects.filter(user=user)[:_LISTED]
    return [
        {
            "letter": row,
            "made": from_datetime(row.made_at),
            "notices": row.notices.count(),
            "confirms": row.purpose == Letter.Purpose.CONFIRM,
            "next": from_datetime(row.next_at) if row.state == Letter.State.WAITING else None,
        }
        for row in rows
    ]


def _weekdays() -> list[tuple[int, str]]:
    names = (
        *(_("thứ Hai"), _("thứ Ba"), _("thứ Tư"), _("thứ Năm"), _("thứ Sáu")),
        *(_("thứ Bảy"), _("Chủ nhật")),
    )
    return list(enumerate(names))
