"""What templates print with: web/printing.py under its own names, and what only a page has."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.template import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from thuocdo.core.vietnamese import (
    format_decimal,
    format_percent,
)
from thuocdo.measure.model import Coverage, Figure
from thuocdo.registry.models import Agency
from thuocdo.web import charts
from thuocdo.web.printing import (
    NOTHING,
    agency_name,
    clock_time,
    count,
    day,
    flag_words,
    fraction_text,
    language,
    moment,
    number,
    printed,
    signed,
)

register = template.Library()
_DIGEST_BYTES = 6

for _filter in (count, number, signed, day, clock_time, moment, flag_words):
    register.filter(_filter)
register.simple_tag(agency_name)


@register.simple_tag
def amount(value: float | None, unit: str) -> str:
    return printed(value, unit)


@register.simple_tag
def value_heading(unit: str) -> str:
    """What a column of values is called."""
    return {"percent": _("Tỷ lệ"), "count": _("Số lượng")}.get(unit, _("Giá trị"))


@register.simple_tag
def fraction(numerator: int | None, denominator: int | None) -> SafeString | str:
    """The `n/N` printed small beneath a percentage."""
    text = fraction_text(numerator, denominator)
    return format_html("<small>{}</small>", text) if text else ""


@register.simple_tag
def figure_chance(figure: Figure) -> SafeString | str:
    """The interval, and small beneath it the ranks that chance leaves open; a dash without one."""
    if figure.interval is None:
        return NOTHING
    low = format_decimal(figure.interval.low, 2, language())
    high = format_percent(figure.interval.high, language())
    best, worst = figure.rank_low, figure.rank_high
    ranks = str(best) if best == worst else f"{best}–{worst}"
    return format_html(
        '<span class="stack"><span>{}–{}</span><small>{}</small></span>',
        low,
        high,
        _("hạng %(ranks)s") % {"ranks": ranks},
    )


@register.simple_tag
def coverage(value: Coverage | None) -> str:
    """Sources reporting of sources expected."""
    return NOTHING if value is None else f"{count(value.reporting)}/{count(value.expected)}"


@register.filter
def agency_words(agency: Agency) -> str:
    """The same where a tag cannot stand."""
    return agency_name(agency)


@register.filter
def item(values: Sequence[Any], place: int) -> Any:
    """The one at a place."""
    return values[place]


@register.simple_tag
def value_bar(value: float | None, largest: float) -> SafeString:
    return charts.bar(value, largest)


@register.simple_tag(takes_context=True)
def query(context: RequestContext, **changes: Any) -> str:
    """The address's query with some parameters changed; an empty value takes one away."""
    parameters = context["request"].GET.copy()
    for name, value in changes.items():
        key = name.rstrip("_")
        if value in (None, ""):
            parameters.pop(key, None)
        else:
            parameters[key] = str(value)
    return "?" + parameters.urlencode()


@cache
def _digest(path: str) -> str:
    found = finders.find(path)
    if found is None:
        raise FileNotFoundError(path)
    return hashlib.blake2b(Path(found).read_bytes(), digest_size=_DIGEST_BYTES).hexdigest()


@register.simple_tag
def asset(path: str) -> str:
    """A static file's address with the digest of its content: a new file is a new address."""
    return f"{static(path)}?v={_digest(path)}"
