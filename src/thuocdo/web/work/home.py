"""Where one arrives after signing in: one's agencies, and the first page of one of them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.registry.people import person
from thuocdo.registry.rights import Right
from thuocdo.web.work import frame


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """The agencies of the reader."""
    mine = frame.places(person(request.user), Right.SEE_WORK)
    return frame.page(request, "web/work/index.html", {"title": _("Bàn làm việc"), "places": mine})


@require_safe
@frame.of_agency
def agency(request: HttpRequest, place: frame.Place) -> HttpResponse:
    """One agency at a glance."""
    return frame.page(request, "web/work/agency.html", {"title": place.name}, place=place)
