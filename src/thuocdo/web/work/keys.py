"""Keys of an agency's connecting systems: made, replaced with an overlap, revoked.

A secret is the answer to the form that made it and stands nowhere else: not in the database, not in
an address, not in a cache. The form carries a number that works once, so that a page loaded again
makes no second key.
"""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from thuocdo.core import key_days
from thuocdo.registry import keys
from thuocdo.registry.desk import of_agencies
from thuocdo.registry.forms import SiteKeyForm
from thuocdo.registry.models import SiteKey
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web import advice
from thuocdo.web.problems import Problem
from thuocdo.web.work import frame

OVERLAPS: Final = (1, 7, keys.KEEP_DAYS, 30)
"""Days for which an old key may go on beside its successor."""
_ONCE: Final = "key-forms"
_REMEMBERED: Final = 50


@require_safe
@frame.of_agency
def page(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The keys, and the form for another."""
    return _page(request, place, _form(request, place), HTTPStatus.OK)


@require_POST
@never_cache
@frame.of_agency
def make(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """A new key for the agency; the answer shows it, and nothing ever will again."""
    form = _form(request, place)
    if not form.is_valid():
        return _page(request, place, form, HTTPStatus.BAD_REQUEST)
    _use_once(request)
    given = form.cleaned_data
    key = keys.create_key(
        settings.THUOCDO,
        given["name"],
        agency=given["agency"],
        site_ids=given["site_ids"],
        feeds=given["feeds"],
        expires=given["expires"],
        who=request.user.get_username(),
    )
    return _shown(request, place, key, given["name"], "")


@require_POST
@never_cache
@frame.of_agency
def rotate(request: HttpRequest, place: frame.Place, number: int) -> HttpResponse:
    """A key in place of an old one, which goes on for some days."""
    old = get_object_or_404(_theirs(request, place), pk=number)
    text = request.POST.get("keep", "")
    if text not in map(str, OVERLAPS):
        raise Problem(_("Chọn số ngày khóa cũ còn dùng được."), _("Mở lại trang và chọn một số."))
    if old.revoked_at is not None:
        raise Problem(_("Khóa này đã bị thu hồi."), _("Tạo một khóa mới."))
    _use_once(request)
    who = request.user.get_username()
    key = keys.rotate(settings.THUOCDO, old, keep_days=int(text), who=who)
    old.refresh_from_db()
    return _shown(request, place, key, old.name, old.expires)


@require_POST
@frame.of_agency
def revoke(request: HttpRequest, place: frame.Place, number: int) -> HttpResponse:
    """The key opens nothing from now on; twice is harmless."""
    key = get_object_or_404(_theirs(request, place), pk=number)
    keys.revoke(settings.THUOCDO, key, who=request.user.get_username())
    return redirect("work-keys", place.code)


def _theirs(request: HttpRequest, place: frame.Place) -> QuerySet[SiteKey]:
    codes = person(request.user).below(place.code)
    return of_agencies(SiteKey.objects.exclude(agency=""), codes)


def _form(request: HttpRequest, place: frame.Place) -> SiteKeyForm:
    """The desk's form, which keeps to what its user looks after; the agency is that of the page."""
    form_of_user = type(
        "OwnKeyForm", (SiteKeyForm,), {"user": request.user, "right": Right.EDIT_KEYS}
    )
    if request.method != "POST":
        return form_of_user()
    sent = request.POST.copy()
    sent["agency"] = place.code
    return form_of_user(sent)


def _page(
    request: HttpRequest, place: frame.Place, form: SiteKeyForm, status: HTTPStatus
) -> HttpResponse:
    day, used = person(request.user).day, key_days.read(settings.THUOCDO.key_days_dir)
    context: dict[str, Any] = {
        "title": _("Khóa của cơ quan"),
        "keys": [(key, *_state(key, day), used.get(key.key_id)) for key in _theirs(request, place)],
        "form": form,
        "feeds": [(code, words) for code, words in form.fields["feeds"].choices],
        "sent": form.data.getlist("feeds") if form.is_bound else [],
        "once": secrets.token_urlsafe(),
        "overlaps": OVERLAPS,
        "usual_overlap": keys.KEEP_DAYS,
        "may_edit": person(request.user).may(Right.EDIT_KEYS, place.code),
        "feed_words": advice.feed,
    }
    return frame.page(request, "web/work/keys.html", context, place=place, status=status)


def _state(key: SiteKey, day) -> tuple[str, str, str]:
    """(class, mark, words); the words are empty for a key that works."""
    if key.revoked_at:
        return "", "–", _("đã thu hồi")
    if key.expires and key.expires < day:
        return "error", "✗", _("hết hạn")
    return "ok", "✓", _("đang dùng")


def _shown(
    request: HttpRequest, place: frame.Place, key: str, name: str, old_until: Any
) -> HttpResponse:
    context = {
        "title": _("Khóa mới"),
        "key": key,
        "name": name,
        "old_until": old_until,
        "collector": settings.THUOCDO.collector_url,
    }
    response = frame.page(request, "web/work/key.html", context, place=place)
    response["Cache-Control"] = "no-store"
    return response


def _use_once(request: HttpRequest) -> None:
    """Raises Problem for a form that was sent before, as a page that is loaded again sends it."""
    number, used = request.POST.get("once", "")[:80], request.session.get(_ONCE, [])
    if not number or number in used:
        raise Problem(
            _("Biểu mẫu này đã được gửi và khóa đã được tạo; khóa chỉ hiện một lần."),
            _("Nếu chưa kịp chép, thu hồi khóa ấy và tạo khóa khác."),
            HTTPStatus.CONFLICT,
        )
    request.session[_ONCE] = [*used, number][-_REMEMBERED:]
