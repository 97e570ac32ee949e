"""Addresses of the workspaces; what right each needs stands in `web/access.py`."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from thuocdo.web.work import (
    alerts,
    assessments,
    check_site,
    coverage,
    home,
    incidents,
    library,
    marking,
    reports,
    rounds,
    targets,
    tasks,
    webhooks,
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
    path(_("hop-thu/"), incidents.inbox, name="work-inbox"),
    path(_("su-viec/"), incidents.country, name="work-incidents"),
    path(_("su-viec/<int:number>/"), incidents.page, name="work-incident"),
    path(_("co-quan/<str:code>/su-viec/"), incidents.agency, name="work-agency-incidents"),
    path(_("nhiem-vu/"), tasks.country, name="work-tasks"),
    path(_("nhiem-vu/giao/"), tasks.give, name="work-task-give"),
    path(_("nhiem-vu/<int:number>/"), tasks.page, name="work-task"),
    path(_("co-quan/<str:code>/nhiem-vu/"), tasks.agency, name="work-agency-tasks"),
    path(_("canh-bao/"), alerts.page, name="work-alerts"),
    path(_("canh-bao/xac-nhan/<str:token>/"), alerts.confirm, name="work-alerts-confirm"),
    path(_("canh-bao/ngung/<str:token>/"), alerts.unsubscribe, name="alerts-unsubscribe"),
    path(_("canh-bao/webhook/"), webhooks.index, name="work-webhooks"),
    path(_("canh-bao/webhook/<int:number>/"), webhooks.page, name="work-webhook"),
]
