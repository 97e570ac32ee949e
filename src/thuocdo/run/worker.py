"""The worker role: what has to happen now and then, claimed once, done in the background.

Compaction keeps the lake in few files. The day's open data are written at night. The weekly report's
draft is made on Friday afternoon, so that the officer who must send it at five finds it on the desk. Every
day the head of the ledger is kept, so that later logs can be shown to begin with it. Site checks and
replays of refused records are done one by one as they are asked for, and so are drafts of reports that are to
be made again. At night goes what is kept no longer. Incidents are looked for every
minute, as far as anything moved, and whoever is to be told of them is told.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection
from datetime import date
from pathlib import Path
from typing import Final

import msgspec
import structlog

from thuocdo.core import clock, files, logs
from thuocdo.core.alone import alone
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

CHECK_SECONDS: Final = 5.0
COMPACT_EVERY_US: Final = 10 * 60 * 1_000_000
WORKER: Final = "worker"
"""Who the trail says did what no person did."""
WATCH_EVERY_US: Final = 60 * 1_000_000
REPORT_WEEKDAY: Final = 4  # Friday
REPORT_HOUR: Final = 15
OPEN_DATA_HOURS: Final = range(1, 5)
KEEPING_HOUR: Final = 2
KEEPING_AGAIN_US: Final = 60 * 60 * 1_000_000
"""After a sweep that could not judge or write a kind, on a full disk for instance."""

log = structlog.get_logger("thuocdo.worker")


class Ledger(msgspec.Struct):
    """When each job last finished: µs UTC for repeating ones, the week for the report.

    kept_day  the day (ISO) whose sweep is done; keep_at: one that failed is not tried again before
    """

    compacted_at: int = 0
    reported_week: str = ""
    watched_at: int = 0
    kept_day: str = ""
    keep_at: int = 0


def run(settings: Settings, stop: threading.Event) -> None:
    """Do the jobs that are due until asked to stop. A second worker is refused."""
    settings.require_initialised()
    logs.tolerate_a_full_disk()
    refusal = ThuocdoError(
        "already_running",
        f"Another worker already serves {settings.home}.",
        "Stop it first, or leave the work to it.",
    )
    with alone(settings.state_dir / "worker.lock", refusal):
        # Jobs may have been left by a worker that died.
        settings.bell_path.touch()
        settings.replay_bell_path.touch()
        settings.remake_bell_path.touch()
        while not stop.is_set():
            if not ASKED_FOR & set(tick(settings, clock.now_us())):
                stop.wait(CHECK_SECONDS)


def tick(settings: Settings, now: int) -> list[str]:
    """Run what is due at `now` (µs UTC); returns the names of the jobs that ran."""
    path = settings.state_dir / "worker.json"
    ledger = msgspec.json.decode(path.read_bytes(), type=Ledger) if path.exists() else Ledger()
    ran = []
    for name, job in JOBS.items():
        before = msgspec.json.encode(ledger)
        if job(settings, ledger, now):
            log.info("done", job=name)
            ran.append(name)
        if msgspec.json.encode(ledger) != before:
            _write(path, ledger)
    return ran


def _compact(settings: Settings, ledger: Ledger, now: int) -> bool:
    if 0 <= now - ledger.compacted_at < COMPACT_EVERY_US:  # a clock set back is due at once
        return False
    from thuocdo.lake.compaction import compact
    from thuocdo.lake.store import Lake

    compact(Lake.open(settings))
    ledger.compacted_at = now
    return True


def _keep_head(settings: Settings, _ledger: Ledger, now: int) -> bool:
    """Once a day, soon after midnight or when the worker starts."""
    from contextlib import closing

    from thuocdo.lake.ledger.book import Book
    from thuocdo.lake.ledger.ledger import Ledger as RawLedger
    from thuocdo.lake.store import Lake

    if not Book(settings.ledger_dir).lacks(clock.local_day(now)):
        return False
    with closing(RawLedger(settings, Lake.open(settings))) as raw:
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


def _report(settings: Settings, ledger: Ledger, now: int) -> bool:
    week = week_due(now)
    if week is None or week == ledger.reported_week:
        return False
    from thuocdo.measure.service import Measure
    from thuocdo.report.desk.working import WORKER
    from thuocdo.report.making import make_weekly

    if not (settings.reports_dir / week).exists():
        make_weekly(settings, Measure(settings), week, actor=WORKER)
    ledger.reported_week = week
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


def _open_data(settings: Settings, _ledger: Ledger, now: int) -> bool:
    day = edition_due({path.name for path in settings.opendata_dir.glob("*-*-*")}, now)
    if day is None:
        return False
    from thuocdo.measure.service import Measure
    from thuocdo.web.opendata.making import make

    measure = Measure(settings)
    if measure.freshness().landed_at is None:
        return False
    make(settings, measure, day)
    return True


def sweep_due(kept_day: str, now: int) -> bool:
    """Whether the night's sweep of what is kept no longer is due at `now` (µs UTC); one missed is made up by day."""
    local = clock.to_datetime(now).astimezone(clock.VIETNAM)
    is_time = local.hour in OPEN_DATA_HOURS or bool(kept_day)
    return local.hour >= KEEPING_HOUR and is_time and local.date().isoformat() != kept_day


def _keeping(settings: Settings, ledger: Ledger, now: int) -> bool:
    if not sweep_due(ledger.kept_day, now) or 0 < ledger.keep_at - now <= KEEPING_AGAIN_US:
        return False
    from thuocdo.registry.setup import fresh_connections, setup_django

    setup_django()
    fresh_connections()
    from thuocdo.keeping.sweeping import sweep

    ledger.keep_at = now + KEEPING_AGAIN_US
    try:
        done = list(sweep(settings, now, WORKER))
    except (
        ThuocdoError
    ):  # somebody is at it by hand, or the operator's policy is wrong: told, and tried again
        log.exception("could not sweep")
        return False
    for gone in done:
        if gone.pieces:
            log.info("went", kind=gone.code, pieces=gone.pieces, bytes=gone.bytes)
    if any(gone.failure for gone in done):
        return False
    ledger.kept_day = clock.local_day(now).isoformat()
    return True


def _alerts(settings: Settings, ledger: Ledger, now: int) -> bool:
    """Whether there was anything to tell; a look that finds nothing new leaves no line in the log."""
    if 0 <= now - ledger.watched_at < WATCH_EVERY_US:
        return False
    ledger.watched_at = now
    from thuocdo.run.alerting import watch

    return bool(watch(settings, now))


def _check_site(settings: Settings, _ledger: Ledger, _now: int) -> bool:
    if not settings.bell_path.exists():
        return False
    from thuocdo.registry.setup import setup_django

    setup_django()
    from thuocdo.assess.site_check import jobs

    return jobs.take_one(settings)


def _replay(settings: Settings, _ledger: Ledger, _now: int) -> bool:
    if not settings.replay_bell_path.exists():
        return False
    from thuocdo.registry.setup import fresh_connections, setup_django

    setup_django()
    fresh_connections()
    from thuocdo.registry import replaying

    return replaying.take_one(settings)


def _remake(settings: Settings, _ledger: Ledger, _now: int) -> bool:
    if not settings.remake_bell_path.exists():
        return False
    from thuocdo.registry.setup import fresh_connections, setup_django

    setup_django()
    fresh_connections()
    from thuocdo.web.work import remaking

    return remaking.take_one(settings)


JOBS: Final[dict[str, Callable[[Settings, Ledger, int], bool]]] = {
    "compact": _compact,
    "keep_head": _keep_head,
    "report": _report,
    "open_data": _open_data,
    "keeping": _keeping,
    "alerts": _alerts,
    "check_site": _check_site,
    "replay": _replay,
    "remake": _remake,
}
ASKED_FOR: Final = frozenset({"check_site", "replay", "remake"})
"""Jobs somebody waits for: when one was done, the next is looked for at once."""


def _write(path: Path, ledger: Ledger) -> None:
    files.replace(path, msgspec.json.encode(ledger), durable=False)
