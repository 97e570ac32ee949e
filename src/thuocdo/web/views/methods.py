"""The methods page: every version of every definition, as the definition files say it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.web import board


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    context = {"title": _("Phương pháp"), "definitions": board.definitions()}
    return render(request, "web/methods.html", context)
