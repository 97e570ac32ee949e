"""Tags of the pages of availability."""

from __future__ import annotations

from decimal import Decimal

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from thuocdo.assess.watching.model import Availability
from thuocdo.core.vietnamese import format_percent
from thuocdo.web import uptime
from thuocdo.web.printing import count, fraction_text, language

register = template.Library()


@register.simple_tag
def share(percent: Decimal | None, numerator: int, denominator: int) -> SafeString | str:
    """A percentage with its n/N; an en dash where there is none."""
    if percent is None:
        return "–"
    small = fraction_text(numerator, denominator)
    return format_html("{} <small>{}</small>", format_percent(percent, language()), small)


@register.simple_tag
def available(found: Availability) -> SafeString | str:
    """How available a system was; too little measured says nothing."""
    return share(found.percent, found.answered, found.measured)


@register.simple_tag
def covered(found: Availability) -> SafeString | str:
    """How much of the stretch was measured."""
    return share(found.coverage, found.measured, found.expected)


@register.simple_tag
def hours_strip(found: Availability) -> SafeString:
    return uptime.strip(found)


@register.simple_tag
def outages(found: Availability) -> str:
    """How many there were; an en dash where nothing was measured."""
    return count(len(found.outages)) if found.measured else "–"


@register.simple_tag
def response(found: Availability) -> SafeString | str:
    """Median and 95th percentile of the time to the first octet."""
    if found.p50_ms is None:
        return "–"
    return format_html("{} <small>/ {}</small>", ms(found.p50_ms), ms(found.p95_ms))


@register.filter
def ms(value: int | None) -> str:
    """Milliseconds; an en dash where nothing was answered."""
    return "–" if value is None else f"{count(value)} ms"
