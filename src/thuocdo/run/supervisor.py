"""`thuocdo serve`: one process that starts the roles, starts dead ones again, and ends them in order.

Each role is a command of its own, `python -m thuocdo ROLE`; the supervisor adds nothing but life. It loads no
library of theirs: a template process does (template.py), from which roles are forked, and without which they are
started the plain way. The order of ending matters: the collector first, so that its last segment is sealed; then
the pipeline, whose last round lands it; then the rest.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import structlog

from thuocdo.core import logs
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.leaving import end_with_parent
from thuocdo.core.settings import Settings
from thuocdo.run.adopted import Adopted, Template, bury_strangers
from thuocdo.run.template import Order
from thuocdo.run.upgrading import bring_up_to_date

BACKOFF_SECONDS: Final = (0.2, 1.0, 3.0, 10.0)
SETTLED_SECONDS: Final = 30.0
"""A role that lived this long is forgiven its earlier deaths."""
MOST_DEATHS: Final = 3
"""Of a role that has one thing to do: after these it is left undone until the next start."""
GRACE_SECONDS: Final = 20.0
POLL_SECONDS: Final = 0.1

log = structlog.get_logger("thuocdo.supervisor")


@dataclass(slots=True)
class Role:
    """One child: how to start it and where it says that it is up."""

    name: str
    arguments: list[str]
    health_url: str | None = None
    process: subprocess.Popen[bytes] | Adopted | None = None
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

    def start(self, template: Template | None = None) -> None:
        """Fork it from the template, or start it the plain way; when neither can be done, later."""
        self.started = time.monotonic()
        try:
            output = self.log_file.open("ab") if self.log_file else None
            try:
                self.process = self._forked(template, output) or self._begun(output)
            finally:
                if output is not None:
                    output.close()  # the child has its own
        except OSError as problem:  # no memory, no process number, no room for a log: that passes
            pause = self._pause(self.started)
            log.warning("cannot be started", role=self.name, problem=str(problem), again_in=pause)
            return
        forked = isinstance(self.process, Adopted)
        log.info("started", role=self.name, pid=self.process.pid, forked=forked)

    def _forked(self, template: Template | None, output: IO[bytes] | None) -> Adopted | None:
        if template is None:
            return None
        said = {os.fsencode(k): os.fsencode(v) for k, v in self._told().items()}
        return template.fork(Order(self.arguments, said, self.nice, os.getpid()), output)

    def _begun(self, output: IO[bytes] | None) -> subprocess.Popen[bytes]:
        # A session of its own: Ctrl-C reaches the supervisor only, which then ends the roles in order.
        return subprocess.Popen(
            [sys.executable, "-m", "thuocdo", *self.arguments],
            env=self._told(),
            start_new_session=True,
            stdout=output,
            stderr=output,
            preexec_fn=self._settle_in,  # noqa: PLW1509 - no threads here
        )

    def _told(self) -> dict[str, str]:
        return self.environment | os.environ

    def _settle_in(self) -> None:
        end_with_parent()
        os.nice(self.nice)

    def look_after(self, now: float, template: Template | None = None) -> None:
        """Notice a death and start again after a growing pause."""
        if self.process is None:
            if now >= self.restart_at and not self.is_over:
                self.start(template)
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
        pause = self._pause(now)
        log.warning("ended unexpectedly", role=self.name, code=code, again_in=pause)

    def _pause(self, now: float) -> float:
        """One more death; how many seconds it stays dead."""
        pause = BACKOFF_SECONDS[min(self.deaths, len(BACKOFF_SECONDS) - 1)]
        self.deaths += 1
        self.process = None
        self.restart_at = now + pause
        return pause

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
    """Keeps roles alive; they are ended in the order given.

    template  what they are forked from; None starts each the plain way
    """

    def __init__(self, roles: list[Role], template: Template | None = None) -> None:
        self.roles = roles
        self._template = template

    def load(self) -> None:
        """Let the template begin to load; meanwhile there may be something else to do."""
        if self._template is not None:
            self._template.start()

    def start(self) -> None:
        """Start the roles, as soon as there is a template or it is clear that there will be none."""
        if self._template is not None:
            self._template.wait_until_ready()
        for role in self.roles:
            role.start(self._template)

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
        if self._template is not None:
            self._template.look_after(now)
        for role in self.roles:
            role.look_after(now, self._template)
        bury_strangers(self._children())

    def _children(self) -> set[int]:
        ours = [role.process for role in self.roles]
        template = self._template.process if self._template is not None else None
        return {process.pid for process in (*ours, template) if process is not None}

    def run(self, stop: threading.Event) -> None:
        while not stop.wait(POLL_SECONDS):
            self.look_after()

    def stop(self) -> None:
        for role in self.roles:
            role.stop()
        if self._template is not None:
            self._template.stop()


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


def serve(settings: Settings, collect_port: int, web_port: int, stop: threading.Event) -> None:
    """Run all roles of an instance until asked to stop. Raises ThuocdoError `not_up_to_date`, `not_up`."""
    from thuocdo.assess.watching.leave import why_off

    logs.tolerate_a_full_disk()
    os.environ.setdefault("PYTHONUNBUFFERED", "1")
    watches = not why_off(settings)
    supervisor = Supervisor(standard_roles(collect_port, web_port, watches=watches), Template())
    try:
        supervisor.load()
        bring_up_to_date(settings)
        supervisor.start()
        supervisor.wait_until_up(stop)
        supervisor.run(stop)
    finally:
        supervisor.stop()
