"""The file Locust runs: step after step of users, and an end at once when the portal begins to fail.

Reads its task from LOAD and writes what each step saw to the file the task names.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from locust import HttpUser, LoadTestShape, constant_pacing, events, task

TASK: dict[str, Any] = json.loads(os.environ["LOAD"])
STEPS: list[dict[str, Any]] = [
    {"users": users, "times": [], "failed": 0, "aborted": False} for users in TASK["steps"]
]
_begun = time.monotonic()


def _now() -> int:
    """Which step it is."""
    return int((time.monotonic() - _begun) / TASK["step_s"])


class Visitor(HttpUser):
    wait_time = constant_pacing(1)

    @task
    def look(self) -> None:
        self.client.get(
            TASK["path"],
            headers={"User-Agent": TASK["agent"]},
            allow_redirects=False,
            timeout=TASK["timeout_s"],
            verify=TASK["authorities"] or True,
        )


class Ramp(LoadTestShape):
    def tick(self) -> tuple[int, float] | None:
        step = _now()
        if step >= len(STEPS) or any(each["aborted"] for each in STEPS):
            return None
        users = STEPS[step]["users"]
        return users, float(users)


def on_request(response_time: float, exception: Exception | None, response: Any, **_: Any) -> None:
    step = min(_now(), len(STEPS) - 1)
    seen = STEPS[step]
    seen["times"].append(round(response_time))
    status = getattr(response, "status_code", 0)
    seen["failed"] += bool(exception is not None or status == 0 or status >= 400)
    asked = len(seen["times"])
    if asked >= TASK["abort_after"] and seen["failed"] * 100 > TASK["abort_percent"] * asked:
        seen["aborted"] = True


def on_quitting(**_: Any) -> None:
    Path(TASK["report"]).write_text(json.dumps(STEPS), "utf-8")


events.request.add_listener(on_request)  # type: ignore[no-untyped-call]
events.quitting.add_listener(on_quitting)  # type: ignore[no-untyped-call]
