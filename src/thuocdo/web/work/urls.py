"""Addresses of the workspaces; what right each needs stands in `web/access.py`."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from thuocdo.web.work import (
    check_site,
    connections,
    coverage,
    home,
    keys,
    library,
    refused,
    reports,
    sites,
    targets,
)

urlpatterns = [
    path(_("do-phu/"), coverage.page, name="work-coverage"),
    path(_("dinh-nghia/"), library.page, name="work-library"),
    path(_("dinh-nghia/thu/"), library.trial, name="work-library-trial"),
    path(_("chi-tieu/"), targets.page, name="work-targets"),
    path(_("chi-tieu/moi"), targets.new, name="work-target-new"),
    path(_("chi-tieu/them"), targets.change, name="work-target-add"),
    path(_("chi-tieu/<slug:code>/"), targets.one, name="work-target"),
    path(_("chi-tieu/<slug:code>/sua"), targets.change, name="work-target-set"),
    path(_("bao-cao/"), reports.queue, name="work-reports"),
    path(_("bao-cao/<slug:week>/"), reports.page, name="work-report"),
    path(_("bao-cao/<slug:week>/du-thao.<slug:kind>"), reports.draft, name="work-report-draft"),
    path(_("bao-cao/<slug:week>/ky"), reports.sign, name="work-report-sign"),
    path(_("bao-cao/<slug:week>/buoc/<slug:kind>"), reports.step, name="work-report-step"),
    path("", home.index, name="work"),
    path(_("co-quan/<str:code>/"), home.agency, name="work-agency"),
    path(_("co-quan/<str:code>/ket-noi/"), connections.index, name="work-connections"),
    path(_("co-quan/<str:code>/ket-noi/<str:source>/"), connections.one, name="work-connection"),
    path(_("co-quan/<str:code>/bi-tu-choi/"), refused.page, name="work-rejects"),
    path(
        _("co-quan/<str:code>/bi-tu-choi/tep.<slug:kind>"),
        refused.download,
        name="work-rejects-file",
    ),
    path(_("co-quan/<str:code>/bi-tu-choi/xet-lai/"), refused.replay, name="work-replay-ask"),
    path(
        _("co-quan/<str:code>/bi-tu-choi/xet-lai/<int:number>/"),
        refused.result,
        name="work-replay",
    ),
    path(_("co-quan/<str:code>/trang/"), sites.index, name="work-sites"),
    path(_("co-quan/<str:code>/trang/<int:site_id>/"), sites.page, name="work-site"),
    path(_("co-quan/<str:code>/trang/<int:site_id>/sua/"), sites.change, name="work-site-change"),
    path(_("co-quan/<str:code>/khoa/"), keys.page, name="work-keys"),
    path(_("co-quan/<str:code>/khoa/tao/"), keys.make, name="work-key-make"),
    path(_("co-quan/<str:code>/khoa/<int:number>/thay/"), keys.rotate, name="work-key-rotate"),
    path(_("co-quan/<str:code>/khoa/<int:number>/thu-hoi/"), keys.revoke, name="work-key-revoke"),
    path(_("kiem-tra/"), check_site.page, name="check-site"),
    path(_("kiem-tra/<int:number>/"), check_site.result, name="check-site-result"),
    path(
        _("kiem-tra/<int:number>/<int:page_number>.png"),
        check_site.picture,
        name="check-site-picture",
    ),
]
