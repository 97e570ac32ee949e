"""Until when agencies may appeal: terms in days, as the law counts them.

Bộ luật Dân sự số 91/2015/QH13: the first day does not count (Điều 147 khoản 2); a term of days ends with the last of
them, at 24 o'clock (Điều 148 khoản 2 and 6); where that is a weekend or a public holiday, with the working day that
follows (khoản 5). Days are Vietnam's.
"""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from thuocdo.core.clock import VIETNAM
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.vietnamese import format_day
from thuocdo.core.working_days import after, is_working_day


def ends(announced: date, days: int) -> datetime:
    """The instant at which a term of so many days is over; pure. It is still kept a moment before.

    Raises ThuocdoError `bad_appeal_days` for less than one day.
    """
    if days < 1:
        raise ThuocdoError("bad_appeal_days", f"{days} days are no term.")
    last = announced + timedelta(days=days)
    if not is_working_day(last):
        last = after(last, 1)
    return datetime.combine(last + timedelta(days=1), time.min, VIETNAM)


def told(until: datetime | None) -> str:
    """As it is printed: the end of a day belongs to that day, "24:00 31/12/2026"; a dash for none."""
    if until is None:
        return "–"
    local = until.astimezone(VIETNAM)
    if local.time() == time.min:
        return f"24:00 {format_day(local.date() - timedelta(days=1))}"
    return f"{local:%H:%M} {format_day(local.date())}"
