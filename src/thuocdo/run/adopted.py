"""The supervisor's side of the template: it is kept alive as the roles are, and what it forks is adopted.

A supervisor is the parent of all below it who lose theirs (PR_SET_CHILD_SUBREAPER of prctl(2)). So a role is its own
child however it began: its exit code is read by waiting, its death signal (PR_SET_PDEATHSIG) follows the supervisor.
Without a template, for whatever reason, roles are started the plain way, which only takes longer.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Collection
from pathlib import Path
from typing import IO, Final

import msgspec
import structlog

from thuocdo.core.leaving import end_with_parent
from thuocdo.run.forked import ROOM, WITHOUT_THREADS
from thuocdo.run.template import GO, PID, READY, Order

LOAD_SECONDS: Final = 60.0
"""How long roles wait for the template at the start, on a machine with a cold disk and other work."""
PATIENCE_SECONDS: Final = 10.0
"""For a fork, which takes milliseconds."""
PAUSE_SECONDS: Final = 1.0
SETTLED_SECONDS: Final = 30.0
MOST_DEATHS: Final = 3
"""Of a template that never settled: after these roles are started the plain way until the next start."""
_POLL_SECONDS: Final = 0.02
_PR_SET_CHILD_SUBREAPER: Final = 36  # prctl(2)

log = structlog.get_logger("thuocdo.supervisor")


class Adopted:
    """A child that we did not start ourselves; waited for as subprocess.Popen is."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it lives."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended. Raises subprocess.TimeoutExpired after `timeout` seconds."""
        ended = os.pidfd_open(self.pid) if self.returncode is None else None
        if ended is not None:
            try:
                select.select([ended], [], [], timeout)
            finally:
                os.close(ended)
        code = self.poll()
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0.0)
        return code

    def terminate(self) -> None:
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if self.poll() is None:  # else its number may be another's by now
            os.kill(self.pid, number)


class Template:
    """The template process of one supervisor. It is asked from one thread.

    log_file  for what it says itself; None is the supervisor's own terminal
    module    what is run as the template
    """

    def __init__(self, log_file: Path | None = None, module: str = "thuocdo.run.template") -> None:
        self.process: subprocess.Popen[bytes] | None = None
        self.is_ready = False
        self.is_given_up = False
        self._log_file = log_file
        self._module = module
        self._line: socket.socket | None = None
        self._deaths = 0
        self._started = 0.0

    def start(self) -> None:
        """Let it begin to load; it is ready later."""
        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self._started = time.monotonic()
        try:
            self._begin()
        except OSError as problem:
            self._lost(self._started, str(problem))

    def _begin(self) -> None:
        output = self._log_file.open("ab") if self._log_file else None
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        ours.settimeout(PATIENCE_SECONDS)
        self._line = ours
        number = theirs.fileno()
        try:
            self.process = subprocess.Popen(
                [sys.executable, "-m", self._module, str(number), ROOM],
                env=os.environ | WITHOUT_THREADS,
                start_new_session=True,
                pass_fds=[number],
                stdout=output,
                stderr=output,
                preexec_fn=end_with_parent,  # noqa: PLW1509 - no threads here
            )
        finally:
            theirs.close()
            if output is not None:
                output.close()

    def wait_until_ready(self) -> None:
        """Or until it is clear that there will be none for now: roles need not wait for a second try."""
        limit = time.monotonic() + LOAD_SECONDS
        while self.process is not None and not self.is_ready and time.monotonic() < limit:
            self.look_after(time.monotonic())
            time.sleep(_POLL_SECONDS)

    def look_after(self, now: float) -> None:
        """Notice that it is ready, or dead; a dead one is begun anew after a pause."""
        if self.process is None:
            if not self.is_given_up and now >= self._started + PAUSE_SECONDS:
                self.start()
        elif (code := self.process.poll()) is not None:
            self._lost(now, code)
        elif not self.is_ready and self._line and select.select([self._line], [], [], 0)[0]:
            self.is_ready = self._line.recv(len(READY)) == READY
            if self.is_ready:
                log.info("template ready", pid=self.process.pid)

    def _lost(self, now: float, code: object) -> None:
        if now - self._started > SETTLED_SECONDS:
            self._deaths = 0
        self._deaths += 1
        self._forget()
        self.is_given_up = self._deaths >= MOST_DEATHS
        if self.is_given_up:
            log.error("no template; roles are started one by one from now on", code=code)
        else:
            log.warning("the template ended; roles are started one by one meanwhile", code=code)

    def _forget(self) -> None:
        self.process, self.is_ready = None, False
        if self._line is not None:
            self._line.close()
            self._line = None

    def fork(self, order: Order, output: IO[bytes] | None) -> Adopted | None:
        """A role that runs already, or None: there is no template that could fork it just now."""
        if not self.is_ready or self.process is None or self._line is None:
            return None
        ours, theirs = socket.socketpair()
        with ours:
            ours.settimeout(PATIENCE_SECONDS)
            try:
                with theirs:
                    files = [theirs.fileno(), *([output.fileno()] if output else [])]
                    socket.send_fds(self._line, [msgspec.msgpack.encode(order)], files)
                (pid,) = PID.unpack(ours.recv(PID.size))
                ours.sendall(GO)
            except (
                OSError,
                struct.error,
            ) as problem:  # closing the line ends what was forked too late
                log.warning("the template did not fork", role=order.words[0], problem=str(problem))
                self.process.kill()
                return None
        return Adopted(pid)

    def stop(self) -> None:
        """End it; it holds nothing."""
        process = self.process
        self._forget()
        if process is not None:
            process.kill()
            process.wait()


def bury_strangers(own: Collection[int]) -> None:
    """Wait for those who lost their parent, a browser of a killed scanner for instance: nobody else will.

    own  children that somebody waits for already
    """
    while True:
        try:
            found = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return
        if found is None or found.si_pid in own:  # one of ours is told of at the next look
            return
        os.waitpid(found.si_pid, 0)
