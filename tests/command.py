"""The `thuocdo` command as tests run it: a process of its own, which needs not load the libraries anew.

Hundreds of commands are run, and of each two seconds four fifths are spent on loading what never changes. So a
template process, `python -m tests.command SOCKET`, loads it once, as the template of `thuocdo serve` does
(thuocdo/run/forked.py), and forks for every command.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, Final

from thuocdo.run import forked

ROOT: Final = Path(__file__).parents[1]
_PATIENCE_S: Final = 300.0
_SIZE: Final = struct.Struct("!I")
_CODE: Final = struct.Struct("!i")
_starting = threading.Lock()


class Started:
    """A command that runs: subprocess.Popen's ways of asking and ending it."""

    def __init__(
        self,
        words: list[str],
        environment: Mapping[str, str],
        folder: Path,
        out: IO[bytes],
        err: IO[bytes],
    ) -> None:
        self.args = words
        self.returncode: int | None = None
        body = json.dumps({"words": words, "env": dict(environment), "folder": str(folder)})
        self._line = socket.socket(socket.AF_UNIX)
        self._line.connect(_template())
        self._line.settimeout(_PATIENCE_S)
        head = _SIZE.pack(len(body.encode()))
        socket.send_fds(self._line, [head], [out.fileno(), err.fileno()])
        self._line.sendall(body.encode())
        (self.pid,) = _CODE.unpack(self._line.recv(_CODE.size))

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it lives."""
        if self.returncode is None and select.select([self._line], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code, when it has ended. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            self._line.settimeout(timeout)
            try:
                (self.returncode,) = _CODE.unpack(self._line.recv(_CODE.size))
            except TimeoutError:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0) from None
            self._line.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def start(*words: str | Path, environment: Mapping[str, str], output: IO[bytes]) -> Started:
    """Start a command that goes on, a role for instance; what it says goes to `output`."""
    return Started([str(word) for word in words], environment, Path.cwd(), output, output)


def thuocdo(
    *words: str | Path, environment: Mapping[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; exit code, and what it printed. Raises TimeoutExpired after five minutes."""
    command = [str(word) for word in words]
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = Started(command, environment, folder or Path.cwd(), out, err)
        try:
            code = process.wait(_PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            raise
        return subprocess.CompletedProcess(command, code, _text(out), _text(err))


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _template() -> str:
    """Where the template of this process listens."""
    with _starting:
        return _started()


@cache
def _started() -> str:
    folder = Path(tempfile.mkdtemp(prefix="thuocdo-command-"))
    address = folder / "line"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.command", address, forked.ROOM],
        cwd=ROOT, env=os.environ | forked.WITHOUT_THREADS, stdin=subprocess.PIPE,
    )  # fmt: skip
    atexit.register(_end, process, folder)
    limit = time.monotonic() + _PATIENCE_S
    while not address.exists():
        assert process.poll() is None, "the template of commands did not start"
        assert time.monotonic() < limit
        time.sleep(0.02)
    return str(address)


def _end(process: subprocess.Popen[bytes], folder: Path) -> None:
    assert process.stdin is not None
    process.stdin.close()  # its sign to end
    process.wait()
    for left in folder.iterdir():
        left.unlink()
    folder.rmdir()


# --- the template ---------------------------------------------------------------------------------


def serve(address: str) -> None:
    """Until standard input ends. Returns only in a command's own process, which is to run it then."""
    forked.call_itself([sys.executable, "-m", "tests.command"], "tests-template")
    forked.load()
    signal.signal(
        signal.SIGCHLD, signal.SIG_IGN
    )  # whoever waits for a command needs no waiting for
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{address}.new")
        listener.listen(16)
        Path(f"{address}.new").rename(address)
        while True:
            ready, _, _ = select.select([listener, sys.stdin], [], [])
            if sys.stdin in ready:
                os._exit(0)
            line, _ = listener.accept()
            with line:
                if os.fork() == 0:
                    listener.close()
                    _fork_for(line)
                    return


def _fork_for(line: socket.socket) -> None:
    """Start what is asked for, wait for it and tell its exit code. Returns in the command's process."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    head, outputs, _, _ = socket.recv_fds(line, _SIZE.size, 2)
    with line.makefile("rb") as file:
        asked = json.loads(file.read(_SIZE.unpack(head)[0]))
    pid = os.fork()
    if pid:
        line.sendall(_CODE.pack(pid))
        _, status = os.waitpid(pid, 0)
        line.sendall(_CODE.pack(os.waitstatus_to_exitcode(status)))
        os._exit(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for there, here in enumerate((nothing, *outputs)):
        os.dup2(here, there)
        os.close(here)
    os.chdir(asked["folder"])
    forked.become(asked["words"], asked["env"])


if __name__ == "__main__":
    serve(sys.argv[1])
    forked.end(forked.run())
