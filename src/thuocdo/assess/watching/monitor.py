"""The monitor itself: a role of its own, since a worker that waits for strangers' hosts would do nothing else.

One event loop asks every system once an interval (pace.py), at most so many at once and one at a time of a
host, which a scan may not be at either (hosts/locks.py). A host that hangs holds one place and nothing else. A failure is looked at once more, and the control
addresses are asked beside it.

Nothing is ever made up for: a moment that passed unasked (the monitor was off, or too busy) is a gap. So
after any death, however often, no system is asked twice in an interval, second looks apart. Of two
intervals that bear the same number because a clock was set back, the second is not asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Final
from urllib.parse import urlsplit

import structlog

from thuocdo.assess.hosts.locks import Hosts
from thuocdo.assess.results import Fault
from thuocdo.assess.watching import kept, pace
from thuocdo.assess.watching.asking import Asker, fetcher_of
from thuocdo.assess.watching.kept import Journal
from thuocdo.assess.watching.leave import expect_leave
from thuocdo.assess.watching.model import Look, Target
from thuocdo.assess.watching.policy import Policy, policy_on
from thuocdo.core import clock, logs
from thuocdo.core.alone import alone
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.core.signing import Signer

LOCK: Final = "watching.lock"
TICK_SECONDS: Final = 1.0
_SYNC_SECONDS: Final = 5.0
_TARGETS_SECONDS: Final = 120.0
_HOUSEKEEPING_SECONDS: Final = 600.0
_SETTLE_US: Final = 15 * 60 * 1_000_000
"""A day is sealed when it has been over for so long: second looks and slow ones are in by then."""

Listing = Callable[[], Sequence[Target]]
log = structlog.get_logger("thuocdo.watching")


def run(settings: Settings, listing: Listing, stop: threading.Event) -> None:
    """Watch until asked to stop. Raises ThuocdoError `no_contact`, `simulated`, `already_running`.

    listing  what is to be asked; called every two minutes, from another thread
    """
    expect_leave(settings)
    logs.tolerate_a_full_disk()
    with only_one(settings):
        asyncio.run(Monitor(settings, listing).run(stop))


def look_once(settings: Settings, listing: Listing) -> list[Look]:
    """Look at every system now, whatever its moment, with second looks; what was seen. Raises as `run`."""
    expect_leave(settings)
    with only_one(settings):
        return asyncio.run(Monitor(settings, listing).once())


def only_one(settings: Settings) -> AbstractContextManager[None]:
    """One monitor an instance."""
    settings.require_initialised()
    refusal = ThuocdoError(
        "already_running",
        f"Another monitor already watches for {settings.home}.",
        "Leave the watching to it, or stop it first.",
    )
    return alone(settings.state_dir / LOCK, refusal)


@dataclass
class Monitor:
    """The asking of one process."""

    settings: Settings
    listing: Listing
    asker: Asker | None = None
    policy: Policy | None = None
    _targets: Sequence[Target] = ()
    _asked: dict[str, int] = field(default_factory=dict)
    _failing: set[str] = field(default_factory=set)
    _busy: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _hosts: dict[str, asyncio.Lock] = field(default_factory=dict)
    _controlled_at: float = 0.0
    _journal: Journal = field(init=False)
    _across: Hosts = field(init=False)
    _room: asyncio.Semaphore = field(init=False)
    _rules: Policy = field(init=False)
    _asking: Asker = field(init=False)
    _begun: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self._journal = Journal(self.settings.watching_dir)
        self._across = Hosts.of(self.settings)

    async def run(self, stop: threading.Event) -> None:
        """Ask what is due until asked to stop; looks under way are broken off."""
        self._begin()
        self._remember()
        chores = [
            asyncio.create_task(self._every(_TARGETS_SECONDS, self._list)),
            asyncio.create_task(self._every(_SYNC_SECONDS, self._sync)),
            asyncio.create_task(self._every(_HOUSEKEEPING_SECONDS, self._keep_house)),
        ]
        try:
            while not stop.is_set():
                self.tick(clock.now_us())
                await asyncio.sleep(TICK_SECONDS)
        finally:
            await self._end([*chores, *self._busy.values()])

    async def once(self) -> list[Look]:
        """One look at everything, the second ones included."""
        self._begin()
        await self._list()
        seen: list[Look] = []
        try:
            await asyncio.gather(*(self._look(target, 0, seen) for target in self._targets))
        finally:
            await self._end([])
        return seen

    def tick(self, now: int) -> None:
        """Begin the looks whose moment has come. now: µs UTC."""
        interval = self._rules.interval_us
        slot = now // interval
        for target in self._targets:
            asked = self._asked.get(target.code)
            if asked is not None and slot <= asked < slot + self._a_day:
                continue
            due = pace.due(target.code, slot, interval)
            if now < due:
                continue
            self._asked[target.code] = slot
            if due < self._begun or now - due > self._rules.late_us or target.code in self._busy:
                continue
            task = asyncio.create_task(self._look(target, due))
            self._busy[target.code] = task
            task.add_done_callback(partial(self._done, target.code))

    def _done(self, code: str, _task: asyncio.Task[None]) -> None:
        self._busy.pop(code, None)

    @property
    def _a_day(self) -> int:
        """Intervals of a day. A clock that was further ahead than that was simply wrong."""
        return clock.DAY_US // self._rules.interval_us

    def _begin(self) -> None:
        self._begun = clock.now_us()
        self._rules = self.policy or policy_on(clock.local_day(self._begun))
        self._asking = self.asker or Asker(fetcher_of(self.settings, self._rules), self._rules)
        self._room = asyncio.Semaphore(self._rules.at_once)
        # A resolver that hangs holds a thread: there are as many as there are looks.
        asyncio.get_running_loop().set_default_executor(ThreadPoolExecutor(self._rules.at_once + 8))

    def _remember(self) -> None:
        """Which intervals are asked already, from what was kept: a clock may have been set back since."""
        for path in kept.journals(self.settings.watching_dir):
            for look in kept.read_journal(path):
                if not look.again:
                    slot = look.at // self._rules.interval_us
                    self._asked[look.system] = max(slot, self._asked.get(look.system, slot))

    async def _look(self, target: Target, due: int, seen: list[Look] | None = None) -> None:
        """A look, and when it failed the second one. due: 0 is now, however late."""
        found = await self._ask(target, due, again=False)
        if found is None:
            return
        if seen is not None:
            seen.append(found)
        if found.fault not in self._rules.down:
            self._failing.discard(target.code)
            return
        if target.is_control:
            return
        await self._ask_controls(seen)
        if target.code in self._failing:
            return  # it is known to be down: the next interval looks again
        await asyncio.sleep(self._rules.confirm_seconds)
        second = await self._ask(target, 0, again=True)
        if second is not None and second.fault in self._rules.down:
            self._failing.add(target.code)
        if second is not None and seen is not None:
            seen.append(second)

    async def _ask(self, target: Target, due: int, *, again: bool) -> Look | None:
        """One look, once the host and one of the places are free; None when that came too late."""
        host = urlsplit(target.url).netloc
        async with self._hosts.setdefault(host, asyncio.Lock()), self._room:
            if due and clock.now_us() - due > self._rules.late_us:
                log.warning("too busy to look", system=target.code)
                return None
            hold = self._across.hold(target.url)
            if hold is None:  # what a scan of ours does to a site is nothing to judge it by
                return None
            try:
                found = await self._asking.look(target, again=again)
            except Exception:  # one system's oddity must not end the watching of the others
                log.exception("a look broke", system=target.code)
                found = Look(target.code, clock.now_us(), Fault.INTERNAL, again=again)
            finally:
                hold.release()
        try:
            self._journal.add(found)
        except OSError as problem:  # a full disk makes a gap, and ends with it
            log.warning("a look could not be kept", problem=str(problem))
            return None
        return found

    async def _ask_controls(self, seen: list[Look] | None) -> None:
        """Ask the control addresses beside a failure, twice a minute at most."""
        now = asyncio.get_running_loop().time()
        if now - self._controlled_at < self._rules.ours.window_seconds / 3:
            return
        self._controlled_at = now
        controls = [target for target in self._targets if target.is_control]
        looks = await asyncio.gather(*(self._ask(each, 0, again=True) for each in controls))
        if seen is not None:
            seen += [look for look in looks if look is not None]

    async def _every(self, seconds: float, chore: Callable[[], Awaitable[None]]) -> None:
        """Do a chore now and then; one that fails is tried again."""
        while True:
            try:
                await chore()
            except (
                Exception
            ):  # the disk or the database is away; watching goes on with what is known
                log.exception("a chore failed", chore=getattr(chore, "__name__", ""))
            await asyncio.sleep(seconds)

    async def _list(self) -> None:
        self._targets = await asyncio.to_thread(self.listing)
        alive = {urlsplit(target.url).netloc for target in self._targets}
        self._hosts = {h: lock for h, lock in self._hosts.items() if h in alive or lock.locked()}

    async def _sync(self) -> None:
        await asyncio.to_thread(self._journal.sync)

    async def _keep_house(self) -> None:
        await asyncio.to_thread(keep_house, self.settings, clock.now_us())
        self._journal.close()  # what was sealed is gone: the next look opens anew

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        with contextlib.suppress(OSError):
            self._journal.sync()
        self._journal.close()


def keep_house(settings: Settings, now: int) -> None:
    """Seal the days that are over, and drop what the policy keeps no longer."""
    today = clock.local_day(now - _SETTLE_US)
    for path in kept.seal(settings.watching_dir, today, Signer.of(settings.home)):
        log.info("sealed", file=path.name)
    oldest = today - timedelta(days=policy_on(today).keep_days)
    for path in kept.drop(settings.watching_dir, oldest):
        log.info("dropped", file=path.name)
