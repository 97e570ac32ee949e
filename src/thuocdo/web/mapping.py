"""The provinces as an inline map: one hue, five steps, every province a link; 63 or 34 by date.

Outlines come from data/provinces.json, made by tools/build_map.py from @svg-maps/vietnam (CC BY 4.0).
The colours belong to the style sheet; the table beside the map says the same in numbers.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.core.vietnamese import round_half_up
from thuocdo.web.printing import printed

STEPS = 5
_PERCENT_STEPS = (20.0, 40.0, 60.0, 80.0)
_DATA = Path(__file__).parent / "data" / "provinces.json"
_ISLANDS = {
    "danang": (gettext_lazy("Quần đảo Hoàng Sa"), gettext_lazy("(thành phố Đà Nẵng)")),
    "khanhhoa": (gettext_lazy("Quần đảo Trường Sa"), gettext_lazy("(tỉnh Khánh Hòa)")),
}
_LABEL_RISE = 22


@dataclass(frozen=True, slots=True)
class Place:
    """A province on the map. `value` None: not shown, or not measured."""

    code: str
    name: str
    address: str
    value: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Step:
    """A class of the legend: its number (0: no value), and what it means."""

    number: int
    words: str


@cache
def _told() -> dict[str, object]:
    return dict(json.loads(_DATA.read_text("utf-8")))


def outlines_on(day: date) -> Mapping[str, str]:
    """Agency code → path, of the provinces of a day."""
    told = _told()
    before = day <= date.fromisoformat(str(told["until"]))
    return told["before" if before else "since"]


def thresholds(values: Sequence[float], unit: str) -> tuple[float, ...]:
    """Where the steps begin, but for the first: even ones of a percentage, else fifths of the values."""
    if unit == "percent":
        return _PERCENT_STEPS
    ordered = sorted(values)
    found = [ordered[len(ordered) * n // STEPS] for n in range(1, STEPS)] if ordered else []
    return tuple(sorted(set(found)))


def step_of(value: float | None, bounds: Sequence[float]) -> int:
    """1 to 5; 0 without a value."""
    return 0 if value is None else 1 + bisect_right(bounds, value)


def legend(bounds: Sequence[float], unit: str) -> list[Step]:
    """The steps in words, the highest first, and what is left blank."""
    said = [printed(float(round_half_up(bound, 2)), unit) for bound in bounds]
    if not said:
        return [Step(0, _("chưa đo được hoặc không công bố"))]
    steps = [Step(len(said) + 1, _("từ %(low)s trở lên") % {"low": said[-1]})]
    for number in range(len(said) - 1, 0, -1):
        words = _("từ %(low)s đến dưới %(high)s")
        steps.append(Step(number + 1, words % {"low": said[number - 1], "high": said[number]}))
    steps.append(Step(1, _("dưới %(high)s") % {"high": said[0]}))
    return [*steps, Step(0, _("chưa đo được hoặc không công bố"))]


def drawn(places: Sequence[Place], day: date, bounds: Sequence[float], title: str) -> SafeString:
    """The map; a province without an agency of that day is drawn blank."""
    known = {place.code: place for place in places}
    parts = [
        _linked(known[code], path, step_of(known[code].value, bounds))
        if code in known
        else format_html('<path class="m0" d="{}"/>', path)
        for code, path in outlines_on(day).items()
    ]
    return format_html(
        '<svg class="map" viewBox="{}" role="group" aria-label="{}">{}{}</svg>',
        _told()["view"],
        title,
        format_html_join("", "{}", ((part,) for part in parts)),
        _islands(),
    )


def _linked(place: Place, path: str, step: int) -> SafeString:
    return format_html(
        '<a href="{}" aria-label="{}"><path class="m{}" d="{}"><title>{}</title></path></a>',
        place.address, f"{place.name}: {place.told}", step, path, f"{place.name}: {place.told}",
    )  # fmt: skip


def _islands() -> SafeString:
    """Frames around the archipelagos, with their names."""
    frames = []
    for home, (left, top, right, bottom) in _told()["islands"].items():
        name, whose = _ISLANDS[home]
        frames.append(
            format_html(
                '<rect class="frame" x="{}" y="{}" width="{}" height="{}"/>'
                '<text x="{}" y="{}" text-anchor="middle"><tspan x="{}" dy="-1.15em">{}</tspan>'
                '<tspan x="{}" dy="1.15em">{}</tspan></text>',
                left - 8, top - 8, right - left + 16, bottom - top + 16,
                (left + right) // 2, top - _LABEL_RISE, (left + right) // 2, name,
                (left + right) // 2, whose,
            )
        )  # fmt: skip
    return format_html_join("", "{}", ((frame,) for frame in frames))
