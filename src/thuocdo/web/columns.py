"""Columns over time as inline SVG: what was accepted, left to robots and refused, one on the other.

As in `charts`: no script and no style attribute, colours belong to the style sheet, and the table
the columns are drawn from stands beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import uuid4

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from thuocdo.web import charts
from thuocdo.web.intake import Tally

_WIDTH, _HEIGHT = 480.0, 150.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 4.0, 10.0, 22.0
_GAP = 0.2  # of a column's width
_LABEL_GAP = 6.0
_BASELINE_SHIFT = 4.0
_BAR_HEIGHT = 8


def columns(
    tallies: Sequence[Tally],
    title: str,
    description: str,
    *,
    ends: tuple[str, str],
    ticks: Sequence[tuple[float, str]],
) -> SafeString:
    """A column for each tally, oldest first.

    ends   what the first and the last column are called
    ticks  (value, printed) of the horizontal rules; the last is the top
    """
    top = ticks[-1][0]
    identity = f"k{uuid4().hex[:8]}"
    drawn = [
        part
        for place, tally in enumerate(tallies)
        for part in _column(place, tally, len(tallies), top)
    ]
    return format_html(
        '<svg class="chart columns-chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}t {}d">'
        '<title id="{}t">{}</title><desc id="{}d">{}</desc>{}{}{}</svg>',
        _short(_WIDTH), _short(_HEIGHT), identity, identity, identity, title, identity, description,
        _grid(ticks), format_html_join("", "{}", ((part,) for part in drawn)), _ends(ends),
    )  # fmt: skip


def split_bar(tally: Tally, largest: int) -> SafeString:
    """The three parts of a tally against the largest; decoration beside printed numbers."""
    if largest <= 0:
        return mark_safe("")
    at, parts = 0.0, []
    for name, value in _parts(tally):
        width = charts.FULL_PERCENT * value / largest
        if value:
            parts.append((name, _short(at), _short(width), _BAR_HEIGHT))
        at += width
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="track" width="100" height="8"/>{}</svg>',
        format_html_join("", '<rect class="{}" x="{}" width="{}" height="{}"/>', parts),
    )


def _parts(tally: Tally) -> tuple[tuple[str, int], ...]:
    """From the ground up: (class, records)."""
    return ("fill", tally.accepted), ("fill-bot", tally.bots), ("fill-refused", tally.refused)


def _column(place: int, tally: Tally, count: int, top: float) -> list[SafeString]:
    step = (_WIDTH - _LEFT - _RIGHT) / count
    x, width = _LEFT + place * step + step * _GAP / 2, step * (1 - _GAP)
    drawn, below = [], 0.0
    for name, value in _parts(tally):
        if value:
            upper, lower = _y(below + value, top), _y(below, top)
            drawn.append(
                format_html(
                    '<path class="{}" d="M{} {}h{}V{}h-{}z"/>',
                    name, _short(x), _short(upper), _short(width), _short(lower), _short(width),
                )
            )  # fmt: skip
        below += value
    return drawn


def _grid(ticks: Sequence[tuple[float, str]]) -> SafeString:
    top = ticks[-1][0]
    lines = (
        (
            _short(_LEFT), _short(_y(value, top)), _short(_WIDTH - _RIGHT),
            _short(_LEFT - _LABEL_GAP), _short(_y(value, top) + _BASELINE_SHIFT), printed,
        )
        for value, printed in ticks
    )  # fmt: skip
    return format_html_join(
        "",
        '<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        lines,
    )


def _ends(ends: tuple[str, str]) -> SafeString:
    y = _short(_HEIGHT - _LABEL_GAP)
    places = ((_short(_LEFT), "start"), (_short(_WIDTH - _RIGHT), "end"))
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}">{}</text>',
        ((x, y, anchor, label) for (x, anchor), label in zip(places, ends, strict=True)),
    )


def _y(value: float, top: float) -> float:
    return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - min(value, top) / top)


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
