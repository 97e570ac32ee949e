"""A tool ends when its time is over, with all it started, in whichever session that hides."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import pytest

from thuocdo.assess import leash
from thuocdo.assess.probes import tools
from thuocdo.assess.results import Fault

DETACHES = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
print("begun", flush=True)
time.sleep(SECONDS)
"""


@pytest.fixture
def token(monkeypatch):
    monkeypatch.setattr(tools.secrets, "token_hex", lambda _octets: "known")
    return "known"


@pytest.mark.parametrize(("seconds", "fault"), [(0, None), (60, Fault.TIMEOUT)])
def test_nothing_outlives_a_tool_that_ended_or_was_ended(token, seconds, fault):
    command = [sys.executable, "-c", DETACHES.replace("SECONDS", str(seconds))]
    environment = {"PYTHONUNBUFFERED": "1"}
    ended = asyncio.run(tools.run(command, 3.0, environment))
    assert ended.fault is fault
    assert list(leash.started_under(token)) == []


def test_nothing_outlives_a_scanner_that_is_killed():
    """It asked a host that is free for others from that moment on."""
    scanner = f"""
import asyncio, sys
from thuocdo.assess.probes import tools
tools.secrets.token_hex = lambda _octets: "of-the-killed"
asyncio.run(tools.run([sys.executable, "-c", {DETACHES.replace("SECONDS", "60")!r}], 60.0))
"""
    process = subprocess.Popen([sys.executable, "-c", scanner])
    try:
        until = time.monotonic() + 20
        while len(list(leash.started_under("of-the-killed"))) < 3:  # leash, tool, what it detached
            assert time.monotonic() < until
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    until = time.monotonic() + 10
    while list(leash.started_under("of-the-killed")):
        assert time.monotonic() < until
        time.sleep(0.05)


def test_the_exit_of_a_tool_is_told_as_it_was():
    command = [sys.executable, "-c", "import sys; print('out'); sys.exit('why')"]
    ended = asyncio.run(tools.run(command, 20.0))
    assert (ended.code, ended.output, ended.detail, ended.fault) == (1, b"out\n", "why", None)


def test_a_tool_that_is_not_there_is_named():
    ended = asyncio.run(tools.run(["no-such-tool"], 1.0))
    assert (ended.fault, ended.detail) == (Fault.NO_TOOL, "no-such-tool: No such file or directory")
