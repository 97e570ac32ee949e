"""Search: one box for agencies, services and indicators, with or without accents."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.web import finding
from thuocdo.web.problems import Problem

_LONGEST = 100
_LISTED = 40


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    wanted = " ".join(request.GET.get("q", "").split())
    if len(wanted) > _LONGEST or not wanted.isprintable():
        raise Problem(
            _("Câu tìm kiếm quá dài hoặc có ký tự lạ."),
            _("Tìm bằng vài chữ của tên hoặc bằng mã, nhiều nhất %(n)s ký tự.") % {"n": _LONGEST},
        )
    makers = (
        (_("Cơ quan"), finding.agencies),
        (_("Dịch vụ công"), finding.procedures),
        (_("Chỉ số"), finding.indicators),
    )
    found = [(label, make(wanted)) for label, make in makers] if wanted else []
    context = {
        "title": _("Tìm kiếm"),
        "wanted": wanted,
        "groups": [
            (label, hits[:_LISTED], len(hits), len(hits) > _LISTED) for label, hits in found if hits
        ],
        "listed": _LISTED,
    }
    return render(request, "web/search.html", context)
