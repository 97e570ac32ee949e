"""Files that programs look for at fixed places: robots.txt, sitemap.xml, security.txt, a load test's leave."""

from __future__ import annotations

from datetime import timedelta
from http import HTTPStatus
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import translation
from django.views.decorators.http import require_safe

from thuocdo.assess.probes.load.appointment import PATH as LEAVE
from thuocdo.core.clock import now_us, to_datetime
from thuocdo.web import board, site_map

_CLOSED: Final = ("/admin/", "/con-so/", "/lam-viec/")
_CLOSED_EN: Final = ("/en/admin/", "/en/figures/", "/en/work/")
_EXPIRES: Final = timedelta(days=180)
"""RFC 9116, 2.5.5 recommends less than a year."""

_LINK: Final = "http://www.w3.org/1999/xhtml"
_SCHEMA: Final = "http://www.sitemaps.org/schemas/sitemap/0.9"
_UNSET: Final = (
    "There is no security contact: the operator must set THUOCDO_SECURITY_CONTACT "
    "(mailto:…, https://… or tel:…), or THUOCDO_CONTACT_MAIL.\n"
)


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    lines = ["User-agent: *", *(f"Disallow: {path}" for path in (*_CLOSED, *_CLOSED_EN))]
    lines += ["Disallow: /*?", "", f"Sitemap: {request.build_absolute_uri(reverse('sitemap-xml'))}"]
    return _text("\n".join(lines) + "\n")


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """RFC 9116; without a contact it would be none, so then there is none."""
    contact = settings.OWNER.security_contact
    if not contact:
        return _text(_UNSET, HTTPStatus.NOT_FOUND)
    expires = (to_datetime(now_us()) + _EXPIRES).replace(hour=0, minute=0, second=0, microsecond=0)
    lines = (
        f"Contact: {contact}",
        f"Expires: {expires:%Y-%m-%dT%H:%M:%SZ}",
        "Preferred-Languages: vi, en",
        f"Canonical: {request.build_absolute_uri()}",
    )
    return _text("\n".join(lines) + "\n")


@require_safe
def load_test(_request: HttpRequest) -> HttpResponse:
    """The leave for a load test of this site itself: a file its operator put below the home folder."""
    path = board.instance().home / LEAVE.strip("/")
    if not path.is_file():
        return _text("No load test is permitted.\n", HTTPStatus.NOT_FOUND)
    return _text(path.read_text("utf-8"))


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Every page in both languages, each naming the other (sitemaps.org; hreflang as Google reads it)."""
    found = []
    for code, _name in settings.LANGUAGES:
        with translation.override(code):
            found.append([request.build_absolute_uri(each) for each in site_map.addresses()])
    languages = [code for code, _name in settings.LANGUAGES]
    lines = ['<?xml version="1.0" encoding="UTF-8"?>']
    lines.append(f'<urlset xmlns="{_SCHEMA}" xmlns:xhtml="{_LINK}">')
    for addresses in zip(*found, strict=True):
        others = "".join(
            f'<xhtml:link rel="alternate" hreflang="{code}" href={quoteattr(address)}/>'
            for code, address in zip(languages, addresses, strict=True)
        )
        lines += [f"<url><loc>{escape(each)}</loc>{others}</url>" for each in addresses]
    lines.append("</urlset>")
    return HttpResponse("\n".join(lines), content_type="application/xml; charset=utf-8")


def _text(content: str, status: int = HTTPStatus.OK) -> HttpResponse:
    return HttpResponse(content, content_type="text/plain; charset=utf-8", status=status)
