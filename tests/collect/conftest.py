"""A real collector: its own process, its own home, a free loopback port, a small registry."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import msgspec
import pytest

from thuocdo.core import settings as settings_of
from thuocdo.core import snapshot as snapshots
from thuocdo.core.ids import key_hash
from thuocdo.core.settings import Settings
from thuocdo.core.snapshot import KeyEntry, ServiceEntry, SiteEntry, Snapshot
from thuocdo.wal import frame
from thuocdo.wire.events import DossierEvent, Hit, Record, Refused

SECRET = "a secret for tests, long enough"
KEY = "key-of-h29"
KEY_FOR_PAGES = "key-for-page-views-only"
KEY_EXPIRED = "key-of-last-year"
SERVE = "import sys; from thuocdo.collect.run import run; from thuocdo.core.settings import load; run(load(), int(sys.argv[1]), int(sys.argv[2]), '127.0.0.1')"


def registry(secret: bytes) -> Snapshot:
    return Snapshot(
        made_at=1,
        sites=(
            SiteEntry(227, "H29-portal", "H29", "portal"),
            SiteEntry(101, "H29-one_stop", "H29", "one_stop"),
        ),
        keys=(
            KeyEntry(key_hash(secret, KEY), "one-stop of H29", agency="H29"),
            KeyEntry(key_hash(secret, KEY_FOR_PAGES), "pages", feeds=("tracking",)),
            KeyEntry(key_hash(secret, KEY_EXPIRED), "old", expires="2025-12-31"),
        ),
        agencies=("H29", "H57"),
        services=(ServiceEntry("H29", "1.004194", "full"),),
    )


class Collector:
    """A home and, while it runs, the process that serves it."""

    def __init__(self, home: Path, workers: int = 1) -> None:
        self.home = home
        self.workers = workers
        self.settings: Settings = settings_of.load(
            {"THUOCDO_HOME": str(home), "THUOCDO_SECRET_KEY": SECRET}
        )
        self.settings.make_folders()
        self.publish(registry(self.settings.secret))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.process: subprocess.Popen[bytes] | None = None
        self._forgotten = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def wal(self) -> Path:
        return self.settings.wal_dir

    def publish(self, snapshot: Snapshot) -> None:
        snapshots.write(self.settings.snapshot_path, snapshot)

    def start(self) -> None:
        environment = os.environ | {
            "THUOCDO_HOME": str(self.home),
            "THUOCDO_SECRET_KEY": SECRET,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", SERVE, str(self.port), str(self.workers)], env=environment
        )
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None, "the collector ended at once"
            try:
                if httpx.get(f"{self.url}/health").status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError("the collector did not come up")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Signal the process and wait for its end; its exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.process = None
        return code

    def records(self) -> list[Record]:
        """All records on disk after `forget`, in order, the open segment's included."""
        return [
            msgspec.msgpack.decode(record, type=Hit | DossierEvent | Refused)
            for data in self._segments()
            for span in frame.scan(data).spans
            for record in frame.decode(data, *span).records
        ][self._forgotten :]

    def _segments(self) -> list[bytes]:
        paths = [*self.wal.glob("*/*.open"), *self.wal.glob("*/*.sealed")]
        try:
            return [path.read_bytes() for path in sorted(paths)]
        except FileNotFoundError:  # sealed in between
            return self._segments()

    def forget(self) -> None:
        """Look only at records that come from now on."""
        self._forgotten = 0
        self._forgotten = len(self.records())

    def expect(self, count: int) -> list[Record]:
        """The records, of which there must be so many: what was answered is on disk."""
        found = self.records()
        assert len(found) == count
        return found

    def bytes_on_disk(self) -> bytes:
        return b"".join(path.read_bytes() for path in self.home.rglob("*") if path.is_file())


@pytest.fixture
def make_collector(tmp_path: Path) -> Iterator[Callable[..., Collector]]:
    """Collectors of the test's own, not started; whatever runs at the end is ended."""
    made: list[Collector] = []

    def make(workers: int = 1) -> Collector:
        made.append(Collector(tmp_path / f"home-{len(made)}", workers))
        return made[-1]

    yield make
    for each in made:
        if each.process is not None:
            each.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def running_collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    running = Collector(tmp_path_factory.mktemp("collect"))
    running.start()
    yield running
    assert running.stop() == 0


@pytest.fixture
def collector(running_collector: Collector) -> Collector:
    """One that runs, seen as if its log were empty."""
    running_collector.forget()
    return running_collector


@pytest.fixture(scope="session")
def serving(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Callable[[str, Callable[[bytes], Snapshot]], Collector]]:
    """Running collectors by name, each over a registry of its own, seen as if the log were empty."""
    running: dict[str, Collector] = {}

    def serve(name: str, made: Callable[[bytes], Snapshot]) -> Collector:
        if name not in running:
            one = Collector(tmp_path_factory.mktemp("serving"))
            one.publish(made(one.settings.secret))
            one.start()
            running[name] = one
        running[name].forget()
        return running[name]

    yield serve
    for one in running.values():
        assert one.stop() == 0
