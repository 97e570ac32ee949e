"""How figures, days and instants are printed on a page, in the reader's language."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import get_language

from thuocdo.core import clock
from thuocdo.core.vietnamese import (
    format_count,
    format_day,
    format_decimal,
    format_duration,
    format_percent,
)
from thuocdo.measure.model import Figure
from thuocdo.registry.models import Agency
from thuocdo.web import wording

NOTHING = "–"


def language() -> str:
    """`vi` or `en`."""
    return "en" if (get_language() or "vi").startswith("en") else "vi"


def count(value: int | None) -> str:
    """9.941.921; an en dash for what was not measured."""
    return NOTHING if value is None else format_count(value, language())


def number(value: int | Decimal | None) -> str:
    """A count or a percentage's number: `9.941`, `88,45`; an en dash where nobody says one."""
    if value is None or value == "":
        return NOTHING
    return count(value) if isinstance(value, int) else format_decimal(value, 2, language())


def signed(value: int | Decimal | None) -> str:
    """A difference with its sign: `+12`, `−3`, `0`."""
    if value is None or value == "":
        return NOTHING
    sign = "+" if value > 0 else "−" if value < 0 else ""
    return f"{sign}{number(abs(value))}"


def day(value: date | None) -> str:
    """A day; of an instant (aware) Vietnam's."""
    if isinstance(value, datetime):
        value = value.astimezone(clock.VIETNAM).date()
    return NOTHING if value is None else format_day(value, language())


def clock_time(instant: int | None) -> str:
    """Vietnam's time of an instant (µs UTC): `14:03:22` today, with the day before it otherwise."""
    if instant is None:
        return NOTHING
    at = clock.to_datetime(instant).astimezone(clock.VIETNAM)
    if at.date() == clock.local_day(clock.now_us()):
        return f"{at:%H:%M:%S}"
    return f"{at:%H:%M} {format_day(at.date(), language())}"


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


def fraction_text(numerator: int | None, denominator: int | None) -> str:
    """`n/N`; nothing for plain counts."""
    known = numerator is not None and denominator is not None
    return f"{count(numerator)}/{count(denominator)}" if known else ""


def flag_words(figure: Figure, shared: Collection[str] = ()) -> str:
    """A figure's flags in words, less those that are said once for the whole table."""
    return wording.flags(code for code in figure.flags if code not in shared)


def agency_name(agency: Agency) -> str:
    """In the reader's language where the registry has it."""
    return agency.name_en if language() == "en" and agency.name_en else agency.name
