"""A real instance in a folder of its own, driven by the real command, on free loopback ports."""

from __future__ import annotations

import contextlib
import csv
import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.command import Started, start, thuocdo


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


Process = subprocess.Popen[bytes] | Started


class Instance:
    """One THUOCDO_HOME and the commands run in it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.collect_port = free_port()
        self.web_port = free_port()
        self.launcher: tuple[str, ...] = ()  # what starts the roles, instead of this process itself
        self.environment = os.environ | {
            "THUOCDO_HOME": str(home),
            "THUOCDO_SECRET_KEY": "a secret for tests, long enough",
        }

    @property
    def collector(self) -> str:
        return f"http://127.0.0.1:{self.collect_port}"

    @property
    def site(self) -> str:
        return f"http://127.0.0.1:{self.web_port}"

    def run(self, *arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = thuocdo(*arguments, environment=self.environment)
        if check:
            assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return done

    def figures(self, *arguments: str) -> dict[str, dict[str, Any]]:
        """`thuocdo indicator … --format json`, by agency."""
        output = self.run("indicator", *arguments, "--format", "json").stdout
        return {row["agency"]: row for row in json.loads(output)}

    def write_csv(self, name: str, rows: Sequence[dict[str, object]]) -> Path:
        path = self.home.parent / name
        columns = list(dict.fromkeys(key for row in rows for key in row))
        with path.open("w", newline="") as file:
            writer = csv.DictWriter(file, columns)
            writer.writeheader()
            writer.writerows(rows)
        return path

    def start(self, *arguments: str, plainly: bool = False) -> Process:
        """A role or the supervisor, its output in <home>/<name>.log.

        plainly  by the command that a person types, which loads everything; so is whatever has a launcher
        """
        with (self.home / f"{arguments[0]}.log").open("ab") as log:
            if not self.launcher and not plainly:
                return start(*arguments, environment=self.environment, output=log)
            return subprocess.Popen(
                [*self.launcher, sys.executable, "-m", "thuocdo", *arguments],
                env=self.environment,
                stdout=log,
                stderr=log,
            )

    @contextlib.contextmanager
    def role(self, name: str) -> Iterator[Process]:
        """One role, up before the block and ended after it."""
        ports = {"collect": self.collect_port, "web": self.web_port}
        extra = ["--port", str(ports[name])] if name in ports else []
        process = self.start(name, *extra)
        try:
            if name in ports:
                self.wait_up(ports[name], process)
            yield process
        finally:
            end(process)

    @contextlib.contextmanager
    def serving(self, *, plainly: bool = False) -> Iterator[Process]:
        """All roles under the supervisor."""
        ports = ("--collect-port", str(self.collect_port), "--web-port", str(self.web_port))
        process = self.start("serve", *ports, plainly=plainly)
        try:
            self.wait_up(self.collect_port, process)
            self.wait_up(self.web_port, process)
            yield process
        finally:
            end(process)

    def wait_up(self, port: int, process: Process, seconds: float = 60) -> None:
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            assert process.poll() is None, self.logs()
            with contextlib.suppress(urllib.error.URLError, OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2).close()
                return
            time.sleep(0.05)
        raise AssertionError(f"port {port} is not up: {self.logs()}")

    def logs(self) -> str:
        return "\n".join(log.read_text()[-3000:] for log in self.home.glob("*.log"))


def end(process: Process) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


SITES = [
    {"site_id": 227, "agency": "H13", "kind": "portal", "name": "Cổng TTĐT Cần Thơ"},
    {"site_id": 101, "agency": "H13", "kind": "one_stop", "name": "Một cửa Cần Thơ"},
]
SERVICES = [
    {"agency": "H13", "procedure": "1.004194", "level": "full", "name": "Đăng ký tạm trú"},
    {"agency": "H13", "procedure": "1.000110", "level": "partial", "name": "Chứng thực"},
]


@pytest.fixture(scope="session")
def empty_instance(tmp_path_factory: pytest.TempPathFactory) -> Instance:
    """Made once by `thuocdo init`: Vietnam's agencies, nothing else. Tests get copies."""
    made = Instance(tmp_path_factory.mktemp("empty") / "home")
    made.run("init")
    return made


@pytest.fixture(scope="session")
def can_tho_instance(
    empty_instance: Instance, tmp_path_factory: pytest.TempPathFactory
) -> Instance:
    """Knows Cần Thơ's portal (227), its one-stop system (101) and two services. Tests get copies."""
    made = copy_of(empty_instance, tmp_path_factory.mktemp("can-tho"))
    made.run("import", "sites", made.write_csv("sites.csv", SITES))
    made.run("import", "services", made.write_csv("services.csv", SERVICES))
    return made


def copy_of(instance: Instance, folder: Path) -> Instance:
    """An instance is a folder: copied, it is another instance with the same past."""
    shutil.copytree(instance.home, folder / "home")
    for path in instance.home.parent.glob("*.csv"):
        shutil.copy(path, folder)
    return Instance(folder / "home")


@pytest.fixture
def instance(empty_instance: Instance, tmp_path: Path) -> Instance:
    return copy_of(empty_instance, tmp_path)


@pytest.fixture
def can_tho(can_tho_instance: Instance, tmp_path: Path) -> Instance:
    return copy_of(can_tho_instance, tmp_path)
