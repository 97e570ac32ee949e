"""The workspace's check of a page's tag: ask for one, watch it, read what to do."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path

import msgspec
from django.conf import settings
from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from thuocdo.assess.models import SiteCheck
from thuocdo.assess.site_check import jobs, words
from thuocdo.assess.site_check.check import MAX_PAGES, Wanted
from thuocdo.assess.site_check.model import PageResult
from thuocdo.core.errors import ThuocdoError
from thuocdo.registry.desk import limited
from thuocdo.registry.models import Site
from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web import problems
from thuocdo.web.printing import language
from thuocdo.web.work import frame

_LISTED = 20
_REFRESH_SECONDS = 3
_MAX_NUMBER = 2_147_483_647  # what the database keeps


@require_http_methods(["GET", "HEAD", "POST"])
def page(request: HttpRequest) -> HttpResponse:
    """The form, and the checks asked for before."""
    sent = request.POST if request.method == "POST" else request.GET  # a link fills the form in
    given = {name: sent.get(name, "").strip() for name in ("url", "site", "pages")}
    problem = None
    if request.method == "POST":
        try:
            job = jobs.ask(settings.THUOCDO, request.user, _wanted(given))
        except ThuocdoError as error:
            problem = problems.from_error(error)
        else:
            return redirect("check-site-result", job.pk)
    context = {
        "title": _("Kiểm tra mã đo trên trang"),
        "given": given,
        "problem": problem,
        "max_pages": MAX_PAGES,
        "jobs": visible(request)[:_LISTED],
    }
    status = HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK
    return frame.page(request, "web/work/check_site.html", context, status=status)


@require_safe
def result(request: HttpRequest, number: int) -> HttpResponse:
    """One check: what is known of it now."""
    job = get_object_or_404(visible(request), pk=number)
    found = jobs.result_of(job)
    context = {
        "title": _("Kết quả kiểm tra mã đo"),
        "job": job,
        "refresh": _REFRESH_SECONDS if job.is_open else 0,
        "host_is_busy": jobs.waits_for_host(settings.THUOCDO, job),
        "failure": problems.from_error(ThuocdoError(job.failure, "")) if job.failure else None,
        "verdict": words.verdict(found, language()) if found else "",
        "counts": found.counts if found else None,
        "pages": [_told(each, n) for n, each in enumerate(found.pages, 1)] if found else [],
    }
    return frame.page(request, "web/work/check_site_result.html", context)


@require_safe
def picture(request: HttpRequest, number: int, page_number: int) -> FileResponse:
    """What the browser saw."""
    found = jobs.result_of(get_object_or_404(visible(request), pk=number))
    if found is None or not 1 <= page_number <= len(found.pages):
        raise Http404
    path = Path(found.pages[page_number - 1].observed.screenshot)
    if not path.is_file() or not path.is_relative_to(settings.THUOCDO.checks_dir):
        raise Http404
    return FileResponse(path.open("rb"), content_type="image/png")


def visible(request: HttpRequest) -> QuerySet[SiteCheck]:
    """The reader's own checks, and those of sites over which they may see everybody's."""
    rows = SiteCheck.objects.select_related("asked_by")
    if person(request.user).may(Right.SEE_CHECKS):
        return rows
    theirs = limited(Site.objects.all(), request.user, Right.SEE_CHECKS)
    return rows.filter(Q(asked_by=request.user) | Q(site_id__in=theirs.values("site_id")))


def _wanted(given: dict[str, str]) -> Wanted:
    return Wanted(given["url"], _number(given["site"]), pages=_number(given["pages"] or "1") or 0)


def _number(text: str) -> int | None:
    if not text:
        return None
    if not text.isdecimal() or int(text) > _MAX_NUMBER:
        raise ThuocdoError("bad_number", f"{text!r} is not a number.")
    return int(text)


def _told(page: PageResult, number: int) -> dict[str, object]:
    """One page's part of the result, in the reader's language."""
    return {
        "number": number,
        "seen": page.observed,
        "findings": [
            msgspec.structs.asdict(words.tell(each, language())) for each in page.findings
        ],
        "has_picture": bool(page.observed.screenshot) and Path(page.observed.screenshot).is_file(),
    }
