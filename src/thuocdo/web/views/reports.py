"""The saved weekly reports: the list, and each in the formats it was printed in."""

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

from thuocdo.report.archive import Archived, archived, file_name
from thuocdo.report.render import Format
from thuocdo.web import board
from thuocdo.web.problems import Problem

_TYPES = {
    Format.JSON: "application/json; charset=utf-8",
    Format.HTML: "text/html; charset=utf-8",
    Format.DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    Format.PDF: "application/pdf",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL)


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    context = {
        "title": _("Báo cáo"),
        "reports": [
            {"report": kept.report, "files": _files(kept)} for kept in archived(board.instance())
        ],
    }
    return render(request, "web/reports.html", context)


@require_safe
def download(_request: HttpRequest, week: str, kind: str) -> HttpResponse:
    """One file of one report: the page is shown, the other formats are downloaded."""
    for kept in archived(board.instance()):
        for path in kept.files if kept.week == week else ():
            if path.suffix == f".{kind}":
                return _answer(path.read_bytes(), Format(kind), path.name)
    raise Problem(
        _("Chưa có báo cáo “%(week)s” ở định dạng “%(kind)s”.")
        % {"week": week[:20], "kind": kind[:10]},
        _("Chọn một báo cáo trong danh sách ở trang Báo cáo."),
        HTTPStatus.NOT_FOUND,
    )


def _files(kept: Archived) -> list[tuple[str, str]]:
    """(format, address) of what is printed already, the page first and the data last."""
    names = {path.name for path in kept.files}
    order = [*(form for form in Format if form is not Format.JSON), Format.JSON]
    return [
        (str(form), reverse("report", args=[kept.week, str(form)]))
        for form in order
        if file_name(kept.week, form) in names
    ]


def _answer(content: bytes, form: Format, name: str) -> HttpResponse:
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
