"""`thuocdo keeping` tells first, does when told to, and is finished by the next run when it was killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from hashlib import sha256
from pathlib import Path
from typing import Any

PIECES = 1500
COUNT = """
from thuocdo.registry.setup import setup_django
setup_django()
from thuocdo.registry.models import Change
lines = Change.objects.filter(what="kept")
print(sum(line.before["pieces"] for line in lines), lines.count())
"""


def orphans(home: Path) -> list[Path]:
    made = []
    for n in range(PIECES):
        content = f"piece {n}".encode()
        name = sha256(content).hexdigest()
        path = home / "evidence" / name[:2] / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (1, 1))
        made.append(path)
    return made


def told(instance: Any) -> dict[str, Any]:
    lines = json.loads(instance.run("keeping", "--format", "json").stdout)
    return next(line for line in lines if line["kind"] == "evidence")


def test_a_dry_run_tells_and_a_killed_run_is_finished(instance: Any) -> None:
    pieces = orphans(instance.home)
    before = told(instance)
    assert (before["due"], before["due_bytes"]) == (PIECES, sum(p.stat().st_size for p in pieces))
    assert all(path.exists() for path in pieces)

    process = instance.start("keeping", "--do")
    limit = time.monotonic() + 60
    while all(path.exists() for path in pieces) and time.monotonic() < limit:
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()

    done = instance.run("keeping", "--do")
    assert done.returncode == 0
    assert not any(path.exists() for path in pieces)
    assert told(instance)["held"] == 0
    counted = subprocess.run(
        [sys.executable, "-c", COUNT],
        env=instance.environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert counted.stdout.split() == [str(PIECES), "3"]
    assert "evidence:" not in instance.run("keeping", "--do").stdout
