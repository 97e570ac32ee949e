"""Webhooks on the workspaces: register an address, see its secret once, watch its calls, end it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from thuocdo.core import clock
from thuocdo.core.clock import from_datetime
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.desk import limited
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.steer import outbox, subscribing
from thuocdo.steer.letters import agency_names
from thuocdo.steer.model import Kind, Severity
from thuocdo.steer.models import Letter, Webhook
from thuocdo.steer.telling import kind_name, severity_name
from thuocdo.web import problems
from thuocdo.web.printing import language
from thuocdo.web.work import frame

_LISTED = 30
_MAX_NUMBER = 2**62


@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The webhooks of the reader's agencies; POST registers one and shows its secret, this once."""
    problem, secret, made = None, "", None
    given = {name: request.POST.get(name, "").strip() for name in ("name", "url", "agency")}
    if request.method == "POST":
        try:
            made, secret = _register(request, given)
            given = {}
        except ThuocdoError as error:
            problem = problems.from_error(error)
    hooks = list(_mine(request))
    names = agency_names(hook.agency for hook in hooks)
    who = person(request.user)
    context = {
        "title": _("Webhook"),
        "problem": problem,
        "given": given,
        "made": made,
        "secret": secret,
        "hooks": [(hook, names.get(hook.agency)) for hook in hooks],
        "kinds": [(each.value, kind_name(each, language())) for each in Kind],
        "severities": [(s.value, severity_name(s, language())) for s in Severity],
        "places": frame.places(who, Right.EDIT_WEBHOOKS),
        "whole_country": who.may(Right.EDIT_WEBHOOKS),
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    answer = frame.page(request, "web/work/steer/webhooks.html", context, status=status)
    if secret:
        answer["Cache-Control"] = "no-store"
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest, number: int) -> HttpResponse:
    """One webhook and its last calls; POST ends it, or tries a call again that was given up."""
    hook = get_object_or_404(_mine(request), pk=min(number, _MAX_NUMBER))
    if request.method == "POST":
        now = clock.now_us()
        if "disable" in request.POST:
            subscribing.disable(hook, request.user.get_username(), now)
            messages.success(request, _("Đã ngừng webhook. Không còn lời gọi nào được gửi."))
        else:
            key = request.POST.get("again", "")[:64]
            if outbox.again(get_object_or_404(hook.letters, key=key), now):
                messages.success(request, _("Lời gọi sẽ được gửi lại với cùng mã."))
        return redirect("work-webhook", hook.pk)
    context = {
        "title": hook.name,
        "hook": hook,
        "agency": agency_names([hook.agency]).get(hook.agency),
        "kind_names": [kind_name(Kind(kind), language()) for kind in hook.kinds],
        "severity": severity_name(Severity(hook.floor), language()),
        "calls": [_call(letter) for letter in hook.letters.all()[:_LISTED]],
    }
    return frame.page(request, "web/work/steer/webhook.html", context)


def _register(request: HttpRequest, given: dict[str, str]) -> tuple[Webhook, str]:
    form, who = request.POST, person(request.user)
    if not who.may(Right.EDIT_WEBHOOKS, given["agency"] or None):
        raise ThuocdoError("bad_subscription", "Not an agency of yours.", "Choose from the list.")
    kinds = [each.value for each in Kind if each.value in form.getlist("kinds")]
    floor = form.get("floor", "")
    return subscribing.register(
        settings.THUOCDO,
        given["name"],
        given["url"],
        given["agency"],
        [] if len(kinds) == len(Kind) else kinds,
        int(floor) if floor in {str(s.value) for s in Severity} else 0,
        request.user.get_username(),
    )


def _mine(request: HttpRequest) -> QuerySet[Webhook]:
    """Those of the reader's agencies; the whole country's belong to who holds the right there."""
    rows = limited(Webhook.objects.all(), request.user, Right.EDIT_WEBHOOKS)
    return rows if person(request.user).may(Right.EDIT_WEBHOOKS) else rows.exclude(agency="")


def _call(letter: Letter) -> dict[str, Any]:
    notice = letter.notices.first()
    waits = letter.state == Letter.State.WAITING
    return {
        "letter": letter,
        "incident": notice and notice.incident_id,
        "event": notice.event if notice else "",
        "made": from_datetime(letter.made_at),
        "next": from_datetime(letter.next_at) if waits else None,
    }
