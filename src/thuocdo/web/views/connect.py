"""How a portal is connected: the snippet of one site, what allows it, how to see that it counts."""

from __future__ import annotations

from http import HTTPStatus

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from thuocdo.collect.tracker.snippet import Style, pixel, policy, snippet
from thuocdo.core.vocabulary import REJECT_TEXTS, RejectReason
from thuocdo.registry.models import Agency, Site, System
from thuocdo.web import choosing, wording
from thuocdo.web.printing import language
from thuocdo.web.problems import Problem

STYLES = {
    Style.PLAIN: (
        gettext_lazy("Như mã đang dùng trên các cổng"),
        gettext_lazy("Luôn tải bản mới nhất của bộ đo; hợp với mọi cổng."),
    ),
    Style.PINNED: (
        gettext_lazy("Ghim một bản, kèm mã kiểm tra toàn vẹn"),
        gettext_lazy(
            "Trình duyệt chỉ chạy đúng bản này; muốn dùng bản mới thì lấy lại mã ở trang này."
        ),
    ),
    Style.EXTERNAL: (
        gettext_lazy("Không có mã viết thẳng trong trang"),
        gettext_lazy(
            "Cho cổng có chính sách nội dung chặt; cũng ghim một bản kèm mã kiểm tra toàn vẹn."
        ),
    ),
}
# Why a page view may be refused, likeliest first.
_REASONS = (
    RejectReason.UNKNOWN_SITE,
    RejectReason.FOREIGN_HOST,
    RejectReason.BAD_KEY,
    RejectReason.TOO_MANY,
)
_LARGEST_SITE = (1 << 31) - 1


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The page without a site explains; with one it gives the text to paste."""
    number = _number(request)
    style = _style(request)
    site = Site.objects.on(choosing.today()).filter(site_id=number).first() if number else None
    system = System.objects.on(choosing.today()).filter(code=site.system).first() if site else None
    agency = (
        Agency.objects.on(choosing.today()).filter(code=system.agency).first() if system else None
    )
    collector = settings.THUOCDO.collector_url
    texts = (
        {
            "snippet": snippet(number, collector, style=style),
            "pixel": pixel(number, collector),
            "policy": policy(number, collector, style=style),
        }
        if number
        else {}
    )
    context = {
        "title": _("Kết nối cổng thông tin"),
        "number": number,
        "site": site,
        "agency": agency,
        "kind": wording.SYSTEM_KINDS.get(system.kind, "") if system else "",
        "style": style,
        "style_note": STYLES[style][1],
        "inline": style is not Style.EXTERNAL,
        "styles": [(value, name) for value, (name, _note) in STYLES.items()],
        "collector": collector,
        "reasons": [
            (reason.value, REJECT_TEXTS[reason][language() == "en"]) for reason in _REASONS
        ],
        **texts,
    }
    return render(request, "web/connect.html", context)


def _number(request: HttpRequest) -> int | None:
    text = request.GET.get("site", "").strip()
    if not text:
        return None
    if not (
        text.isascii() and text.isdigit() and len(text) <= 10 and 0 < int(text) <= _LARGEST_SITE
    ):
        raise Problem(
            _("Mã giám sát phải là một số nguyên dương."),
            _("Xem mã ở trang của cơ quan, ví dụ 227."),
            HTTPStatus.BAD_REQUEST,
        )
    return int(text)


def _style(request: HttpRequest) -> Style:
    """The variant asked for; an unknown one, as from an old address, is the plain one."""
    try:
        return Style(request.GET.get("style", Style.PLAIN))
    except ValueError:
        return Style.PLAIN
