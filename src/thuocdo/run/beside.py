"""One long job in a process of its own: whoever waits for something short does not wait for it.

A thread would share one interpreter, one memory and one end with the short jobs. A process gives its memory back,
may be ended when it hangs, gives way to whoever waits (nice(2)), and is the only one to die when the machine has
no memory left.
"""

from __future__ import annotations

import multiprocessing
import os
from multiprocessing.connection import Connection
from typing import Final, NamedTuple

import structlog

from thuocdo.core import logs
from thuocdo.core.duties import Failure, Why, failure_of
from thuocdo.core.leaving import end_with_parent
from thuocdo.core.settings import Settings
from thuocdo.run.jobs import BESIDE

NICE: Final = 5
GRACE_SECONDS: Final = 10.0
"""For a job that is nearly done when the worker is asked to stop; less than the supervisor's own."""

log = structlog.get_logger("thuocdo.worker")


class Ended(NamedTuple):
    """did: whether there was anything to be done; failure: None when it was done."""

    did: bool
    failure: Failure | None = None


class Beside:
    """A job that was started. Raises OSError when no process can be had."""

    def __init__(self, settings: Settings, name: str, of: str, now: int) -> None:
        spawn = multiprocessing.get_context("spawn")  # Django and DuckDB outlive no fork
        self.name = name
        self._said, says = spawn.Pipe(duplex=False)
        self._process = spawn.Process(
            target=_do, args=(says, settings, name, of, now), name=f"worker-{name}"
        )
        try:
            self._process.start()
        finally:
            says.close()

    @property
    def pid(self) -> int | None:
        return self._process.pid

    def ended(self) -> Ended | None:
        """How it ended; None while it is at work."""
        if self._process.is_alive():
            return None
        self._process.join()
        try:
            found: Ended = self._said.recv()
        except EOFError:
            return Ended(False, Failure(Why.DIED, f"exit {self._process.exitcode}"))
        finally:
            self._said.close()
        return found

    def wait(self, seconds: float) -> None:
        self._process.join(seconds)

    def kill(self) -> None:
        """End it where it is: every job can be killed anywhere."""
        self._process.kill()
        self._process.join()


def _do(says: Connection, settings: Settings, name: str, of: str, now: int) -> None:
    end_with_parent()
    os.nice(NICE)
    logs.tolerate_a_full_disk()
    try:
        ended = Ended(BESIDE[name].do(settings, of, now))
    except Exception as error:
        log.exception("a job failed", job=name)
        ended = Ended(False, failure_of(error, settings.home))
    says.send(ended)
