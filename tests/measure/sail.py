"""A Sail cluster within one machine: the Spark Connect server that the tests compute on."""

from __future__ import annotations

import importlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

START_SECONDS = 60
APART = (
    *("unshare", "--user", "--map-root-user", "--mount"),
    *("sh", "-c", 'mount -t tmpfs none "$0" && exec "$@"'),
)
"""Runs what follows a folder, in a world where that folder is empty."""


class Sail:
    """One server, a process of its own; `url` is the same after a `restart`.

    hidden  a folder of which the server sees nothing, as if it were on another machine
    """

    def __init__(self, log: Path, *, hidden: Path | None = None) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])
        self.url = f"sc://127.0.0.1:{self.port}"
        self.log, self.hidden = log, hidden
        self._process: subprocess.Popen[Any] | None = None

    def start(self) -> None:
        server = ("-m", "pysail", "spark", "server", "--ip", "127.0.0.1", "--port", str(self.port))
        apart = () if self.hidden is None else (*APART, str(self.hidden))
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                (*apart, sys.executable, *server),
                env=os.environ | {"SAIL_MODE": "local-cluster", "RUST_LOG": "warn"},
                stdout=log,
                stderr=log,
            )
        until = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > until:
                raise AssertionError(f"Sail did not start:\n{self.log.read_text()}")
            time.sleep(0.05)

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def _answers(self) -> bool:
        with socket.socket() as trial:
            return trial.connect_ex(("127.0.0.1", self.port)) == 0


def import_client() -> None:
    """A main module without a file, such as an xdist worker's, is to Spark's client a test of its own."""
    main: Any = sys.modules["__main__"]
    if hasattr(main, "__file__"):
        return
    main.__file__ = __file__
    try:
        importlib.import_module("thuocdo.measure.engine.spark")
    finally:
        del main.__file__


@contextmanager
def running(log: Path, *, hidden: Path | None = None) -> Iterator[Sail]:
    """A server for as long as the block lasts."""
    import_client()
    sail = Sail(log, hidden=hidden)
    sail.start()
    try:
        yield sail
    finally:
        sail.stop()
