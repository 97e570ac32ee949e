"""The availability of a system as a page shows it: its state now, days, a grid of hours, outages in words.

As in `charts`: no script, no style attribute; what a drawing says stands in a table beside it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby
from typing import Final
from uuid import uuid4

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from thuocdo.assess.watching.model import Availability, Hour, Outage
from thuocdo.assess.watching.policy import Policy, words
from thuocdo.core import clock
from thuocdo.core.vietnamese import format_duration, percent
from thuocdo.web import charts
from thuocdo.web.printing import count, language
from thuocdo.web.printing import day as printed_day
from thuocdo.web.rounds import told

_HOUR_US: Final = 3_600_000_000
_CELL, _ROW, _LEFT, _TOP = 18.0, 18.0, 46.0, 16.0
_INNER: Final = 15.0
_LABELLED: Final = (0, 6, 12, 18)
_STALE: Final = 2
"""Intervals without a look after which nothing is known of now."""


@dataclass(frozen=True, slots=True)
class Now:
    """The state of a system now: class of the mark, the mark, in words. Never told by colour alone."""

    tone: str
    mark: str
    text: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day (Vietnam's) of a stretch; `down_us`: outages within it."""

    day: date
    answered: int
    measured: int
    unmeasured: int
    down_us: int

    @property
    def percent(self) -> Decimal | None:
        return percent(self.answered, self.measured)

    @property
    def down(self) -> str:
        if not self.measured:
            return "–"
        return lasted(-(-self.down_us // 60_000_000))


@dataclass(frozen=True, slots=True)
class Down:
    """An outage in words; times µs UTC, `until` None while it goes on."""

    since: int
    until: int | None
    lasted: str
    what: str
    mend: str


def now_of(found: Availability, policy: Policy, now: int) -> Now:
    """What the latest look says, unless it is too old to say anything."""
    if found.last is None or now - found.last.at > _STALE * policy.interval_us:
        return Now("", "–", _("không được theo dõi lúc này"))
    fault = found.last.fault
    if found.is_down:
        return Now("error", "✗", _("không truy cập được"))
    if fault is None:
        return Now("ok", "✓", _("đang trả lời"))
    if fault in policy.refused:
        return Now("warning", "!", told(words()[fault].what))
    if fault in policy.down:
        return Now("warning", "!", _("lần vừa rồi không trả lời, chưa xác nhận"))
    return Now("", "–", _("lỗi phía máy đo"))


def downs(found: Availability, now: int) -> list[Down]:
    """The outages of a stretch, the latest first."""
    return [_down(each, now) for each in reversed(found.outages)]


def _down(outage: Outage, now: int) -> Down:
    seen = words()[outage.fault]
    return Down(
        outage.since,
        outage.until,
        lasted(outage.minutes(now)),
        told(seen.what),
        told(seen.mend),
    )


def lasted(minutes: int) -> str:
    """Minutes as people say them."""
    return format_duration(minutes * 60_000_000, language()) if minutes else "0"


def downtime(found: Availability, now: int) -> str:
    """How long all outages lasted; a dash where nothing was measured."""
    return lasted(found.down_minutes(now)) if found.measured else "–"


def days(found: Availability, now: int) -> list[Day]:
    """Every day of a stretch, the latest first."""
    every_day = []
    for on, hours in groupby(found.hours, lambda hour: clock.local_day(hour.start)):
        every = list(hours)
        start, end = clock.day_start_us(on), clock.day_start_us(on) + clock.DAY_US
        down = sum(
            max(0, min(outage.until or now, end) - max(outage.since, start))
            for outage in found.outages
        )
        every_day.append(
            Day(
                on,
                sum(hour.answered for hour in every),
                sum(hour.measured for hour in every),
                sum(hour.unmeasured for hour in every),
                down,
            )
        )
    return every_day[::-1]


def grid(found: Availability, name: str) -> SafeString:
    """A row a day, a cell an hour: full where it answered, red from below as far as it was down.

    A stroke across says not measurable; an empty cell that nobody looked.
    """
    rows = [list(hours) for _day, hours in groupby(found.hours, lambda h: clock.local_day(h.start))]
    drawn: dict[str, list[str]] = {"up": [], "down": [], "unmeasured": [], "none": []}
    for row, hours in enumerate(rows):
        for hour in hours:
            _cell(hour, row, drawn)
    labels = [
        ("hour", _short(_LEFT + at * _CELL), "11", "start", f"{at}h") for at in _LABELLED
    ] + [
        ("day", _short(_LEFT - 6), _short(_TOP + row * _ROW + 12), "end", f"{clock.local_day(hours[0].start):%d/%m}")
        for row, hours in enumerate(rows)
    ]  # fmt: skip
    identity = f"u{uuid4().hex[:8]}"
    return format_html(
        '<svg class="hours-grid" viewBox="0 0 {} {}" role="img" aria-labelledby="{}t {}d">'
        '<title id="{}t">{}</title><desc id="{}d">{}</desc>{}{}</svg>',
        _short(_LEFT + 24 * _CELL), _short(_TOP + len(rows) * _ROW), identity, identity, identity,
        _("%(name)s: từng giờ") % {"name": name}, identity, _described(found),
        format_html_join("", '<path class="hour-{}" d="{}"/>', ((kind, "".join(d)) for kind, d in drawn.items() if d)),
        format_html_join("", '<text class="{}" x="{}" y="{}" text-anchor="{}">{}</text>', labels),
    )  # fmt: skip


def strip(found: Availability) -> SafeString:
    """The same in one line, for a cell of a table beside its numbers; hidden from readers."""
    if not found.hours:
        return SafeString("")
    up, down = [], []
    for place, hour in enumerate(found.hours):
        if hour.measured:
            up.append(f"M{place} 0h1v14h-1z")
        if hour.down:
            height = max(3, round(14 * hour.down / hour.measured))
            down.append(f"M{place} {14 - height}h1v{height}h-1z")
    return format_html(
        '<svg class="strip" viewBox="0 0 {} 14" preserveAspectRatio="none" aria-hidden="true" '
        'focusable="false"><rect class="track" width="{}" height="14"/>'
        '<path class="hour-up" d="{}"/><path class="hour-down" d="{}"/></svg>',
        *(len(found.hours), len(found.hours), "".join(up), "".join(down)),
    )


def _cell(hour: Hour, row: int, drawn: dict[str, list[str]]) -> None:
    local = (hour.start + clock.OFFSET_US) // _HOUR_US % 24
    x, y = _LEFT + local * _CELL, _TOP + row * _ROW
    if not hour.measured:
        drawn["none"].append(_box(x, y, _INNER))
        if hour.unmeasured:
            drawn["unmeasured"].append(f"M{_short(x)} {_short(y + _INNER)}l{_short(_INNER)} -{_short(_INNER)}")  # fmt: skip
        return
    drawn["up"].append(_box(x, y, _INNER))
    if hour.down:
        height = max(3.0, _INNER * hour.down / hour.measured)
        drawn["down"].append(_box(x, y + _INNER - height, height))


def _box(x: float, y: float, height: float) -> str:
    return f"M{_short(x)} {_short(y)}h{_short(_INNER)}v{_short(height)}h-{_short(_INNER)}z"


def _described(found: Availability) -> str:
    return _(
        "Trả lời %(answered)s trên %(measured)s lần đo, %(outages)s lần ngừng. Số liệu ở bảng kèm theo."
    ) % {
        "answered": count(found.answered),
        "measured": count(found.measured),
        "outages": count(len(found.outages)),
    }


def times(found: Availability, name: str) -> SafeString:
    """The median time to the first octet, hour by hour; empty when nothing was answered."""
    marks = [
        charts.Mark(
            printed_day(clock.local_day(hour.start)),
            None if hour.p50_ms is None else float(hour.p50_ms),
            "" if hour.p50_ms is None else f"{count(hour.p50_ms)} ms",
        )
        for hour in found.hours
    ]
    measured = [mark.value for mark in marks if mark.value is not None]
    if not measured:
        return SafeString("")
    top = charts.ceiling(max(measured))
    ticks = [(value, count(round(value))) for value in (0.0, top / 2, top)]
    title = _("%(name)s: thời gian đáp ứng") % {"name": name}
    said = _("Trung vị từng giờ, từ %(low)s đến %(high)s ms.") % {
        "low": count(round(min(measured))),
        "high": count(round(max(measured))),
    }
    return charts.line(marks, title, said, top=top, ticks=ticks)


def measured_hours(hours: Sequence[Hour]) -> list[Hour]:
    """Hours in which anything was seen, the latest first."""
    return [hour for hour in reversed(hours) if hour.measured or hour.unmeasured]


def _short(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
