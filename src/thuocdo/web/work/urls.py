"""Addresses of the workspaces; what right each needs stands in `web/access.py`."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from thuocdo.web.work import assessments, check_site, home, marking, rounds

urlpatterns = [
    path("", home.index, name="work"),
    path(_("co-quan/<str:code>/"), home.agency, name="work-agency"),
    path(_("co-quan/<str:code>/danh-gia/"), assessments.index, name="work-assessments"),
    path(
        _("co-quan/<str:code>/danh-gia/<slug:number>/<str:system>/"),
        assessments.page,
        name="work-assessment",
    ),
    path(
        _("co-quan/<str:code>/danh-gia/<slug:number>/<str:system>/kien-nghi/"),
        assessments.appeal,
        name="work-appeal",
    ),
    path(_("dot-danh-gia/"), rounds.index, name="work-rounds"),
    path(_("dot-danh-gia/<slug:number>/"), rounds.page, name="work-round"),
    path(_("cham-diem/"), marking.index, name="work-marks"),
    path(_("cham-diem/<slug:number>/<str:system>/"), marking.page, name="work-mark"),
    path(_("kiem-tra/"), check_site.page, name="check-site"),
    path(_("kiem-tra/<int:number>/"), check_site.result, name="check-site-result"),
    path(
        _("kiem-tra/<int:number>/<int:page_number>.png"),
        check_site.picture,
        name="check-site-picture",
    ),
]
