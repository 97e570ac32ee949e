"""Sites of an agency: what to paste into each, what is asked of its senders, and changing that.

A change is another dated row from today on, so that yesterday's rules can still be told; the row
that began today is corrected. The collector knows within seconds.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.db.models import Max
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.assess.models import SiteCheck
from thuocdo.collect.tracker.snippet import Style, policy, snippet
from thuocdo.core import clock
from thuocdo.core.vocabulary import SystemKind
from thuocdo.registry import trail
from thuocdo.registry.forms import SiteForm
from thuocdo.registry.models import Change, Site
from thuocdo.registry.people import person
from thuocdo.registry.publish import publish
from thuocdo.registry.rights import Right
from thuocdo.web.views.connect import STYLES
from thuocdo.web.work import connections, frame, sources, telling
from thuocdo.web.work.check_site import visible
from thuocdo.web.work.health import State
from thuocdo.web.work.sources import Watched

_ASKED: Final = ("hostnames", "only_hosts", "networks", "needs_key")
_NEW: Final = ("site_id", "system", "name", "hostnames")
_RuleForm: Final = forms.modelform_factory(Site, form=SiteForm, fields=_ASKED)
_NewForm: Final = forms.modelform_factory(Site, form=SiteForm, fields=_NEW)


@require_http_methods(["GET", "HEAD", "POST"])
@frame.of_agency
def index(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """The sites of today, and the form for another."""
    who = person(request.user)
    may_edit = who.may(Right.EDIT_SITES, place.code)
    every = sources.of_place(who, place.code, clock.now_us())
    running = [each for each in every if each.state is not State.CLOSED]
    form = _new_form(request, running, may_edit=may_edit)
    if form.is_bound and form.is_valid():
        site = form.save(commit=False)
        site.valid_from = who.day
        _keep(request, site, None)
        messages.success(request, _("Đã đăng ký trang %(id)s.") % {"id": site.site_id})
        return redirect("work-site", place.code, site.site_id)
    numbers = [site.site_id for each in running for site in each.sites]
    checks = {job.site_id: job for job in _checks(request, numbers)}
    context = {
        "title": _("Trang và mã nhúng"),
        "rows": [
            (site, each, telling.MARKS[each.state], telling.state(each.state),
             checks.get(site.site_id))
            for each in running
            for site in each.sites
        ],
        "form": form,
        "systems": [(each.system, each.name) for each in running],
        "may_edit": may_edit and bool(running),
        "free": (Site.objects.aggregate(last=Max("site_id"))["last"] or 0) + 1,
    }  # fmt: skip
    wrong = form.is_bound and bool(form.errors)
    status = HTTPStatus.BAD_REQUEST if wrong else HTTPStatus.OK
    return frame.page(request, "web/work/sites.html", context, place=place, status=status)


@require_safe
@frame.of_agency
def page(request: HttpRequest, place: frame.Place, site_id: int) -> HttpResponse:
    """One site: its snippet in every shape, its rules, the last check of its tag."""
    watched, site = _site(request, place, site_id)
    return _page(request, place, watched, site, _RuleForm(instance=site), HTTPStatus.OK)


@require_http_methods(["POST"])
@frame.of_agency
def change(request: HttpRequest, place: frame.Place, site_id: int) -> HttpResponse:
    """Other hosts, networks or demands, from today on."""
    watched, site = _site(request, place, site_id)
    before = Site.objects.get(pk=site.pk)
    form = _RuleForm(request.POST, instance=site)
    if not form.is_valid():
        return _page(request, place, watched, before, form, HTTPStatus.BAD_REQUEST)
    changed = form.save(commit=False)
    if not form.has_changed():
        messages.info(request, _("Không có gì thay đổi."))
        return redirect("work-site", place.code, site_id)
    today = person(request.user).day
    if before.valid_from != today:
        changed.pk, changed.valid_from = None, today
    _keep(request, changed, before)
    messages.success(request, _("Đã ghi; nơi tiếp nhận áp dụng trong vài giây."))
    return redirect("work-site", place.code, site_id)


def _keep(request: HttpRequest, site: Site, before: Site | None) -> None:
    """Save the row with its trace, and tell the collector once that is sure."""
    with transaction.atomic():
        is_new = site.pk is None
        site.save()
        trail.record(
            Change.Action.CREATE if is_new else Change.Action.UPDATE,
            Change.What.SITE,
            who=request.user.get_username(),
            key=" ".join(str(part) for part in site.key if part is not None),
            before=trail.contents(before) if before else None,
            after=trail.contents(site),
        )
        transaction.on_commit(lambda: publish(settings.THUOCDO))


def _site(request: HttpRequest, place: frame.Place, site_id: int) -> tuple[Watched, Site]:
    """The row that holds today of one of the agency's sites. Raises Problem (404)."""
    every = sources.of_place(person(request.user), place.code, clock.now_us())
    watched = connections.find(every, str(site_id))
    return watched, watched.sites[0]


def _new_form(request: HttpRequest, running: list[Watched], *, may_edit: bool) -> Any:
    """The desk's form; who may not add a site sends it in vain."""
    if request.method != "POST" or not may_edit:
        return _NewForm()
    of_user = type("OwnSiteForm", (_NewForm,), {"user": request.user, "right": Right.EDIT_SITES})
    form = of_user(request.POST)
    codes = {each.system for each in running}
    if form.is_valid() and form.cleaned_data["system"] not in codes:
        form.add_error("system", _("Chọn một hệ thống đang hoạt động của cơ quan."))
    if form.is_valid() and Site.objects.filter(site_id=form.cleaned_data["site_id"]).exists():
        form.add_error("site_id", _("Mã giám sát này đã có trang dùng."))
    return form


def _page(
    request: HttpRequest, place: frame.Place, watched: Watched, site: Site, form: Any,
    status: HTTPStatus,
) -> HttpResponse:  # fmt: skip
    collector = settings.THUOCDO.collector_url
    is_one_stop = watched.kind == SystemKind.ONE_STOP
    host = site.host_list[0] if site.host_list else ""
    check = reverse("check-site") + f"?site={site.site_id}"
    context = {
        "title": site.name,
        "site": site,
        "watched": watched,
        "state": telling.state(watched.state),
        "mark": telling.MARKS[watched.state],
        "form": form,
        "snippets": []
        if is_one_stop
        else [
            {
                "name": name,
                "note": note,
                "text": snippet(site.site_id, collector, style=style),
                "policy": policy(site.site_id, collector, style=style),
            }
            for style, (name, note) in STYLES.items()
        ],
        "plain": Style.PLAIN,
        "check": check + (f"&url=https://{host}/" if host else ""),
        "last_check": next(iter(_checks(request, [site.site_id])), None),
        "may_edit": person(request.user).may(Right.EDIT_SITES, place.code),
    }
    return frame.page(request, "web/work/site.html", context, place=place, status=status)


def _checks(request: HttpRequest, numbers: list[int]) -> list[SiteCheck]:
    """The latest finished check of each of these sites that the reader may see."""
    rows = visible(request).filter(site_id__in=numbers, state=SiteCheck.State.DONE)
    latest = {job.site_id: job for job in rows.order_by("asked_at")}
    return list(latest.values())
