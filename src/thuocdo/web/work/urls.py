"""Addresses of the workspaces; what right each needs stands in `web/access.py`."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from thuocdo.web.work import (
    catalogue,
    catalogue_files,
    check_site,
    coverage,
    findings,
    home,
    library,
    matching,
    members,
    reconciling,
    reports,
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
    path(_("dau-hieu/"), findings.of_country, name="work-country-findings"),
    path(_("co-quan/<str:code>/dau-hieu/"), findings.of_one, name="work-findings"),
    path(_("co-quan/<str:code>/dau-hieu/<str:key>/"), findings.one, name="work-finding"),
    path(_("co-quan/<str:code>/danh-muc/"), catalogue.page, name="work-catalogue"),
    path(
        _("co-quan/<str:code>/danh-muc/mau.xlsx"),
        catalogue_files.template,
        name="work-catalogue-template",
    ),
    path(
        _("co-quan/<str:code>/danh-muc/hom-nay.<str:form>"),
        catalogue_files.current,
        name="work-catalogue-file",
    ),
    path(_("co-quan/<str:code>/danh-muc/<int:number>/"), catalogue.upload, name="work-upload"),
    path(
        _("co-quan/<str:code>/danh-muc/<int:number>/tung-dong.csv"),
        catalogue.lines,
        name="work-upload-lines",
    ),
    path(_("co-quan/<str:code>/doi-soat/"), reconciling.page, name="work-reconciling"),
    path(
        _("co-quan/<str:code>/doi-soat/bien-ban.xlsx"),
        reconciling.workbook,
        name="work-reconciling-file",
    ),
    path(_("co-quan/<str:code>/doi-soat/quyet-dinh/"), reconciling.decide, name="work-decided"),
    path(_("co-quan/<str:code>/doi-soat/so-cong-bo/"), reconciling.state, name="work-stated"),
    path(_("co-quan/<str:code>/doi-soat/so-ho-so/"), matching.page, name="work-matched"),
    path(_("co-quan/<str:code>/thanh-vien/"), members.page, name="work-members"),
    path(_("kiem-tra/"), check_site.page, name="check-site"),
    path(_("kiem-tra/<int:number>/"), check_site.result, name="check-site-result"),
    path(
        _("kiem-tra/<int:number>/<int:page_number>.png"),
        check_site.picture,
        name="check-site-picture",
    ),
]
