"""Addresses of the workspaces; what right each needs stands in `web/access.py`."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from thuocdo.web.work import check_site, connections, home, keys, refused, sites

urlpatterns = [
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
