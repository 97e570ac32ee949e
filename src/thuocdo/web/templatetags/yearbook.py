"""How figures, days and instants are printed on a page, in the reader's language."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from django import template
from django.contrib.staticfiles import finders
from django.template import RequestContext
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from thuocdo.core import clock
from thuocdo.core.vietnamese import (
    format_count,
    format_day,
    format_decimal,
    format_duration,
    format_percent,
)
from thuocdo.measure.model import Coverage, Figure
from thuocdo.registry.models import Agency
from thuocdo.web import charts, wording

register = template.Library()
_DIGEST_BYTES = 6
NOTHING = "–"


def language() -> str:
    """`vi` or `en`."""
    return "en" if (get_language() or "vi").startswith("en") else "vi"


@register.filter
def count(value: int | None) -> str:
    """9.941.921; an en dash for what was not measured."""
    return NOTHING if value is None else format_count(value, language())


@register.filter
def number(value: int | Decimal | None) -> str:
    """A count or a percentage's number: `9.941`, `88,45`; an en dash where nobody says one."""
    if value is None or value == "":
        return NOTHING
    return count(value) if isinstance(value, int) else format_decimal(value, 2, language())


@register.filter
def signed(value: int | Decimal | None) -> str:
    """A difference with its sign: `+12`, `−3`, `0`."""
    if value is None or value == "":
        return NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{number(abs(value))}"


@register.filter
def day(value: date | None) -> str:
    """A day; of an instant (aware) Vietnam's."""
    if isinstance(value, datetime):
        value = value.astimezone(clock.VIETNAM).date()
    return NOTHING if value is None else format_day(value, language())


@register.filter
def clock_time(instant: int | None) -> str:
    """Vietnam's time of an instant (µs UTC): `14:03:22` today, with the day before it otherwise."""
    if instant is None:
        return NOTHING
    at = clock.to_datetime(instant).astimezone(clock.VIETNAM)
    if at.date() == clock.local_day(clock.now_us()):
        return f"{at:%H:%M:%S}"
    return f"{at:%H:%M} {format_day(at.date(), language())}"


@register.filter
def moment(instant: int | None) -> str:
    """Vietnam's time of an instant (µs UTC) with its day, for what is read long after."""
    if instant is None:
        return NOTHING
    at = clock.to_datetime(instant).astimezone(clock.VIETNAM)
    return f"{at:%H:%M} {format_day(at.date(), language())}"


def printed(value: float | None, unit: str) -> str:
    """A value as every page prints it: `88,45%` or `9.941.921`."""
    if value is None:
        return NOTHING
    if unit == "percent":
        return format_percent(value, language())
    if unit == "points":
        return format_decimal(value, 2, language())
    return format_duration(round(value), language()) if unit == "duration" else count(round(value))


@register.simple_tag
def amount(value: float | None, unit: str) -> str:
    return printed(value, unit)


@register.simple_tag
def value_heading(unit: str) -> str:
    """What a column of values is called."""
    return {"percent": _("Tỷ lệ"), "count": _("Số lượng")}.get(unit, _("Giá trị"))


def fraction_text(numerator: int | None, denominator: int | None) -> str:
    """`n/N`; nothing for plain counts."""
    known = numerator is not None and denominator is not None
    return f"{count(numerator)}/{count(denominator)}" if known else ""


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
def flag_words(figure: Figure, shared: Collection[str] = ()) -> str:
    """A figure's flags in words, less those that are said once for the whole table."""
    return wording.flags(code for code in figure.flags if code not in shared)


@register.simple_tag
def agency_name(agency: Agency) -> str:
    """In the reader's language where the registry has it."""
    return agency.name_en if language() == "en" and agency.name_en else agency.name


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
