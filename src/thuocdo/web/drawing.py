"""From the points of a series to a drawn trend and the table it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from thuocdo.core.vietnamese import format_duration
from thuocdo.measure.model import Point
from thuocdo.web import charts
from thuocdo.web.aims import Aim
from thuocdo.web.printing import day, language, printed

_THOUSAND, _MILLION = 1_000, 1_000_000
_WEEK_DAYS = 7
_MINUTE_US, _HOUR_US, _DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000


@dataclass(frozen=True, slots=True)
class Trend:
    """A line chart, a sparkline, and their points; `empty` when nothing was measured."""

    chart: SafeString
    spark: SafeString
    points: Sequence[Point]
    unit: str
    caption: str
    empty: bool


def trend(
    points: Sequence[Point], unit: str, title: str, of_whom: str, target: Aim | None = None
) -> Trend:
    """Weekly (or monthly) values of one indicator for one block or agency, against its target."""
    marks = [
        charts.Mark(_short_day(point), point.value, _brief(point.value, unit)) for point in points
    ]
    measured = [mark.value for mark in marks if mark.value is not None]
    monthly = any((point.last - point.first).days >= _WEEK_DAYS for point in points)
    caption = _("Diễn biến theo tháng") if monthly else _("Diễn biến theo tuần")
    if not measured:
        return Trend(SafeString(""), SafeString(""), points, unit, caption, True)
    top = _top(max(measured), unit)
    ticks = [(value, _brief(value, unit)) for value in (0.0, top / 2, top)]
    name = _("%(title)s, %(whom)s") % {"title": title, "whom": of_whom}
    description = _(
        "%(weeks)s kỳ; thấp nhất %(low)s, cao nhất %(high)s. Số liệu ở bảng kèm theo."
    ) % {
        "weeks": len(points),
        "low": printed(min(measured), unit),
        "high": printed(max(measured), unit),
    }
    aimed = None
    if target is not None:
        words = _("Chỉ tiêu %(value)s, đến %(by)s") % {
            "value": _brief(target.value, unit),
            "by": day(target.by),
        }
        aimed = (target.value, words)
        description = f"{description} {words}."
    return Trend(
        charts.line(marks, name, description, top=top, ticks=ticks, target=aimed),
        charts.sparkline(marks, name, top),
        points,
        unit,
        caption,
        False,
    )


def _top(largest: float, unit: str) -> float:
    """Where the axis ends: at a whole per cent, or a round number of what its labels count in."""
    if unit == "percent":
        return charts.FULL_PERCENT
    sizes = (_DAY_US, _HOUR_US, _MINUTE_US) if unit == "duration" else ()
    size = next((size for size in sizes if largest >= size), 1)
    return charts.ceiling(largest / size) * size


def _short_day(point: Point) -> str:
    return f"{point.first:%d/%m}" if language() == "vi" else f"{point.first.day} {point.first:%b}"


def _brief(value: float | None, unit: str) -> str:
    """A value as an axis shows it: whole per cents, thousands and millions in short."""
    if value is None:
        return ""
    if unit == "percent":
        digits = f"{value:.1f}".rstrip("0").rstrip(".")
        return f"{digits.replace('.', ',') if language() == 'vi' else digits}%"
    if unit == "duration":
        return _brief_duration(round(value))
    for size, mark in ((_MILLION, _("tr")), (_THOUSAND, _("ng"))):
        if value >= size:
            digits = f"{value / size:.1f}".rstrip("0").rstrip(".")
            return f"{digits.replace('.', ',') if language() == 'vi' else digits} {mark}"
    return f"{value:.1f}".rstrip("0").rstrip(".")


def _brief_duration(us: int) -> str:
    """The largest unit alone, with a decimal: an axis has no room for two."""
    if not us:
        return "0"
    for size in (_DAY_US, _HOUR_US, _MINUTE_US):
        if us >= size:
            unit = format_duration(size, language()).partition(" ")[2]
            digits = f"{us / size:.1f}".rstrip("0").rstrip(".")
            return f"{digits.replace('.', ',') if language() == 'vi' else digits} {unit}"
    return format_duration(us, language())
