"""The monitor as people start it: a role beside the others, one look by hand, the week at the command line."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.assess.fixtures.servers import Odd, page
from tests.run.conftest import end

from thuocdo.assess.results import Fault
from thuocdo.assess.watching import kept
from thuocdo.assess.watching.kept import Journal
from thuocdo.assess.watching.model import Look
from thuocdo.core import clock, settings
from thuocdo.core.signing import Signer
from thuocdo.run.supervisor import standard_roles

CALM = page(b"User-agent: *\nAllow: /", "Content-Type: text/plain")


@pytest.fixture
def fronts() -> Iterator[Odd]:
    server = Odd({"/a": page(b"x"), "/robots.txt": CALM})
    yield server
    server.close()


@pytest.fixture
def watching(instance: Any, fronts: Odd) -> Any:
    """An instance with somebody to write to, two addresses of our own line, and no system."""
    instance.run("init")
    instance.environment |= {
        "THUOCDO_CONTACT_MAIL": "emc@example.gov.vn",
        "THUOCDO_CHECK_ALLOW_NETWORKS": "127.0.0.0/8",
        "THUOCDO_CONTROL_URLS": f"{fronts.url}/a,{fronts.url}/b",
    }
    return instance


def test_one_look_by_hand_says_what_was_seen(watching: Any) -> None:
    said = watching.run("assess", "watch", "--once").stdout
    lines = {line.split()[1]: line for line in said.splitlines() if "=" in line and "│" in line}
    assert "answered" in lines["=1"]
    assert "http" in lines["=2"]
    assert "404" in lines["=2"]


def test_without_a_contact_it_says_what_to_set(watching: Any) -> None:
    del watching.environment["THUOCDO_CONTACT_MAIL"]
    done = watching.run("assess", "watch", check=False)
    assert done.returncode != 0
    assert "THUOCDO_CONTACT_MAIL" in done.stderr


def test_the_monitor_is_a_role_only_where_somebody_can_be_written_to() -> None:
    assert "watch" not in [role.name for role in standard_roles(1, 2)]
    assert standard_roles(1, 2, watches=True)[-1].arguments == ["assess", "watch"]


def test_the_week_is_told_as_a_table_as_data_and_by_hour(watching: Any) -> None:
    journal = Journal(Path(watching.home) / "watching")
    week = clock.parse_week("2026-W45")
    for slot in range(2016):
        at = week.start_us + slot * 300_000_000
        fault = Fault.HTTP if 100 <= slot < 103 else None
        journal.add(Look("H26-portal", at, fault, 500 if fault else 200, 120, 4))
    journal.close()
    asked = ("assess", "availability", "--week", "2026-W45")
    assert "99.85" in watching.run(*asked).stdout
    (told,) = json.loads(watching.run(*asked, "H26-portal", "--format", "json").stdout)
    assert (told["answered"], told["down"], told["expected"]) == (2013, 3, 2016)
    assert [each["fault"] for each in told["outages"]] == ["http"]
    assert len(watching.run(*asked, "--format", "csv").stdout.splitlines()) == 169
    refused = watching.run("assess", "availability", "--week", "W45", check=False)
    assert "is not a week" in refused.stderr


def test_verify_notices_a_look_that_was_changed(watching: Any) -> None:
    found = settings.load({"THUOCDO_HOME": str(watching.home)})
    journal = Journal(found.watching_dir)
    at = clock.now_us() - 3 * clock.DAY_US
    journal.add(Look("H26-portal", at, None, 200, 120, 4))
    journal.close()
    (path,) = kept.seal(found.watching_dir, clock.local_day(clock.now_us()), Signer.of(found.home))
    watching.run("refresh")  # begins a ledger
    assert "1 days watched, 1 looks" in watching.run("verify").stdout
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    done = watching.run("verify", check=False)
    assert done.returncode == 1
    assert f"{path.name}: changed since it was sealed" in done.stdout


def test_the_role_ends_when_it_is_asked_to_and_another_is_refused_meanwhile(watching: Any) -> None:
    process = watching.start("assess", "watch")
    lock = Path(watching.home) / "state" / "watching.lock"
    limit = time.monotonic() + 60
    while not lock.exists() and time.monotonic() < limit:
        time.sleep(0.1)
    time.sleep(0.5)
    try:
        done = watching.run("assess", "watch", "--once", check=False)
    finally:
        end(process)
    assert "Another monitor already watches" in done.stderr
    assert process.returncode == 0
