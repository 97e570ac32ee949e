"""The worker role: does what is due (run/jobs.py), and lets no job that fails, hangs or is long hold up another.

What somebody waits for is done here; what nobody waits for runs beside it, one at a time. A job that fails is told
in the log and in its state file, and tried again after a growing pause. One that hangs beside is ended; one that
hangs here ends the process, which the supervisor starts again: the job that was at work then counts as failed.
"""

from __future__ import annotations

import contextlib
import os
import threading
import time
from typing import Final

import structlog

from thuocdo.core import clock, duties, logs
from thuocdo.core.alone import alone
from thuocdo.core.duties import SECOND_US, Failure, Why, failure_of
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings
from thuocdo.run.beside import GRACE_SECONDS, Beside
from thuocdo.run.jobs import BESIDE, HERE, JOBS, QUEUES

CHECK_SECONDS: Final = 5.0
LONGEST_PAUSE_SECONDS: Final = 5 * 60
"""Before something is tried again that somebody waits for, or is told by."""
NOTHING_PAUSE_US: Final = 10 * 60 * SECOND_US
"""Before a job that found nothing to be done is started again."""

log = structlog.get_logger("thuocdo.worker")


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
        worker = Worker(settings, clock.now_us())
        threading.Thread(target=worker.keep_watch, args=(stop,), daemon=True).start()
        while not stop.is_set():
            if not QUEUES.keys() & set(worker.tick(clock.now_us())):
                stop.wait(CHECK_SECONDS)
        worker.end(clock.now_us())
        settings.worker_beat_path.unlink(missing_ok=True)


class Worker:
    """The one worker of an instance. Instants µs UTC."""

    def __init__(self, settings: Settings, now: int) -> None:
        self._settings = settings
        self._duties = duties.read(settings)
        self._beside: Beside | None = None
        self._limit: float | None = None  # of the job at work here; monotonic s
        for name in self._at_work():  # what a worker was at when it died
            self._failed(name, Failure(Why.DIED), now)

    def tick(self, now: int) -> list[str]:
        """Do what is due at `now`; the names of the jobs that did something by then."""
        done = self._look_beside(now)
        self._start_beside(now)
        for name in HERE:
            of = self._due(name, now)
            if of is not None and self._do(name, of, now):
                done.append(name)
        return done

    def keep_watch(self, stop: threading.Event) -> None:
        """Beat while nothing hangs here, and end the process when something does."""
        while not stop.is_set():
            limit = self._limit
            if limit is not None and time.monotonic() > limit:
                for name in HERE.keys() & set(self._at_work()):
                    self._failed(name, Failure(Why.HUNG), clock.now_us())
                os._exit(os.EX_SOFTWARE)
            with contextlib.suppress(OSError):  # a full disk ends nobody
                self._settings.worker_beat_path.touch()
            stop.wait(CHECK_SECONDS)

    def end(self, now: int) -> None:
        """Let what runs beside come to its end, or end it: it is done again, and was no failure."""
        beside = self._beside
        if beside is None:
            return
        beside.wait(GRACE_SECONDS)
        if self._look_beside(now) or self._beside is None:
            return
        beside.kill()
        self._duties.of(beside.name).began_at = 0
        self._write()

    def _due(self, name: str, now: int) -> str | None:
        """What of a job is to be done now; a failure that is made up for by somebody else is over."""
        duty = self._duties.of(name)
        if duty.rests(now):
            return None
        try:
            of = JOBS[name].due(self._settings, duty, now)
        except Exception as error:
            self._tell(name, error, now)
            return None
        if of is None and duty.failures:
            duty.settle()
            self._write()
        return of

    def _do(self, name: str, of: str, now: int) -> bool:
        self._duties.of(name).begin(of, now)
        self._write()
        self._limit = time.monotonic() + JOBS[name].longest
        try:
            did = JOBS[name].do(self._settings, of, now)
        except Exception as error:
            self._tell(name, error, now)
            return False
        finally:
            self._limit = None
        self._succeeded(name, now, did=did)
        return did

    def _start_beside(self, now: int) -> None:
        for name in BESIDE:
            if self._beside is not None:
                return
            of = self._due(name, now)
            if of is None:
                continue
            self._duties.of(name).begin(of, now)
            self._write()
            try:
                self._beside = Beside(self._settings, name, of, now)
            except OSError as error:
                self._tell(name, error, now)

    def _look_beside(self, now: int) -> list[str]:
        """The job that ended beside, if one did what was to be done."""
        beside = self._beside
        if beside is None:
            return []
        ended, name = beside.ended(), beside.name
        if ended is None:
            if now - self._duties.of(name).began_at > JOBS[name].longest * SECOND_US:
                beside.kill()
                self._beside = None
                self._failed(name, Failure(Why.HUNG), now)
            return []
        self._beside = None
        if ended.failure is not None:
            self._failed(name, ended.failure, now)
            return []
        self._succeeded(name, now, did=ended.did)
        return [name] if ended.did else []

    def _succeeded(self, name: str, now: int, *, did: bool) -> None:
        duty = self._duties.of(name)
        duty.succeed(now) if did or name in HERE else duty.settle()
        if did:
            log.info("done", job=name)
        elif name in BESIDE:
            duty.again_at = now + NOTHING_PAUSE_US
        self._write()

    def _tell(self, name: str, error: Exception, now: int) -> None:
        log.exception("a job failed", job=name)
        self._failed(name, failure_of(error, self._settings.home), now)

    def _failed(self, name: str, failure: Failure, now: int) -> None:
        duty = self._duties.of(name)
        longest = LONGEST_PAUSE_SECONDS if name in HERE else duties.PAUSES_SECONDS[-1]
        duty.fail(failure, now, longest)
        log.error(
            "will be tried again",
            job=name,
            why=failure.why.value,
            detail=failure.detail,
            failures=duty.failures,
            again_in=(duty.again_at - now) // SECOND_US,
        )
        self._write()

    def _at_work(self) -> list[str]:
        return [name for name in JOBS if self._duties.of(name).began_at]

    def _write(self) -> None:
        """What cannot be written on a full disk is known here all the same, and is written with the next."""
        with contextlib.suppress(OSError):
            duties.write(self._settings, self._duties)
