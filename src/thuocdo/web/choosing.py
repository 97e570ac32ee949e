"""What the reader chose in the address: period, block, version, dates. Nothing is trusted.

The moment of knowing ("as known at") is not among the choices: figures of the past are recomputed
from raw events, which a public page must not let anybody ask for; `thuocdo indicator` does it.
One set of parameter names in both languages, so that changing the language keeps the choice.
A range of dates wins over a preset, because only somebody who typed it can have sent it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.vocabulary import Block
from thuocdo.web.problems import Problem

PRESETS = {
    "90d": gettext_lazy("90 ngày qua"),
    "30d": gettext_lazy("30 ngày qua"),
    "7d": gettext_lazy("7 ngày qua"),
    "ytd": gettext_lazy("Từ đầu năm"),
}
DEFAULT_PRESET = "90d"
CUSTOM = "custom"
_EARLIEST, _LATEST = date(2000, 1, 1), date(2099, 12, 31)
_LONGEST_PARAMETER = 40


@dataclass(frozen=True, slots=True)
class Choice:
    """A checked choice.

    preset        key of PRESETS, or "custom"
    version       of the definition; None: the one in force on the period's last day
    as_organised  the map of organisations of this day; None: the period's last day
    """

    period: Period
    preset: str
    block: Block
    version: str | None
    as_organised: date | None
    trust: str


def today() -> date:
    """Today in Vietnam."""
    return clock.local_day(clock.now_us())


def read(request: HttpRequest) -> Choice:
    """The choice in the query string. Raises Problem or ThuocdoError on anything impossible."""
    query = request.GET
    preset, period = _period(query)
    as_organised = _text(query, "as_organised")
    return Choice(
        period=period,
        preset=preset,
        block=Block(_one_of(query, "block", tuple(Block), Block.PROVINCE)),
        version=_text(query, "version") or None,
        as_organised=_sane(clock.parse_day(as_organised)) if as_organised else None,
        trust=_one_of(query, "trust", ("any", "verified"), "any"),
    )


def preset_period(preset: str, day: date) -> Period:
    """The period of a preset that ends on `day`, itself included."""
    if preset == "ytd":
        return Period(day.replace(month=1, day=1), day)
    return Period(day - timedelta(days=int(preset.removesuffix("d")) - 1), day)


def last_week() -> Period:
    """The last whole week, Monday to Sunday."""
    day = today()
    monday = day - timedelta(days=day.weekday() + 7)
    return Period(monday, monday + timedelta(days=6))


def weeks_within(period: Period) -> list[Period]:
    """The calendar weeks of a period, Monday to Sunday, the ends cut to it."""
    weeks, first = [], period.first
    while first <= period.last:
        last = min(first + timedelta(days=6 - first.weekday()), period.last)
        weeks.append(Period(first, last))
        first = last + timedelta(days=1)
    return weeks


def months_within(period: Period) -> list[Period]:
    """The calendar months of a period, the ends cut to it."""
    months, first = [], period.first
    while first <= period.last:
        last = min(clock.month_end(first.year, first.month), period.last)
        months.append(Period(first, last))
        first = last + timedelta(days=1)
    return months


def _period(query: QueryDict) -> tuple[str, Period]:
    first, last = _text(query, "from"), _text(query, "to")
    asked = _text(query, "period")
    # A form that was filled with dates and comes back with them untouched asks for its preset.
    untouched = asked in PRESETS and _text(query, "held") == f"{first}..{last}"
    if (first or last) and not untouched:
        first_day = clock.parse_day(first) if first else None
        last_day = clock.parse_day(last) if last else today()
        start = first_day or last_day.replace(month=1, day=1)
        return CUSTOM, Period(_sane(start), _sane(last_day))
    if asked in {"", CUSTOM}:
        asked = DEFAULT_PRESET
    if asked in PRESETS:
        return asked, preset_period(asked, today())
    found = clock.parse_period(asked)
    return CUSTOM, Period(_sane(found.first), _sane(found.last))


def read_period(given: QueryDict) -> Period:
    """The period of a form, by the same names. Raises as `read`."""
    return _period(given)[1]


def check_span(period: Period) -> None:
    """Raises Problem for a period that reaches beyond what can be measured."""
    _sane(period.first)
    _sane(period.last)


def _sane(day: date) -> date:
    if not _EARLIEST <= day <= _LATEST:
        raise Problem(
            _("Năm %(year)s nằm ngoài khoảng hệ thống có thể đo.") % {"year": day.year},
            _("Chọn ngày từ năm 2000 đến năm 2099."),
        )
    return day


def _text(query: QueryDict, name: str) -> str:
    text = query.get(name, "").strip()
    if len(text) > _LONGEST_PARAMETER or not text.isprintable():
        raise Problem(
            _("Giá trị của tham số “%(name)s” quá dài hoặc có ký tự lạ.") % {"name": name},
            _("Bỏ tham số này khỏi địa chỉ, hoặc chọn lại bằng các ô chọn trên trang."),
        )
    return text


def _one_of(query: QueryDict, name: str, allowed: tuple[str, ...], default: str) -> str:
    text = _text(query, name) or default
    if text not in allowed:
        raise Problem(
            _("“%(value)s” không phải là giá trị của tham số “%(name)s”.")
            % {"value": text, "name": name},
            _("Chọn một trong các giá trị: %(allowed)s.") % {"allowed": ", ".join(allowed)},
        )
    return text
