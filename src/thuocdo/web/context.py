"""What every page's frame needs: the menu, the other language, light or dark, who runs the site."""

from __future__ import annotations

from functools import cache

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from thuocdo.collect.tracker.snippet import Style, snippet
from thuocdo.web import access
from thuocdo.web.views.machine import appearance

_ROUNDS = (
    *("quality-round", "quality-system", "quality-vendors", "quality-rules"),
    *("quality-compare", "quality-simulate"),
)


def frame(request: HttpRequest) -> dict[str, object]:
    """Menu entries (the current one marked), the page's address in each language, the theme, the owner, the tracker."""
    match = request.resolver_match
    here = match.url_name if match else None
    entries = (
        (_("Tổng quan"), "overview", ()),
        (_("Xếp hạng"), "rankings", ("ranking",)),
        (_("Bản đồ"), "maps", ("map",)),
        (_("Cơ quan"), "agencies", ("agency", "advice", "compare", "sites", "site")),
        (_("Dịch vụ công"), "services", ("service",)),
        (_("Chất lượng"), "quality", _ROUNDS),
        (_("Trực tiếp"), "live-page", ()),
        (_("Báo cáo"), "reports", ()),
        (_("Phương pháp"), "methods", ("method", "passport")),
    )
    menu = [
        {
            "label": label,
            "address": reverse(name),
            "current": "page" if here == name else "true" if here in below else "",
        }
        for label, name, below in entries
    ]
    address = request.get_full_path()
    alternates = [(code, translate_url(address, code)) for code, _name in settings.LANGUAGES]
    owner = settings.OWNER
    counted = owner.site_id and match is not None and access.is_plainly_public(match.view_name)
    return {
        "menu": menu,
        "alternates": alternates,
        "origin": _origin(request),
        "owner": owner,
        "tracker": _tracker(owner.site_id, settings.THUOCDO.collector_url) if counted else "",
        **appearance(request),
    }


def _origin(request: HttpRequest) -> str:
    """How the reader came to the site; empty when that is not one of its names."""
    try:
        return f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return ""


@cache
def _tracker(site_id: int, collector: str) -> SafeString:
    """The snippet other portals paste, in the form that needs no inline script."""
    return mark_safe(snippet(site_id, collector, style=Style.EXTERNAL))  # noqa: S308 - ours
