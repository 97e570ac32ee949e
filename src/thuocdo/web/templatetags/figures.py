"""A figure on a page: its value, and the way to its passport."""

from __future__ import annotations

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from thuocdo.measure.model import Figure
from thuocdo.web import board, passports
from thuocdo.web.printing import printed
from thuocdo.web.templatetags.yearbook import fraction

register = template.Library()


@register.simple_tag
def figure_value(figure: Figure) -> SafeString:
    """A figure's value with n/N beneath it: a link to its passport, where it has one."""
    counts = "" if figure.unit == "duration" else fraction(figure.numerator, figure.denominator)
    value = printed(figure.value, figure.unit)
    name = passports.name_for(board.measure(), figure)
    if name is None:
        return format_html(
            '<span class="stack"><span class="value">{}</span>{}</span>', value, counts
        )
    return format_html(
        '<span class="stack"><a class="value" rel="nofollow" href="{}">{}</a>{}</span>',
        reverse("passport", args=[name]), value, counts,
    )  # fmt: skip
