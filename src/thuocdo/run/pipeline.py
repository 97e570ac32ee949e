"""The pipeline role: sealed segments into the lake, the lake into the ledger, touched partitions into facts, again and again.

It holds nothing that is not on disk. Killed anywhere, it starts again where the lake's app
transactions and the facts' manifest say it was. An error it does not know ends the process
with its traceback, and the supervisor starts a fresh one: no half-broken state is carried on.
"""

from __future__ import annotations

import threading
import time
from typing import Final

import msgspec
import structlog

from thuocdo.core import clock, files, logs
from thuocdo.core.settings import Settings
from thuocdo.lake.landing import Lander
from thuocdo.lake.ledger.ledger import Ledger
from thuocdo.lake.store import Lake
from thuocdo.measure.refresh import refresh

PAUSE_SECONDS: Final = 0.4
"""Between rounds. With a WAL that rotates every second this keeps an event under five seconds."""

log = structlog.get_logger("thuocdo.pipeline")


class Heartbeat(msgspec.Struct, frozen=True):
    """What the pipeline last did, for /health, `doctor` and the status page. Instants µs UTC."""

    at: int
    landed_rows: int
    rejected_rows: int
    facts_version: int
    round_seconds: float


def run(settings: Settings, stop: threading.Event) -> None:
    """Land and refresh until asked to stop; the last round runs after the request."""
    settings.require_initialised()
    logs.tolerate_a_full_disk()
    lake = Lake.open(settings)
    lander = Lander(settings, lake)
    ledger = Ledger(settings, lake)
    landed_rows = rejected_rows = 0
    while True:
        last_round = stop.is_set()
        began = time.monotonic()
        landed = lander.land_once()
        refreshed = refresh(settings, lake, head=ledger.extend())
        landed_rows += sum(landed.rows.values())
        rejected_rows += sum(landed.rejects.values())
        if landed.segments:
            log.info("landed", rows=landed.rows, rejects=landed.rejects, segments=landed.segments)
        beat(
            settings,
            Heartbeat(
                at=clock.now_us(),
                landed_rows=landed_rows,
                rejected_rows=rejected_rows,
                facts_version=refreshed.version,
                round_seconds=round(time.monotonic() - began, 3),
            ),
        )
        if last_round:
            return
        stop.wait(PAUSE_SECONDS)


def beat(settings: Settings, heartbeat: Heartbeat) -> None:
    """Replace the heartbeat file in one step."""
    path = settings.state_dir / "pipeline.json"
    files.replace(path, msgspec.json.encode(heartbeat), durable=False)
