"""Measures a round's systems, some at once, and goes on where it was when it died.

Each scan has a thread, an event loop and a browser of its own, so that a page which ends its browser
ends nothing else; the database is the main thread's. A host is never scanned twice at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import msgspec
import structlog
from django.db.models import F
from django.utils import timezone

from thuocdo.assess import npm, resolving
from thuocdo.assess.citizen import Manners, agent
from thuocdo.assess.evidence import Kept
from thuocdo.assess.fetch import Fetcher, Limits
from thuocdo.assess.models import Entry, Round
from thuocdo.assess.probes.catalogue import CHECKS
from thuocdo.assess.probes.scene import Depth, Target
from thuocdo.assess.resolving import Resolving
from thuocdo.assess.results import Fault, Result, unmeasured
from thuocdo.assess.rounds import below
from thuocdo.assess.rounds.pace import MOST_A_CORE, Pace
from thuocdo.assess.scan import Scanner, scan
from thuocdo.assess.site_check.browser import launched
from thuocdo.core import clock
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.guard import Guard
from thuocdo.core.settings import Network, Settings

MAX_ATTEMPTS: Final = 2
_LOOK_AGAIN_S: Final = 2.0
_LOCK: Final = "assess.lock"

Tick = Callable[[int, int | None], None]
log = structlog.get_logger("thuocdo.assess")


@dataclass(frozen=True, slots=True)
class Scanning:
    """How a fleet is scanned.

    contact      whom a site's operator may write to about it
    allowed      networks that may be visited although they are not public
    authorities, trusted_keys  what is believed besides the usual authorities: our own fixtures'
    at_once      how many systems at a time; 0 is as many as the machine has idle processor for (pace.py)
    resolving    whom to ask about names; None: whom the settings say
    """

    contact: str
    allowed: tuple[Network, ...] = ()
    authorities: str = ""
    trusted_keys: tuple[str, ...] = ()
    depth: Depth = field(default_factory=Depth)
    manners: Manners = field(default_factory=Manners)
    limits: Limits = field(default_factory=Limits)
    at_once: int = 0
    resolving: Resolving | None = None


def measure(settings: Settings, held: Round, scanning: Scanning, tick: Tick) -> int:
    """Scan every system of the round that has no results yet; how many were scanned now.

    Raises ThuocdoError `scanning` when another process is at it, `round_closed` when results are
    announced already, and `no_contact` when nobody can be written to.
    """
    if held.state != Round.State.MEASURING:
        raise ThuocdoError("round_closed", f"Round {held.code} is {held.state}.")
    expect_contact(scanning)
    with _alone(settings.state_dir / _LOCK):
        _put_back_what_was_left(held)
        return _work(settings, held, scanning, tick)


def look_at(settings: Settings, scanning: Scanning, target: Target) -> list[Result]:
    """One scan outside any round: what an owner asks for; nothing is kept but the evidence."""
    expect_contact(scanning)
    return _scan(settings, scanning, _axe(settings), _with_below(settings, scanning, target))


def expect_contact(scanning: Scanning) -> None:
    """Raises ThuocdoError `no_contact` when a site's operator could write to nobody."""
    if not scanning.contact.strip():
        raise ThuocdoError(
            "no_contact",
            "A scanner must say whom to write to.",
            "Name an address: --contact mailto:…, or https://….",
        )


def _work(settings: Settings, held: Round, scanning: Scanning, tick: Tick) -> int:
    axe = _axe(settings)
    total, scanned = held.entries.count(), 0
    running: dict[Future[list[Result]], Entry] = {}
    asked: dict[int, set[str]] = {}  # entry → the hosts its scan asks
    pace = Pace(scanning.at_once)
    with ThreadPoolExecutor(scanning.at_once or pace.cores * MOST_A_CORE) as threads:
        while True:
            tick(held.entries.filter(state=Entry.State.DONE).count(), total)
            while pace.has_room(len(running)):
                entry = _claim(held, set().union(*asked.values()))
                if entry is None:
                    break
                log.info("scanning", system=entry.code, url=entry.url)
                target = _with_below(settings, scanning, _target(entry))
                asked[entry.pk] = {_host(entry), *(each.host for each in target.below)}
                running[threads.submit(_scan, settings, scanning, axe, target)] = entry
            if not running:
                return scanned
            done, _ = wait(running, _LOOK_AGAIN_S, FIRST_COMPLETED)
            for future in done:
                entry = running.pop(future)
                del asked[entry.pk]
                _finish(entry, _results(future))
                scanned += 1


def _scan(settings: Settings, scanning: Scanning, axe: str, target: Target) -> list[Result]:
    return asyncio.run(_scan_one(settings, scanning, axe, target))


async def _scan_one(
    settings: Settings, scanning: Scanning, axe: str, target: Target
) -> list[Result]:
    fetcher = Fetcher(
        Guard(scanning.allowed),
        agent(scanning.contact),
        scanning.limits,
        scanning.authorities,
        scanning.trusted_keys,
    )
    scanner = Scanner(
        settings,
        fetcher,
        Kept(settings.home),
        None,
        axe,
        scanning.depth,
        scanning.manners,
        resolving=scanning.resolving or resolving.of(settings),
    )
    try:
        async with launched(settings, scanning.trusted_keys) as browser:
            return await scan(replace(scanner, browser=browser), target)
    except ThuocdoError as error:  # no browser: what needs none is measured all the same
        log.warning("no browser", problem=error.message)
        return await scan(scanner, target)


def _results(future: Future[list[Result]]) -> list[Result]:
    """What a scan found; a scan that broke found nothing, and it is our fault."""
    try:
        return future.result()
    except Exception as problem:  # the fleet goes on
        log.exception("a scan broke")
        return _nothing(type(problem).__name__)


def _nothing(detail: str) -> list[Result]:
    now = clock.now_us()
    return [unmeasured(check, Fault.INTERNAL, detail, now) for check in CHECKS]


def _claim(held: Round, busy: set[str]) -> Entry | None:
    """The next system in turn whose host nobody is at."""
    for entry in held.entries.filter(state=Entry.State.QUEUED).order_by("turn"):
        if _host(entry) in busy:
            continue
        claimed = Entry.objects.filter(pk=entry.pk, state=Entry.State.QUEUED).update(
            state=Entry.State.RUNNING, attempts=entry.attempts + 1
        )
        if claimed:
            return entry
    return None


def _finish(entry: Entry, found: list[Result]) -> None:
    Entry.objects.filter(pk=entry.pk, state=Entry.State.RUNNING).update(
        state=Entry.State.DONE,
        results=msgspec.to_builtins(found),
        finished_at=timezone.now(),
    )


def _put_back_what_was_left(held: Round) -> None:
    """What a dead scanner had begun is begun again, and given up when it has been the death of two."""
    for entry in held.entries.filter(state=Entry.State.RUNNING):
        if entry.attempts >= MAX_ATTEMPTS:
            _finish(entry, _nothing("interrupted"))
    held.entries.filter(state=Entry.State.RUNNING).update(state=Entry.State.QUEUED)


def give_back(held: Round) -> None:
    """What is being scanned goes back into the queue: this process ends because somebody asked it to."""
    held.entries.filter(state=Entry.State.RUNNING).update(
        state=Entry.State.QUEUED, attempts=F("attempts") - 1
    )


def _axe(settings: Settings) -> str:
    try:
        return (npm.packages(settings.home) / "axe-core" / "axe.min.js").read_text("utf-8")
    except ThuocdoError as error:
        log.warning("no tools", problem=error.message)
        return ""


def _target(entry: Entry) -> Target:
    return Target(entry.url, entry.plain_url, entry.site_id, system=entry.code)


def _with_below(settings: Settings, scanning: Scanning, target: Target) -> Target:
    """With its sample of subordinate sites, where the registry knows the site and any below it."""
    if target.site_id is None or not settings.snapshot_path.exists():
        return target
    day = clock.local_day(clock.now_us())
    found = below.sample(settings, target.site_id, day, scanning.depth.below)
    return msgspec.structs.replace(target, below=found)


def _host(entry: Entry) -> str:
    return urlsplit(entry.url).netloc


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ThuocdoError(
                "scanning", "Another scanner is at work in this instance.", "Wait for it to end."
            ) from None
        yield
