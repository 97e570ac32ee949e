"""Real processes on a real database: two workers at once, and one that is killed while it sends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.steer.conftest import SENDER, Post

from thuocdo.steer.policy import editions

PREPARE = """
import sys
from thuocdo.core import clock, settings
from thuocdo.registry.setup import initialise
found = settings.load()
initialise(found)
from django.contrib.auth import get_user_model
from thuocdo.registry.accounts import create_account
from thuocdo.registry.rights import Role
from thuocdo.steer.models import Subscription
create_account("lan", None, Role.OFFICER, "H26")
user = get_user_model().objects.get()
now = clock.to_datetime(clock.now_us())
Subscription.objects.create(user=user, by_mail=True, address="lan@example.gov.vn", confirmed_at=now)
"""
WORK = """
import sys
from thuocdo.core import clock, settings
from thuocdo.registry.setup import setup_django
setup_django()
from thuocdo.steer import incidents, watching
from thuocdo.steer.model import Cause, Kind, Severity
from thuocdo.steer.policy import policy_on
found, now = settings.load(), clock.now_us() + int(sys.argv[1])
evidence = {"name": "Cong", "since": "2026-12-01", "days": 3}
cause = Cause(Kind.SILENT_SOURCE, "391", "H26", Severity.SERIOUS, evidence)
for _ in range(int(sys.argv[2])):
    incidents.write(found, Kind.SILENT_SOURCE, [cause], policy_on(clock.local_day(now)), now, 1)
    watching.post(found, now)
"""
LEASE_US = editions()[-1].posting.lease_minutes * 60 * 1_000_000


@pytest.fixture
def environ(tmp_path: Path, post: Post) -> dict[str, str]:
    found = {
        **os.environ,
        "THUOCDO_HOME": str(tmp_path / "home"),
        "THUOCDO_SMTP_URL": f"smtp://127.0.0.1:{post.port}?security=none",
        "THUOCDO_MAIL_FROM": SENDER,
    }
    subprocess.run([sys.executable, "-c", PREPARE], env=found, check=True, timeout=120)
    return found


def start(environ: dict[str, str], later_us: int = 0, times: int = 1) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", WORK, str(later_us), str(times)], env=environ)


def test_of_two_workers_one_tells(environ: dict[str, str], post: Post) -> None:
    workers = [start(environ, times=5) for _ in range(2)]
    assert [worker.wait(120) for worker in workers] == [0, 0]
    assert len(post.letters) == 1


def test_a_sender_that_is_killed_leaves_its_letter_to_the_next(
    environ: dict[str, str], post: Post
) -> None:
    post.hold = True
    first = start(environ)
    limit = time.monotonic() + 60
    while not post.held and time.monotonic() < limit:
        time.sleep(0.02)
    first.send_signal(signal.SIGKILL)
    first.wait(20)
    post.hold = False
    assert start(environ).wait(60) == 0
    assert post.letters == []  # whose it is may still be sending it
    assert start(environ, LEASE_US).wait(60) == 0
    assert start(environ, 2 * LEASE_US).wait(60) == 0
    (letter,) = post.letters
    assert letter["Message-ID"] == post.held[0]["Message-ID"]
