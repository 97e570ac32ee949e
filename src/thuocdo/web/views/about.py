"""What a state's site owes its readers: contact, help, privacy, accessibility, a map of itself."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from thuocdo.web import prose, site_map
from thuocdo.web.printing import language


@require_safe
def words(request: HttpRequest, name: str) -> HttpResponse:
    """One page of prose."""
    found = prose.page(name)
    sections = [
        (
            each.code,
            getattr(each.heading, language()),
            [
                (True, [prose.linked(getattr(line, language())) for line in part])
                if isinstance(part, list)
                else (False, prose.linked(getattr(part, language())))
                for part in each.parts
            ],
        )
        for each in found.sections
    ]
    context = {
        "title": getattr(found.title, language()),
        "lead": getattr(found.lead, language()),
        "sections": sections,
        "page": found,
        "name": name,
    }
    return render(request, "web/prose.html", context)


@require_safe
def contact(request: HttpRequest) -> HttpResponse:
    """How to reach whoever runs the system; what the operator has not set is said to be missing."""
    owner = settings.OWNER
    missing = [
        setting
        for setting, given in (
            ("THUOCDO_CONTACT_MAIL", owner.mail),
            ("THUOCDO_CONTACT_PHONE", owner.phone),
            ("THUOCDO_CONTACT_ADDRESS", owner.address),
        )
        if not given
    ]
    return render(request, "web/contact.html", {"title": _("Liên hệ"), "missing": missing})


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """The map people read."""
    return render(
        request, "web/sitemap.html", {"title": _("Sơ đồ trang"), "branches": site_map.branches()}
    )
