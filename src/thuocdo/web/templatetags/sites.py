"""How the intake of a site is printed: hours, days and bars of three parts."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from thuocdo.core import clock
from thuocdo.core.vietnamese import format_day
from thuocdo.web import columns
from thuocdo.web.intake import Tally
from thuocdo.web.printing import language

register = template.Library()


@register.filter
def hour_of_day(start: int) -> str:
    """`14:00 22/11`: when a local hour began, µs UTC."""
    at = clock.to_datetime(start).astimezone(clock.VIETNAM)
    return f"{at:%H:%M} {at:%d/%m}" if language() == "vi" else f"{at:%H:%M}, {at.day} {at:%b}"


@register.filter
def day_of(start: int) -> str:
    """The day that began at an instant, µs UTC."""
    return format_day(clock.local_day(start), language())


@register.simple_tag
def split_bar(tally: Tally, largest: int) -> SafeString:
    return columns.split_bar(tally, largest)


@register.simple_tag
def refused_bar(records: int, largest: int) -> SafeString:
    return columns.split_bar(Tally(refused=records), largest)
