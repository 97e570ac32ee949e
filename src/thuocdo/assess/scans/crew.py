"""Scans what some queues hold, some at once: queues take turns, so that a round of hours starves nobody.

One crew to an instance, whichever process it works in. Asked to stop it calls off what is being scanned
and puts it back, untried; killed, it leaves rows `running`, which whoever works next puts back.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Final, Protocol

import structlog

from thuocdo.assess.hosts.locks import Hold, Hosts
from thuocdo.assess.probes.target import Target
from thuocdo.assess.results import Result
from thuocdo.assess.scans.looking import Look, Scanning, axe_of, nothing
from thuocdo.assess.scans.pace import Pace
from thuocdo.assess.scans.policy import policy
from thuocdo.core.alone import alone
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

MAX_ATTEMPTS: Final = 2
"""Scanners that one system may be the death of."""
LOOK_SECONDS: Final = 1.0
"""How often a crew at work looks whether it is to stop, to pause, or has more to do."""
_LOCK: Final = "assess.lock"

log = structlog.get_logger("thuocdo.assess")


@dataclass(frozen=True, slots=True)
class Work:
    """One system that a queue has handed over, its host held.

    done      keeps what was found
    put_back  makes it wait again, as if it had not been begun
    """

    name: str
    target: Target
    scanning: Scanning
    hold: Hold
    done: Callable[[list[Result]], None]
    put_back: Callable[[], None]


class Queue(Protocol):
    """What waits to be scanned."""

    def put_back_what_was_left(self) -> None:
        """Let what a dead crew had begun be begun again, or give it up."""

    def waits(self) -> bool:
        """Whether there is anything to take, be its host free or not."""

    def take(self, hosts: Hosts) -> Work | None:
        """The next in turn whose host nobody is at; None: there is none now."""


def work(
    settings: Settings,
    queues: Sequence[Queue],
    at_once: int,
    tick: Callable[[], None],
    stop: threading.Event,
) -> int:
    """Scan until no queue has anything, or until asked to stop; how many were scanned.

    at_once: as `Pace` says; 0 is as many as the processor has room for.
    Raises ThuocdoError `scanning` when another process of the instance is at it.
    """
    refusal = ThuocdoError(
        "scanning", "Another scanner is at work in this instance.", "Wait for it to end."
    )
    with alone(settings.state_dir / _LOCK, refusal):
        for queue in queues:
            queue.put_back_what_was_left()
        return _Crew(settings, queues, at_once).work(tick, stop)


class _Crew:
    def __init__(self, settings: Settings, queues: Sequence[Queue], at_once: int) -> None:
        self._settings = settings
        self._turns = deque(queues)
        self._pace = Pace(at_once)
        self._hosts = Hosts.of(settings)
        self._axe = axe_of(settings)
        self._running: dict[Future[list[Result] | None], tuple[Work, Look]] = {}

    def work(self, tick: Callable[[], None], stop: threading.Event) -> int:
        scanned = 0
        with ThreadPoolExecutor(self._pace.most) as threads:
            try:
                while not stop.is_set():
                    tick()
                    self._begin(threads)
                    if not self._running:
                        break
                    scanned += self._end()
            finally:
                self._call_off()
        return scanned

    def _begin(self, threads: ThreadPoolExecutor) -> None:
        while self._pace.has_room(len(self._running)) and (taken := self._next()) is not None:
            log.info("scanning", system=taken.name, url=taken.target.url)
            look = Look(self._settings, taken.scanning, self._axe, taken.target, self._hosts)
            self._running[threads.submit(look.run)] = (taken, look)

    def _next(self) -> Work | None:
        for _ in range(len(self._turns)):
            queue = self._turns[0]
            self._turns.rotate(-1)
            if (taken := queue.take(self._hosts)) is not None:
                return taken
        return None

    def _end(self) -> int:
        scanned = 0
        ended, _ = wait(self._running, LOOK_SECONDS, FIRST_COMPLETED)
        for future in ended:
            taken, _look = self._running.pop(future)
            found = future.result()
            if found is None:
                taken.put_back()
            else:
                taken.done(found)
                scanned += 1
            taken.hold.release()
        self._leave_if_stuck()
        return scanned

    def _leave_if_stuck(self) -> None:
        """End the process when a scan holds its thread beyond every bound: no thread can be killed.

        That system is given up, the others are put back untried; whoever keeps us alive starts us again. What the
        scans had started ends with us (leash.py).
        """
        running = list(self._running.values())
        stuck = [taken for taken, look in running if look.is_stuck]
        if not stuck:
            return
        for taken, look in running:
            if look.is_stuck:
                taken.done(nothing("stuck"))
            else:
                taken.put_back()
        log.critical("a scan is stuck", systems=[taken.name for taken in stuck])
        os._exit(os.EX_SOFTWARE)

    def _call_off(self) -> None:
        """First the rows, then the scans: whoever kills us while these end finds nothing begun."""
        for taken, look in self._running.values():
            taken.put_back()
            look.call_off()
        wait(self._running)
        for taken, _look in self._running.values():
            taken.hold.release()
        self._running.clear()


def is_there(settings: Settings) -> bool:
    """Whether the scanner role was heard of late."""
    try:
        beaten = settings.scanner_beat_path.stat().st_mtime
    except FileNotFoundError:
        return False
    return time.time() - beaten < policy().silent_seconds
