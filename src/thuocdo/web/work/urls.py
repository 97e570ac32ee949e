"""Addresses of the workspaces; what right each needs stands in `web/access.py`."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from thuocdo.web.work import alerts, check_site, home, incidents, tasks, webhooks

urlpatterns = [
    path("", home.index, name="work"),
    path(_("co-quan/<str:code>/"), home.agency, name="work-agency"),
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
