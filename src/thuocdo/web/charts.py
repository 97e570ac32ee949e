"""Charts as inline SVG, made here from plain numbers: no chart script, no style attribute.

Every chart carries a title and a description for those who cannot see it, and stands beside the
table it was drawn from. Colours and strokes belong to the style sheet. Coordinates are rounded to
a tenth of a unit, which keeps a page of sparklines small.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10
from uuid import uuid4

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

_WIDTH, _HEIGHT = 480.0, 160.0
_LEFT, _RIGHT, _TOP, _BOTTOM = 52.0, 64.0, 12.0, 22.0
_SPARK_WIDTH, _SPARK_HEIGHT, _SPARK_EDGE = 128.0, 34.0, 4.0
_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
_LABEL_GAP = 6.0
_BASELINE_SHIFT = 4.0
FULL_PERCENT = 100.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One point of a line: what it is called, its value (None: not measured) and as printed."""

    label: str
    value: float | None
    printed: str


def bar(value: float | None, largest: float) -> SafeString:
    """A bar of `value` against `largest`; decoration beside a printed number, hidden from readers."""
    if value is None or largest <= 0:
        return mark_safe("")
    share = max(0.0, min(FULL_PERCENT, FULL_PERCENT * value / largest))
    return format_html(
        '<svg class="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="track" width="100" height="8"/>'
        '<rect class="fill" width="{}" height="8"/></svg>',
        _short(share),
    )


def ceiling(largest: float) -> float:
    """The round number at or above `largest` at which an axis ends."""
    if largest <= 0:
        return 1.0
    power = 10.0 ** floor(log10(largest))
    return next(step * power for step in _STEPS if step * power >= largest)


def sparkline(marks: Sequence[Mark], title: str, top: float | None = None) -> SafeString:
    """A line without axes, for a table cell; `top` is the value at its upper edge."""
    values = [mark.value for mark in marks if mark.value is not None]
    if not values:
        return mark_safe("")
    height = top or ceiling(max(values))
    inner = _SPARK_WIDTH - 2 * _SPARK_EDGE
    places = _places(
        marks, _SPARK_EDGE, inner, _SPARK_EDGE, _SPARK_HEIGHT - 2 * _SPARK_EDGE, height
    )
    known = [place for place in places if place is not None]
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" role="img" aria-label="{}">'
        '<path class="line" d="{}"/><circle class="dot" cx="{}" cy="{}" r="2.2"/></svg>',
        _short(_SPARK_WIDTH),
        _short(_SPARK_HEIGHT),
        title,
        _path(places),
        _short(known[-1][0]),
        _short(known[-1][1]),
    )


def line(
    marks: Sequence[Mark],
    title: str,
    description: str,
    *,
    top: float,
    ticks: Sequence[tuple[float, str]],
    target: tuple[float, str] | None = None,
) -> SafeString:
    """A line over time from 0 to `top`. Values not measured leave a gap, never a zero.

    ticks   (value, printed) of the horizontal rules
    target  (value, what it is called) of a dashed one
    """
    width, height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    places = _places(marks, _LEFT, width, _TOP, height, top)
    identity = f"c{uuid4().hex[:8]}"
    grid = format_html_join(
        "",
        '<path class="grid" d="M{} {}H{}"/><text x="{}" y="{}" text-anchor="end">{}</text>',
        (
            (
                _short(_LEFT),
                _short(_y(value, top, _TOP, height)),
                _short(_WIDTH - _RIGHT),
                _short(_LEFT - _LABEL_GAP),
                _short(_y(value, top, _TOP, height) + _BASELINE_SHIFT),
                printed,
            )
            for value, printed in ticks
        ),
    )
    return format_html(
        '<svg class="chart" viewBox="0 0 {} {}" role="img" aria-labelledby="{}t {}d">'
        '<title id="{}t">{}</title><desc id="{}d">{}</desc>{}{}{}<path class="line" d="{}"/>{}</svg>',
        _short(_WIDTH), _short(_HEIGHT), identity, identity, identity, title, identity, description,
        grid, _target(target, top, height), _time_labels(marks), _path(places), _last(marks, places),
    )  # fmt: skip


def _target(target: tuple[float, str] | None, top: float, height: float) -> SafeString:
    if target is None:
        return mark_safe("")
    y = _y(target[0], top, _TOP, height)
    return format_html(
        '<path class="target" d="M{} {}H{}"/><text class="target-name" x="{}" y="{}">{}</text>',
        _short(_LEFT), _short(y), _short(_WIDTH - _RIGHT),
        _short(_LEFT + _LABEL_GAP), _short(y - _BASELINE_SHIFT), target[1],
    )  # fmt: skip


_ALONE = (
    "<style>.line{fill:none;stroke:#2f8a83;stroke-width:1.75}.dot{fill:#2f8a83}"
    ".grid{stroke:#d8dedb}.target{stroke:#7a4a00;stroke-dasharray:5 4;fill:none}"
    "text{font:10.5px 'Liberation Sans',Arial,sans-serif;fill:#52605d}"
    '</style><rect width="100%" height="100%" fill="#fff"/>'
)


def standalone(drawn: str) -> str:
    """A chart as a file of its own: what the style sheet gives a page comes with it."""
    head, _mark, rest = drawn.partition(">")
    return f'{head} xmlns="http://www.w3.org/2000/svg">{_ALONE}{rest}'


def _time_labels(marks: Sequence[Mark]) -> SafeString:
    if not marks:
        return mark_safe("")
    y = _short(_HEIGHT - _LABEL_GAP)
    ends = [(_short(_LEFT), "start", marks[0].label)]
    if len(marks) > 1:
        ends.append((_short(_WIDTH - _RIGHT), "end", marks[-1].label))
    return format_html_join(
        "",
        '<text x="{}" y="{}" text-anchor="{}">{}</text>',
        ((x, y, anchor, label) for x, anchor, label in ends),
    )


def _last(marks: Sequence[Mark], places: Sequence[tuple[float, float] | None]) -> SafeString:
    """The last measured point, with its value: the number a reader looks for first."""
    for mark, place in zip(reversed(marks), reversed(places), strict=True):
        if place is not None:
            x, y = place
            return format_html(
                '<circle class="dot" cx="{}" cy="{}" r="3"/>'
                '<text class="last" x="{}" y="{}">{}</text>',
                _short(x),
                _short(y),
                _short(x + _LABEL_GAP),
                _short(y + _BASELINE_SHIFT),
                mark.printed,
            )
    return mark_safe("")


def _y(value: float, top: float, upper: float, height: float) -> float:
    return upper + height * (1 - min(value, top) / top)


def _places(
    marks: Sequence[Mark], left: float, width: float, upper: float, height: float, top: float
) -> list[tuple[float, float] | None]:
    step = width / max(1, len(marks) - 1)
    return [
        None if mark.value is None else (left + index * step, _y(mark.value, top, upper, height))
        for index, mark in enumerate(marks)
    ]


def _path(places: Sequence[tuple[float, float] | None]) -> str:
    parts, pen_down = [], False
    for place in places:
        if place is None:
            pen_down = False
            continue
        parts.append(f"{'L' if pen_down else 'M'}{_short(place[0])} {_short(place[1])}")
        pen_down = True
    return "".join(parts)


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
