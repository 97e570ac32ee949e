"""Availability of systems over a week, over the last days, as of now: read from what was kept, judged by policy."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from datetime import timedelta
from typing import Final

import pyarrow.compute as pc

from thuocdo.assess.watching import judging, kept
from thuocdo.assess.watching.model import CONTROL, Availability, Outage
from thuocdo.assess.watching.policy import Policy, policy_on
from thuocdo.core import clock
from thuocdo.core.clock import Period
from thuocdo.core.settings import Settings

DAYS: Final = 7


def over(
    settings: Settings, systems: Iterable[str] | None, since: int, until: int, now: int
) -> dict[str, Availability]:
    """System → its availability over [since, until), µs UTC; None asks for every system there are looks of.

    The policy is that of the first day. Raises ThuocdoError `bad_looks`.
    """
    policy = policy_of(since)
    margin = judging.margin_us(policy)
    looks = kept.read(settings.watching_dir, since - margin, until + margin)
    if systems is None:
        names = map(str, looks["system"].unique().to_pylist())
        systems = sorted(name for name in names if not name.startswith(CONTROL))
    return judging.judge(looks, systems, since, until, policy, now)


def of_week(
    settings: Settings, systems: Iterable[str] | None, week: Period, now: int
) -> dict[str, Availability]:
    """The same over an ISO week of Vietnam (or any period)."""
    return over(settings, systems, week.start_us, week.end_us, now)


def lately(settings: Settings, systems: Iterable[str] | None, now: int) -> dict[str, Availability]:
    """The same over the last seven days, to the hour."""
    since = clock.to_datetime(now) - timedelta(days=DAYS)
    whole_hour = clock.from_datetime(since.replace(minute=0, second=0, microsecond=0))
    return over(settings, systems, whole_hour, now + 1, now)


def not_back(settings: Settings, now: int) -> dict[str, Outage]:
    """Systems that have not answered since their last confirmed failure → that outage, from its beginning.

    Whoever fell out of sight (the monitor is off) stays in the list for the seven days there are.
    """
    recent = over(settings, None, now - clock.DAY_US, now + 1, now)
    failing = [code for code, found in recent.items() if not _is_back(found)]
    known = lately(settings, failing, now) if failing else {}
    return {code: found.outages[-1] for code, found in known.items() if not _is_back(found)}


def _is_back(found: Availability) -> bool:
    return not found.outages or (found.answered_at or 0) > found.outages[-1].since


def hours_csv(every: Iterable[Availability]) -> str:
    """A line a system and hour (Vietnam's); what was not measured is empty."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(("system", "hour", "answered", "down", "not_measurable", "p50_ms"))
    for each in every:
        for hour in each.hours:
            counts = (hour.answered, hour.down, hour.unmeasured)
            writer.writerow((each.system, _local(hour.start, "minutes"), *counts, hour.p50_ms))
    return text.getvalue()


def looks_csv(settings: Settings, system: str, since: int, until: int) -> str:
    """Every look at a system in [since, until), µs UTC, as it was kept: who doubts a figure can count."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(kept.SCHEMA.names)
    looks = kept.read(settings.watching_dir, since, until).cast(kept.SCHEMA)
    for row in looks.filter(pc.field("system") == system).sort_by("at").to_pylist():
        again = int(row["again"])
        writer.writerow(
            (*(row | {"at": _local(row["at"], "milliseconds"), "again": again}).values(),)
        )
    return text.getvalue()


def _local(instant: int, detail: str) -> str:
    return clock.to_datetime(instant).astimezone(clock.VIETNAM).isoformat(timespec=detail)


def policy_of(instant: int) -> Policy:
    """The edition in force on the day of an instant, µs UTC."""
    return policy_on(clock.local_day(instant))
