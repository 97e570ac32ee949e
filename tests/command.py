"""The `thuocdo` command as tests run it: a process of its own, which needs not load the libraries anew.

Hundreds of commands are run, and of each two seconds four fifths are spent on loading what never changes. So a
template process, `python -m tests.command SOCKET`, loads it once, reads nothing of an instance, and forks for every
command. What is forked has its own environment, folder and output, and ends as any program does.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
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

ROOT: Final = Path(__file__).parents[1]
LIBRARIES: Final = (
    *("pandas", "pyarrow.dataset", "pyarrow.parquet", "duckdb", "ibis", "sqlglot", "yaml"),
    *("ibis.formats.pyarrow", "ibis.backends.sql.compilers.duckdb", "pydantic.types", "requests"),
    *("django.core.management", "django.db.models", "django.forms", "django.template.defaulttags"),
    *("django.views.generic", "django.contrib.messages", "rich.table", "cryptography.x509"),
    *("thuocdo.cli.commands", "thuocdo.lake.store", "thuocdo.measure.service"),
)
"""Nothing that asks where the instance is when it is loaded."""
_WITHOUT_THREADS: Final = {
    "OPENBLAS_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "_RJEM_MALLOC_CONF": "background_thread:false",
}
_PATIENCE_S: Final = 300.0
_SIZE: Final = struct.Struct("!I")
_CODE: Final = struct.Struct("!i")
_starting = threading.Lock()


def thuocdo(
    *words: str | Path, environment: Mapping[str, str], folder: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; exit code, and what it printed. Raises TimeoutExpired after five minutes."""
    command = [str(word) for word in words]
    asked = {"words": command, "env": dict(environment), "folder": str(folder or Path.cwd())}
    body = json.dumps(asked).encode()
    with (
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
        socket.socket(socket.AF_UNIX) as line,
    ):
        line.connect(_template())
        line.settimeout(_PATIENCE_S)
        socket.send_fds(line, [_SIZE.pack(len(body))], [out.fileno(), err.fileno()])
        line.sendall(body)
        (pid,) = _CODE.unpack(line.recv(_CODE.size))
        try:
            (code,) = _CODE.unpack(line.recv(_CODE.size))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            raise subprocess.TimeoutExpired(command, _PATIENCE_S) from None
        printed, complained = (_text(file) for file in (out, err))
        return subprocess.CompletedProcess(command, code, printed, complained)


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
        [sys.executable, "-m", "tests.command", address],
        cwd=ROOT, env=os.environ | _WITHOUT_THREADS, stdin=subprocess.PIPE,
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
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.freeze()  # what is shared is not looked at, so not copied
    threads = list(Path("/proc/self/task").iterdir())
    assert len(threads) == 1, "what has threads cannot be forked"
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
    os.environ.clear()
    os.environ.update(asked["env"])
    time.tzset()
    sys.argv = ["thuocdo", *asked["words"]]


def run() -> int:
    """`python -m thuocdo` with the arguments there are; its exit code."""
    try:
        runpy.run_module("thuocdo", run_name="__main__", alter_sys=True)
    except SystemExit as end:
        return int(end.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0


def end(code: int) -> None:
    """As the interpreter ends, without taking down what is shared with the template."""
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


if __name__ == "__main__":
    serve(sys.argv[1])
    end(run())
