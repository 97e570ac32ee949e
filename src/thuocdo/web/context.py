"""What every page's frame needs: the menu, the other language, light or dark."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse, translate_url
from django.utils.translation import gettext as _

from thuocdo.web.views.machine import appearance


def frame(request: HttpRequest) -> dict[str, object]:
    """Menu entries (the current one marked), the page's address in each language, the theme."""
    match = request.resolver_match
    here = match.url_name if match else None
    entries = (
        (_("Tổng quan"), "overview", ()),
        (_("Xếp hạng"), "rankings", ("ranking",)),
        (_("Bản đồ"), "maps", ("map",)),
        (_("Cơ quan"), "agencies", ("agency", "advice", "compare", "sites", "site")),
        (_("Dịch vụ công"), "services", ("service",)),
        (_("Chất lượng"), "quality", ()),
        (_("Trực tiếp"), "live-page", ()),
        (_("Báo cáo"), "reports", ()),
        (_("Phương pháp"), "methods", ("method", "passport")),
        (_("Tìm kiếm"), "search", ()),
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
    return {"menu": menu, "alternates": alternates, **appearance(request)}
