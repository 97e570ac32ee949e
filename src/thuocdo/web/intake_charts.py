"""The intake of a source by hour or by day, drawn: columns, what they are called, the steps beneath."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from thuocdo.core import clock
from thuocdo.web import charts, columns
from thuocdo.web.intake import Step, Tally
from thuocdo.web.printing import count


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart of columns and the steps it was drawn from; `largest` is a full bar."""

    chart: SafeString
    steps: Sequence[Step]
    largest: int


def of_hours(steps: Sequence[Step], name: str, what: str) -> Columns:
    """Steps of an hour; `name` is whose, `what` says which hours."""
    return _columns(steps, name, what, _hour_label)


def of_days(steps: Sequence[Step], name: str, what: str) -> Columns:
    """Steps of a day."""
    return _columns(steps, name, what, _day_label)


def _columns(steps: Sequence[Step], name: str, what: str, label: Callable[[int], str]) -> Columns:
    largest = max((step.tally.total for step in steps), default=0)
    top = charts.ceiling(largest)
    whole = Tally(
        sum(step.tally.accepted for step in steps),
        sum(step.tally.bots for step in steps),
        sum(step.tally.refused for step in steps),
    )
    description = _(
        "Đã nhận %(accepted)s, máy tự động %(bots)s, bị từ chối %(refused)s. Số liệu ở bảng kèm theo."
    ) % {
        "accepted": count(whole.accepted),
        "bots": count(whole.bots),
        "refused": count(whole.refused),
    }
    chart = columns.columns(
        [step.tally for step in steps],
        f"{name}: {what}",
        description,
        ends=(label(steps[0].start), label(steps[-1].start)),
        ticks=[(top * share, count(round(top * share))) for share in _ticks(top)],
    )
    return Columns(chart, steps, largest)


def _ticks(top: float) -> tuple[float, ...]:
    """Shares of the top at which a rule is drawn: none at half a record."""
    return (0.0, 0.5, 1.0) if top > 1 and (top / 2).is_integer() else (0.0, 1.0)


def _hour_label(start: int) -> str:
    return f"{clock.to_datetime(start).astimezone(clock.VIETNAM):%H:%M %d/%m}"


def _day_label(start: int) -> str:
    return f"{clock.local_day(start):%d/%m}"
