"""Addresses of the workspaces; what right each needs stands in `web/access.py`."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from thuocdo.web.work import check_site, findings, home

urlpatterns = [
    path("", home.index, name="work"),
    path(_("co-quan/<str:code>/"), home.agency, name="work-agency"),
    path(_("dau-hieu/"), findings.of_country, name="work-country-findings"),
    path(_("co-quan/<str:code>/dau-hieu/"), findings.of_one, name="work-findings"),
    path(_("co-quan/<str:code>/dau-hieu/<str:key>/"), findings.one, name="work-finding"),
    path(_("kiem-tra/"), check_site.page, name="check-site"),
    path(_("kiem-tra/<int:number>/"), check_site.result, name="check-site-result"),
    path(
        _("kiem-tra/<int:number>/<int:page_number>.png"),
        check_site.picture,
        name="check-site-picture",
    ),
]
