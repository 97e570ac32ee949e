"""`thuocdo serve`: one process that starts the roles, starts dead ones again, and ends them in order.

Each role is a command of its own; the supervisor adds nothing but life. The order of ending
matters: the collector first, so that its last segment is sealed; then the pipeline, whose last
round lands it; then the rest.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import structlog

from thuocdo.core import logs, settings
from thuocdo.core.errors import ThuocdoError

BACKOFF_SECONDS: Final = (0.2, 1.0, 3.0, 10.0)
SETTLED_SECONDS: Final = 30.0
"""A role that lived this long is forgiven its earlier deaths."""
MOST_DEATHS: Final = 3
"""Of a role that has one thing to do: after these it is left undone until the next start."""
GRACE_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.1

_PR_SET_PDEATHSIG: Final = 1  # prctl(2)

log = structlog.get_logger("thuocdo.supervisor")


def end_with_parent() -> None:
    """Ask the kernel to end a role gracefully when its supervisor dies, even by kill -9."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass(slots=True)
class Role:
    """One child: how to start it and where it says that it is up."""

    name: str
    arguments: list[str]
    health_url: str | None = None
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    started: float = 0.0
    restart_at: float = field(default=0.0)
    log_file: Path | None = None
    """Where its output goes; None is the supervisor's own terminal."""
    environment: dict[str, str] = field(default_factory=dict)
    """What it is told unless the operator says otherwise."""
    once: bool = False
    """It has one thing to do, and is over when that is done."""
    nice: int = 0
    """How far it gives way to everybody else on the machine (nice(2))."""
    is_over: bool = False

    def start(self) -> None:
        command = [sys.executable, "-m", "thuocdo", *self.arguments]
        output = self.log_file.open("ab") if self.log_file else None
        # A session of its own: Ctrl-C reaches the supervisor only, which then ends the roles in order.
        self.process = subprocess.Popen(
            command,
            env=self.environment | os.environ,
            start_new_session=True,
            stdout=output,
            stderr=output,
            preexec_fn=self._settle_in,  # noqa: PLW1509 - no threads here
        )
        if output is not None:
            output.close()  # the child has its own
        self.started = time.monotonic()
        log.info("started", role=self.name, pid=self.process.pid)

    def _settle_in(self) -> None:
        end_with_parent()
        os.nice(self.nice)

    def look_after(self, now: float) -> None:
        """Notice a death and start again after a growing pause."""
        if self.process is None:
            if now >= self.restart_at and not self.is_over:
                self.start()
            return
        code = self.process.poll()
        if code is None:
            return
        if self.once and (code == 0 or self.deaths >= MOST_DEATHS):
            self.process, self.is_over = None, True
            log.info("over", role=self.name, code=code)
            return
        if now - self.started > SETTLED_SECONDS and not self.once:
            self.deaths = 0
        pause = BACKOFF_SECONDS[min(self.deaths, len(BACKOFF_SECONDS) - 1)]
        self.deaths += 1
        self.process = None
        self.restart_at = now + pause
        log.warning("ended unexpectedly", role=self.name, code=code, again_in=pause)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            log.warning("did not stop in time; killed", role=self.name)
            self.process.kill()
            self.process.wait()
        log.info("stopped", role=self.name)


class Supervisor:
    """Keeps roles alive; they are ended in the order given."""

    def __init__(self, roles: list[Role]) -> None:
        self.roles = roles

    def start(self) -> None:
        for role in self.roles:
            role.start()

    def wait_until_up(self, stop: threading.Event, seconds: float = 60.0) -> None:
        """Until every role with a health address answers. Raises ThuocdoError `not_up`."""
        limit = time.monotonic() + seconds
        waiting = [role for role in self.roles if role.health_url]
        while waiting and not stop.is_set():
            waiting = [role for role in waiting if not answers(role.health_url or "")]
            if waiting and time.monotonic() > limit:
                names = ", ".join(role.name for role in waiting)
                raise ThuocdoError(
                    "not_up",
                    f"Not up after {seconds:.0f} s: {names}.",
                    "The lines above say why; is the port taken?",
                )
            self.look_after()
            stop.wait(POLL_SECONDS)

    def look_after(self) -> None:
        now = time.monotonic()
        for role in self.roles:
            role.look_after(now)

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(POLL_SECONDS):
            self.look_after()

    def stop(self) -> None:
        for role in self.roles:
            role.stop()


def standard_roles(collect_port: int, web_port: int, *, watches: bool = False) -> list[Role]:
    """Collector, pipeline, worker, scanner, web: in the order they are ended.

    watches  also the monitor of availability: for an instance that says whom to write to
    """
    here = {"THUOCDO_COLLECTOR_URL": f"http://localhost:{collect_port}"}
    return [
        Role(
            "collect",
            ["collect", "--port", str(collect_port)],
            f"http://127.0.0.1:{collect_port}/health",
        ),
        Role("pipeline", ["pipeline"]),
        Role("worker", ["worker"], environment=here),
        Role("scanner", ["scanner"], environment=here),
        Role(
            "web",
            ["web", "--port", str(web_port)],
            f"http://127.0.0.1:{web_port}/health",
            environment=here,
        ),
        *([Role("watch", ["assess", "watch"])] if watches else []),
    ]


def answers(url: str) -> bool:
    """Whether a role's health address says 200."""
    try:
        with urllib.request.urlopen(url, timeout=2) as response:  # noqa: S310 - our own loopback
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


def serve(collect_port: int, web_port: int, stop: threading.Event) -> None:
    """Run all roles until asked to stop."""
    from thuocdo.assess.watching.leave import why_off

    logs.tolerate_a_full_disk()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    watches = not why_off(settings.load())
    supervisor = Supervisor(standard_roles(collect_port, web_port, watches=watches))
    supervisor.start()
    try:
        supervisor.wait_until_up(stop)
        supervisor.run(stop)
    finally:
        supervisor.stop()
