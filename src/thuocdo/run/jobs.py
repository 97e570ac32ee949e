"""What the worker does: each job says when it is due, does it once, and knows nothing of the others.

Compaction keeps the lake in few files. The day's open data are written at night. The weekly report's
draft is made on Friday afternoon, so that the officer who must send it at five finds it on the desk. Every
day the head of the ledger is kept, so that later logs can be shown to begin with it. At night goes what is kept
no longer. Drafts that are to be made again, replays of refused records and site checks are done one by one as they
are asked for. Incidents are looked for every minute, as far as anything moved, and whoever is to be told is told.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import closing
from datetime import date
from importlib import import_module
from pathlib import Path
from typing import Final, NamedTuple

import structlog

from thuocdo.core import clock
from thuocdo.core.duties import SECOND_US, Duty
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

COMPACT_EVERY_US: Final = 10 * 60 * SECOND_US
WATCH_EVERY_US: Final = 60 * SECOND_US
WORKER: Final = "worker"
"""Who the trail says did what no person did."""
REPORT: Final = "report"
REPORT_WEEKDAY: Final = 4  # Friday
REPORT_HOUR: Final = 15
OPEN_DATA_HOURS: Final = range(1, 5)
KEEPING_HOUR: Final = 2
_HOUR_S: Final = 60 * 60

log = structlog.get_logger("thuocdo.worker")


class Job(NamedTuple):
    """One job. Instants µs UTC.

    due     which day or week is to be done at an instant ("" where it is of none); None: nothing is
    do      does that; false: there was nothing to be done after all
    longest seconds after which it hangs
    """

    due: Callable[[Settings, Duty, int], str | None]
    do: Callable[[Settings, str, int], bool]
    longest: int


def every(pause: int) -> Callable[[Settings, Duty, int], str | None]:
    """Due so long (µs) after it was done."""

    def due(_settings: Settings, duty: Duty, now: int) -> str | None:
        return None if 0 <= now - duty.done_at < pause else ""  # a clock set back is due at once

    return due


def compact(settings: Settings, _of: str, _now: int) -> bool:
    from thuocdo.lake.compaction import compact as compacted
    from thuocdo.lake.store import Lake

    compacted(Lake.open(settings))
    return True


def head_due(settings: Settings, _duty: Duty, now: int) -> str | None:
    """Once a day, soon after midnight or when the worker starts."""
    from thuocdo.lake.ledger.book import Book

    day = clock.local_day(now)
    return day.isoformat() if Book(settings.ledger_dir).lacks(day) else None


def keep_head(settings: Settings, _of: str, now: int) -> bool:
    from thuocdo.lake.ledger.ledger import Ledger
    from thuocdo.lake.store import Lake

    with closing(Ledger(settings, Lake.open(settings))) as raw:
        raw.keep(now)
    return True


def week_due(now: int) -> str | None:
    """The ISO week whose report is due at `now` (µs UTC): from Friday 15:00 to Sunday, else None."""
    local = clock.to_datetime(now).astimezone(clock.VIETNAM)
    if local.weekday() < REPORT_WEEKDAY:
        return None
    if local.weekday() == REPORT_WEEKDAY and local.hour < REPORT_HOUR:
        return None
    year, week, _ = local.isocalendar()
    return f"{year}-W{week:02d}"


def report_due(settings: Settings, duty: Duty, now: int) -> str | None:
    """The week to be made; one that could not be made waits on after its Sunday.

    A report somebody made is left alone. What a failed try left is no report before every format is there.
    """
    week = week_due(now) or (duty.of if duty.failures else None)
    if week is None or (not duty.failures and week == week_due(duty.done_at)):
        return None
    folder = settings.reports_dir / week
    if duty.failures and week == duty.of:
        return None if _is_whole(folder, week) else week
    return None if folder.exists() else week


def _is_whole(folder: Path, week: str) -> bool:
    from thuocdo.report.archive import file_name
    from thuocdo.report.render import Format

    return all((folder / file_name(week, form)).exists() for form in Format)


def report(settings: Settings, week: str, _now: int) -> bool:
    from thuocdo.measure.service import Measure
    from thuocdo.report.desk.working import WORKER as MAKER
    from thuocdo.report.making import make_weekly

    make_weekly(settings, Measure(settings), week, actor=MAKER)
    return True


def edition_due(made: Collection[str], now: int) -> date | None:
    """The day whose open data are due at `now` (µs UTC); `made`: ISO days that have theirs.

    Once a day in the small hours, when all of the day before has landed and nobody waits for a check. A
    night that was missed is made up for by day; an instance that never had an edition waits for night.
    """
    local = clock.to_datetime(now).astimezone(clock.VIETNAM)
    missed = bool(made) and local.hour >= OPEN_DATA_HOURS.start
    is_time = missed or local.hour in OPEN_DATA_HOURS
    return local.date() if is_time and local.date().isoformat() not in made else None


def open_data_due(settings: Settings, _duty: Duty, now: int) -> str | None:
    day = edition_due({path.name for path in settings.opendata_dir.glob("*-*-*")}, now)
    return day.isoformat() if day else None


def open_data(settings: Settings, day: str, _now: int) -> bool:
    from thuocdo.measure.service import Measure
    from thuocdo.web.opendata.making import make

    measure = Measure(settings)
    if measure.freshness().landed_at is None:
        return False
    make(settings, measure, date.fromisoformat(day))
    return True


def sweep_due(kept_day: str, now: int) -> bool:
    """Whether the night's sweep of what is kept no longer is due at `now` (µs UTC); one missed is made up by day."""
    local = clock.to_datetime(now).astimezone(clock.VIETNAM)
    is_time = local.hour in OPEN_DATA_HOURS or bool(kept_day)
    return local.hour >= KEEPING_HOUR and is_time and local.date().isoformat() != kept_day


def keeping_due(_settings: Settings, duty: Duty, now: int) -> str | None:
    kept_day = clock.local_day(duty.done_at).isoformat() if duty.done_at else ""
    is_due = sweep_due(kept_day, now) or bool(duty.failures)
    return clock.local_day(now).isoformat() if is_due else None


def keeping(settings: Settings, _of: str, now: int) -> bool:
    """Raises ThuocdoError `not_swept` when a kind could not be judged or written down: nothing of it went."""
    from thuocdo.registry.setup import awake

    awake()
    from thuocdo.keeping.sweeping import sweep

    done = list(sweep(settings, now, WORKER))
    for gone in done:
        if gone.pieces:
            log.info("went", kind=gone.code, pieces=gone.pieces, bytes=gone.bytes)
    failed = {gone.code.value: gone.failure for gone in done if gone.failure}
    if failed:
        raise ThuocdoError("not_swept", f"Nothing went of {failed}.", "The next try finds it all.")
    return True


def alerts(settings: Settings, _of: str, now: int) -> bool:
    """Whether there was anything to tell; a look that finds nothing new leaves no line in the log."""
    from thuocdo.run.alerting import watch

    return bool(watch(settings, now))


def asked_for(bell: Callable[[Settings], Path], queue: str, longest: int) -> Job:
    """A queue that people wait for. bell: there while something may wait; queue: the module whose `take_one` does it."""

    def due(settings: Settings, _duty: Duty, _now: int) -> str | None:
        return "" if bell(settings).exists() else None

    def do(settings: Settings, _of: str, _now: int) -> bool:
        from thuocdo.registry.setup import awake

        awake()
        return bool(import_module(queue).take_one(settings))

    return Job(due, do, longest)


BESIDE: Final[dict[str, Job]] = {
    REPORT: Job(report_due, report, 2 * _HOUR_S),
    "keep_head": Job(head_due, keep_head, _HOUR_S),
    "compact": Job(every(COMPACT_EVERY_US), compact, _HOUR_S),
    "open_data": Job(open_data_due, open_data, 4 * _HOUR_S),
    "keeping": Job(keeping_due, keeping, 2 * _HOUR_S),
}
"""Long ones, each in a process of its own, one at a time, the first that is due first: nobody waits for them."""

QUEUES: Final[dict[str, Job]] = {
    "remake": asked_for(
        lambda settings: settings.remake_bell_path, "thuocdo.web.work.remaking", 2 * _HOUR_S
    ),
    "replay": asked_for(
        lambda settings: settings.replay_bell_path, "thuocdo.registry.replaying", 2 * _HOUR_S
    ),
    "check_site": asked_for(
        lambda settings: settings.bell_path, "thuocdo.assess.site_check.jobs", _HOUR_S
    ),
}
"""What somebody waits for; when one was done, the next is looked for at once."""

HERE: Final[dict[str, Job]] = QUEUES | {"alerts": Job(every(WATCH_EVERY_US), alerts, _HOUR_S)}
"""What the worker does itself, one of each in turn."""

JOBS: Final = HERE | BESIDE
