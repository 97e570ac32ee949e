"""The scanner role: measures the rounds that were started on the web, and what agencies and appeals ask for.

A process of its own, for a round takes hours and looks after browsers; the worker's short jobs go on beside
it. It sleeps until a bell rings, without Django, and beats while it lives, so that pages can say whether it is
there. Started again it goes on where it was: what it must do stands in the database.
"""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path
from typing import Final

import structlog

from thuocdo.core import logs
from thuocdo.core.alone import alone
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.settings import Settings

SLEEP_SECONDS: Final = 2.0
REST_SECONDS: Final = 60.0
"""After the start, before it is looked whether anything was left by whoever died without a bell."""

log = structlog.get_logger("thuocdo.scanner")


def run(settings: Settings, stop: threading.Event) -> None:
    """Scan what there is to scan until asked to stop. A second scanner is refused."""
    settings.require_initialised()
    logs.tolerate_a_full_disk()
    beat, bell = settings.scanner_beat_path, settings.scanner_bell_path
    refusal = ThuocdoError(
        "already_running",
        f"Another scanner already serves {settings.home}.",
        "Stop it first, or leave the work to it.",
    )
    with alone(settings.state_dir / "scanner.lock", refusal):
        # At once when a scanner died at work; else once everybody who opens pages has been served.
        look_at = time.monotonic() + (0 if _at_work(settings).exists() else REST_SECONDS)
        while not stop.is_set():
            beat.touch()
            if bell.exists() or time.monotonic() >= look_at:
                look_at = math.inf
                _work(settings, stop)
            stop.wait(SLEEP_SECONDS)
        beat.unlink(missing_ok=True)


def _at_work(settings: Settings) -> Path:
    """There from when the bell is silenced until what it rang for is done."""
    return settings.scanner_bell_path.with_suffix(".at-work")


def _work(settings: Settings, stop: threading.Event) -> None:
    """The bell is silenced first: what is asked for meanwhile rings it again."""
    from thuocdo.registry.setup import awake, fresh_connections

    awake()
    from thuocdo.assess.rounds import measuring
    from thuocdo.assess.scans import crew, shadows
    from thuocdo.assess.scans.policy import policy

    _at_work(settings).touch()
    settings.scanner_bell_path.unlink(missing_ok=True)
    queues = (shadows.Shadows(settings), measuring.systems(settings))

    def tick() -> None:
        settings.scanner_beat_path.touch()
        fresh_connections()

    try:
        scanned = crew.work(settings, queues, policy().at_once, tick, stop)
        if scanned:  # who waits for a host's budget is asked for again and again
            log.info("scanned", systems=scanned)
    except ThuocdoError as busy:
        if busy.code != "scanning":  # the command line is at it: another time
            raise
    if any(queue.waits() for queue in queues):  # or its hosts are busy
        settings.scanner_bell_path.touch()
    _at_work(settings).unlink()
