"""The scanner as a process: killed in the middle it goes on by itself, paused it waits, asked to stop it stops."""

from __future__ import annotations

import contextlib
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import pytest
from tests.run.conftest import Instance
from tests.tools import TOOLS

from thuocdo.assess.demo import servers

PLAN = """
import sys
from thuocdo.core import settings
from thuocdo.registry.setup import setup_django
setup_django()
from thuocdo.assess.criteria.model import criteria_set
from thuocdo.assess.rounds import measuring, office
from thuocdo.assess.rounds.office import System
from thuocdo.assess.scans import shadows
code, *urls = sys.argv[1:]
systems = [System(f"s{n}", f"s{n}", "province", url) for n, url in enumerate(urls)]
held = office.plan(code, criteria_set("2024"), systems, is_trial=False)
measuring.start(held, "emc@a.gov.vn", 0)
shadows.ring(settings.load())
"""
STEP = """
import sys
from thuocdo.core import settings
from thuocdo.registry.setup import setup_django
setup_django()
from thuocdo.assess.models import Round
from thuocdo.assess.rounds import measuring
from thuocdo.assess.scans import shadows
getattr(measuring, sys.argv[2])(Round.objects.get(code=sys.argv[1]))
shadows.ring(settings.load())
"""
SECONDS = 120
ENDLESS = 6


@pytest.fixture
def scanned(instance: Instance) -> Instance:
    instance.environment |= {
        "THUOCDO_CHECK_ALLOW_NETWORKS": "127.0.0.0/8",
        "THUOCDO_PROBE_TOOLS": str(TOOLS / "tools"),
    }
    return instance


@pytest.fixture
def endless() -> Iterator[list[str]]:
    """Hosts whose pages never end: each is scanned for half a minute."""
    one = next(each for each in servers.sites() if each.behaviour == "endless")
    with servers.serving([one] * ENDLESS) as fleet:
        yield [each.url for each in fleet.served]


def python(instance: Instance, code: str, *arguments: str) -> None:
    command = [sys.executable, "-c", code, *arguments]
    done = subprocess.run(
        command, env=instance.environment, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr


def look(instance: Instance) -> list[tuple[str, int]]:
    """(state, tries) of every system, as the database has them now."""
    with contextlib.closing(sqlite3.connect(instance.home / "registry.sqlite3")) as book:
        return list(book.execute("select state, attempts from assess_entry order by turn"))


def until(instance: Instance, wanted: Callable[[list[tuple[str, int]]], bool]) -> None:
    limit = time.monotonic() + SECONDS
    while not wanted(look(instance)):
        assert time.monotonic() < limit, f"{look(instance)} {instance.logs()}"
        time.sleep(0.1)


def is_at_work(rows: list[tuple[str, int]]) -> bool:
    return any(state == "running" for state, _tries in rows)


def test_killed_in_the_middle_it_goes_on_by_itself_and_paused_it_does_not(scanned, endless):
    python(scanned, PLAN, "r1", *endless)
    first = scanned.start("scanner")
    until(scanned, is_at_work)
    first.send_signal(signal.SIGKILL)
    first.wait(10)
    assert is_at_work(look(scanned))  # the dead have not tidied up

    second = scanned.start("scanner")  # nobody presses anything
    until(scanned, lambda rows: ("running", 2) in rows)
    python(scanned, STEP, "r1", "pause")
    second.send_signal(signal.SIGTERM)
    assert second.wait(25) == 0
    left = look(scanned)
    assert not is_at_work(left)
    assert left.count(("queued", 0)) >= ENDLESS - 4  # most were never begun

    third = scanned.start("scanner")
    until(scanned, lambda _rows: (scanned.home / "state" / "scanner.beat").exists())
    time.sleep(6)
    assert look(scanned) == left
    python(scanned, STEP, "r1", "resume")
    until(scanned, is_at_work)
    third.send_signal(signal.SIGTERM)
    assert third.wait(25) == 0
    assert not is_at_work(look(scanned))


def test_a_second_scanner_is_refused_and_what_is_asked_meanwhile_is_done(scanned):
    beat = scanned.home / "state" / "scanner.beat"
    first = scanned.start("scanner")
    until(scanned, lambda _rows: beat.exists())
    refused = scanned.run("scanner", check=False)
    assert refused.returncode == 1
    assert "Another scanner" in refused.stderr
    python(scanned, PLAN, "r2", "http://127.0.0.1:9/")  # rung while it sleeps
    until(scanned, lambda rows: rows == [("done", 1)])
    first.send_signal(signal.SIGTERM)
    assert first.wait(25) == 0
    assert not beat.exists()
