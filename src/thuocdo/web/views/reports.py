"""The published weekly reports: the list, each with its editions and signature, and its files."""

from __future__ import annotations

import base64
import hashlib
import re
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.core.errors import ThuocdoError
from thuocdo.report.archive import file_name
from thuocdo.report.desk import public, shelf
from thuocdo.report.desk.public import Printed
from thuocdo.report.render import Format
from thuocdo.web import board
from thuocdo.web import report_tables as tables
from thuocdo.web.problems import Problem

_TYPES = {
    Format.JSON: "application/json; charset=utf-8",
    Format.HTML: "text/html; charset=utf-8",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.PDF: "application/pdf",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_SIGNATURE = "jws"
_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Báo cáo"),
        "reports": [
            {"printed": printed, "files": _files(printed)}
            for printed in public.current(board.instance())
        ],
    }
    return render(request, "web/reports.html", context)


@require_safe
def page(request: HttpRequest, week: str) -> HttpResponse:
    """One week's report: who signed it, its editions, what a revision changed."""
    printed = _printed(week)
    editions = [_printed(week, shelf.short(each.digest)) for each in reversed(printed.editions)]
    context = {
        "title": printed.head.report,
        "printed": printed,
        "editions": [
            {
                "printed": each,
                "files": _files(each),
                "changes": tables.of_changes(public.changes(board.instance(), week, each.edition)),
            }
            for each in editions
        ],
    }
    return render(request, "web/report.html", context)


@require_safe
def download(_request: HttpRequest, week: str, kind: str) -> HttpResponse:
    """One file of the report that stands: the page is shown, the other formats are downloaded."""
    return _file(_printed(week, kind=kind), kind)


@require_safe
def edition(_request: HttpRequest, week: str, name: str, kind: str) -> HttpResponse:
    """One file of one edition, and its signature; a replaced one says what took its place."""
    printed = _printed(week, name, kind)
    if kind == _SIGNATURE and printed.signature:
        response = HttpResponse(printed.signature, content_type="application/jose")
        response["Content-Disposition"] = f'attachment; filename="{week}.{name}.jws"'
        return response
    response = _file(printed, kind)
    if printed.edition.replaced_by:
        later = reverse("report-page", args=[week])
        response["Link"] = f'<{later}>; rel="successor-version"'
        response["Content-Disposition"] = response["Content-Disposition"].replace(
            'filename="', 'filename="da-bi-thay-the-'
        )
    return response


def _printed(week: str, name: str = "", kind: str = "") -> Printed:
    """Raises Problem 404 when nothing of it is published."""
    try:
        printed = public.of_week(board.instance(), week, name)
    except ThuocdoError as wrong:
        if wrong.code != "bad_week":
            raise
        printed = None
    if printed is None:
        raise _absent(week, kind)
    return printed


def _absent(week: str, kind: str) -> Problem:
    told = (
        _("Chưa có báo cáo “%(week)s” ở định dạng “%(kind)s”.")
        % {"week": week[:20], "kind": kind[:10]}
        if kind
        else _("Chưa công bố báo cáo nào của tuần “%(week)s”.") % {"week": week[:20]}
    )
    hint = _("Chọn một báo cáo trong danh sách ở trang Báo cáo.")
    return Problem(told, hint, HTTPStatus.NOT_FOUND)


def _file(printed: Printed, kind: str) -> HttpResponse:
    for path in printed.files:
        if path.suffix == f".{kind}":
            return answer(path.read_bytes(), Format(kind), path.name)
    raise _absent(printed.week, kind)


def _files(printed: Printed) -> list[tuple[str, str]]:
    """(format, address) of what is printed, the page first and the data last."""
    names = {path.name for path in printed.files}
    order = [*(form for form in Format if form is not Format.JSON), Format.JSON]
    stands = not printed.edition.replaced_by
    return [
        (
            str(form),
            reverse("report", args=[printed.week, str(form)])
            if stands
            else reverse("report-edition", args=[printed.week, printed.name, str(form)]),
        )
        for form in order
        if file_name(printed.week, form) in names
    ]


def answer(content: bytes, form: Format, name: str) -> HttpResponse:
    """A printed report as an answer: the page in the window under its own policy, the rest as files."""
    shown = form is Format.HTML
    response = HttpResponse(content, content_type=_TYPES[form])
    response["Content-Disposition"] = f'{"inline" if shown else "attachment"}; filename="{name}"'
    if shown:
        response["Content-Security-Policy"] = _policy(content)
    return response


def _policy(page: bytes) -> str:
    """A saved page may use the styles it was saved with, named by their digests, and nothing else."""
    digests = " ".join(
        f"'sha256-{base64.b64encode(hashlib.sha256(style).digest()).decode()}'"
        for style in _STYLE.findall(page)
    )
    styles = digests or "'none'"
    return (
        f"default-src 'none'; style-src {styles}; img-src data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
