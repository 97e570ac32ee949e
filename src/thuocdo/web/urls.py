"""Addresses: Vietnamese at the root, English below /en/; machines' addresses have no language."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path
from django.utils.translation import gettext_lazy as _

from thuocdo.assess.probes.load.appointment import PATH as LEAVE
from thuocdo.web import entrance
from thuocdo.web.api import pages as data_pages
from thuocdo.web.views import (
    about,
    advising,
    agencies,
    comparing,
    connect,
    feedback,
    finding,
    live,
    machine,
    maps,
    methods,
    overview,
    passports,
    quality,
    rankings,
    reports,
    rounds,
    rules_changes,
    services,
    sites,
    status,
    well_known,
)

handler400 = "thuocdo.web.problems.bad_request"
handler404 = "thuocdo.web.problems.not_found"
handler429 = "thuocdo.web.problems.too_many"
handler500 = "thuocdo.web.problems.server_error"

admin.autodiscover()

urlpatterns: list[URLPattern | URLResolver] = [
    path("health", machine.health, name="health"),
    path("robots.txt", well_known.robots, name="robots"),
    path("sitemap.xml", well_known.sitemap, name="sitemap-xml"),
    path(".well-known/security.txt", well_known.security, name="security-txt"),
    path(LEAVE.strip("/"), well_known.load_test, name="load-test"),
    path("favicon.ico", machine.favicon, name="favicon"),
    path("i18n/", include("django.conf.urls.i18n")),
    path("", include("thuocdo.web.api.urls")),
]

urlpatterns += i18n_patterns(
    path("", overview.page, name="overview"),
    path("live.json", overview.live, name="live"),
    path("theme", machine.theme, name="theme"),
    path(_("xep-hang/"), rankings.index, name="rankings"),
    path(_("xep-hang/<slug:indicator>/"), rankings.page, name="ranking"),
    path(_("ban-do/"), maps.index, name="maps"),
    path(_("ban-do/<slug:indicator>/"), maps.page, name="map"),
    path(_("co-quan/"), agencies.index, name="agencies"),
    path(_("co-quan/<str:code>/"), agencies.page, name="agency"),
    path(_("co-quan/<str:code>/khuyen-nghi/"), advising.page, name="advice"),
    path(_("bao-cao/"), reports.index, name="reports"),
    path(_("bao-cao/<slug:week>.<slug:kind>"), reports.download, name="report"),
    path(_("bao-cao/<slug:week>/"), reports.page, name="report-page"),
    path(_("bao-cao/<slug:week>/<slug:name>.<slug:kind>"), reports.edition, name="report-edition"),
    path(_("dich-vu/"), services.index, name="services"),
    path(_("dich-vu/<str:code>/"), services.page, name="service"),
    path(_("tim-kiem/"), finding.page, name="search"),
    path(_("chat-luong/"), quality.page, name="quality"),
    path(_("chat-luong/<slug:code>/"), rounds.page, name="quality-round"),
    path(_("chat-luong/<slug:code>.<slug:kind>"), rounds.download, name="quality-file"),
    path(_("chat-luong/<slug:code>/nha-cung-cap/"), rounds.vendors, name="quality-vendors"),
    path(_("chat-luong/<slug:code>/bo-tieu-chi/"), rounds.rules, name="quality-rules"),
    path(_("chat-luong/<slug:code>/so-sanh/"), rules_changes.compare, name="quality-compare"),
    path(_("chat-luong/<slug:code>/thu-doi/"), rules_changes.simulate, name="quality-simulate"),
    path(
        _("chat-luong/<slug:code>/bang-chung/<slug:sha256>"),
        rounds.evidence,
        name="quality-evidence",
    ),
    path(_("chat-luong/<slug:code>/<str:system>/"), rounds.system, name="quality-system"),
    path(_("truc-tiep/"), live.page, name="live-page"),
    path("live/stream", live.stream, name="live-stream"),
    path(_("tinh-trang/"), status.page, name="status"),
    path(_("so-sanh/"), comparing.page, name="compare"),
    path(_("con-so/<str:name>"), passports.page, name="passport"),
    path(_("phuong-phap/"), methods.index, name="methods"),
    path(_("phuong-phap/<slug:indicator>/"), methods.page, name="method"),
    path(_("tro-giup/"), about.words, {"name": "help"}, name="help"),
    path(_("lien-he/"), about.contact, name="contact"),
    path(_("gop-y/"), feedback.page, name="feedback"),
    path(_("quyen-rieng-tu/"), about.words, {"name": "privacy"}, name="privacy"),
    path(_("kha-nang-tiep-can/"), about.words, {"name": "accessibility"}, name="accessibility"),
    path(_("so-do-trang/"), about.sitemap, name="sitemap"),
    path(_("du-lieu-mo/"), data_pages.opendata, name="opendata"),
    path("api/", data_pages.documentation, name="api"),
    path("connect", connect.page, name="connect"),
    path("sites", sites.index, name="sites"),
    path("sites/<int:site_id>", sites.page, name="site"),
    path("sites/<int:site_id>.<slug:kind>", sites.download, name="site-download"),
    *entrance.urlpatterns,
    path(_("lam-viec/"), include("thuocdo.web.work.urls")),
    path("admin/", admin.site.urls),
    prefix_default_language=False,
)
