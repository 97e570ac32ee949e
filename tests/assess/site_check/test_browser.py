"""A browser that does not want to end, ends."""

from __future__ import annotations

import asyncio
import os
import signal
import time

import msgspec
import pytest

from thuocdo.assess import leash
from thuocdo.assess.patience import bounds
from thuocdo.assess.site_check import browser
from thuocdo.core import settings as instance


@pytest.fixture
def impatient(monkeypatch, tmp_path):
    short = msgspec.structs.replace(bounds(), close_seconds=1.0)
    monkeypatch.setattr(browser, "bounds", lambda: short)
    monkeypatch.setattr(browser.secrets, "token_hex", lambda _octets: "stubborn")
    return instance.load({"THUOCDO_HOME": str(tmp_path)})


def test_a_browser_that_stands_still_is_killed_when_its_time_is_over(impatient):
    async def visit() -> None:
        async with browser.launched(impatient):
            stopped = list(leash.started_under("stubborn"))
            assert stopped
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)

    began = time.monotonic()
    asyncio.run(asyncio.wait_for(visit(), 60))
    assert time.monotonic() - began < 30
    assert list(leash.started_under("stubborn")) == []
