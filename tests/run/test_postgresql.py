"""The control plane on PostgreSQL: the tests of the registry, the workspace, rounds and letters, on a real one.

A cluster of its own below the temporary folder, on loopback, ended by its process id.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
AGAIN = (
    "tests/registry",
    "tests/keeping",
    "tests/web/work",
    "tests/web/test_bad_input.py",
    "tests/assess/rounds",
    "tests/steer/test_deaths.py",
    "tests/steer/test_delivery.py",
    "tests/steer/test_webhooks.py",
    "tests/steer/test_tasks.py",
)

NOT_AGAIN = (  # a browser, or the lake, is most of these
    "tests/assess/rounds/test_command.py",
    "tests/web/work/test_reconciling.py",
    "tests/web/work/test_reports.py",
)


def as_owner(folder: Path) -> list[str]:
    """PostgreSQL refuses to be run by root: then the account that Debian makes for it owns the folder."""
    if os.getuid() != 0:
        return []
    owner = pwd.getpwnam("postgres")
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    return ["setpriv", f"--reuid={owner.pw_uid}", f"--regid={owner.pw_gid}", "--clear-groups"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an empty database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    assert programs, "PostgreSQL is missing: apt-get install postgresql"
    folder = Path(tempfile.mkdtemp(prefix="thuocdo-postgresql-"))
    run_as, port, data = as_owner(folder), free_port(), folder / "data"
    control = [*run_as, programs[-1] / "pg_ctl", "-D", data, "-w"]
    subprocess.run(
        [
            *(*run_as, programs[-1] / "initdb", "-A", "trust", "-U", "thuocdo"),
            *("-E", "UTF8", "--locale", "C.UTF-8", "-D", data),
        ],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    options = f"-k {folder} -c listen_addresses=127.0.0.1 -p {port} -c fsync=off"
    subprocess.run([*control, "-o", options, "-l", folder / "log", "start"], check=True)
    try:
        yield f"postgres://thuocdo@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([*control, "-m", "immediate", "stop"], check=True)
        shutil.rmtree(folder)


def test_the_control_plane_works_on_postgresql(server) -> None:
    ran = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *AGAIN, *(f"--ignore={each}" for each in NOT_AGAIN)),
            *("-n0", "-p", "no:cacheprovider", "--tb=short"),
        ],
        cwd=ROOT,
        env={**os.environ, "THUOCDO_DATABASE_URL": server},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-6000:] + ran.stderr[-2000:]
