"""A tool ends when its time is over, with all it started, in whichever session that hides."""

from __future__ import annotations

import asyncio
import sys

import pytest

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
    assert list(tools.started_under(token)) == []


def test_a_tool_that_is_not_there_is_named():
    ended = asyncio.run(tools.run(["no-such-tool"], 1.0))
    assert (ended.fault, ended.detail) == (Fault.NO_TOOL, "no-such-tool: No such file or directory")
