"""Running the collector: one process per worker, each with its own event loop and its own log.

Granian runs embedded in our own loop, so the process that is started is the process that serves:
killing it leaves nothing behind that would hold the port. SIGTERM and SIGINT stop it gracefully:
no new connections, every open request answered, the log sealed.
"""

from __future__ import annotations

import asyncio
import gc
import multiprocessing
import multiprocessing.connection
import resource
import signal
import socket
import sys
from multiprocessing.process import BaseProcess
from types import FrameType
from typing import Final, NoReturn

import structlog
import uvloop
from granian.constants import HTTPModes
from granian.http import HTTP1Settings
from granian.server.embed import Server

from thuocdo.collect.front import stand_before
from thuocdo.collect.gate import Gate
from thuocdo.collect.server import App
from thuocdo.core import logs
from thuocdo.core.errors import ThuocdoError
from thuocdo.core.leaving import leave
from thuocdo.core.settings import Settings
from thuocdo.core.signing import Signer
from thuocdo.wal.writer import Writer

_BACKLOG: Final = 2048
_CONNECTIONS: Final = 16_384
"""At once, idle ones included; the next one waits for a place. An idle one costs about 3 KiB."""
_HEAD_BYTES: Final = 32 << 10
"""Of a request's line and headers: twice the longest query (collect/limits.py)."""
_FILES_BESIDE: Final = 256
_SWITCH_SECONDS: Final = 0.001
"""How long the event loop may keep the writer thread from its next frame."""
_GC_THRESHOLDS: Final = (50_000, 20, 20)
"""Waiting requests are many young objects and no cycles: looking through them every 700 costs a
tenth of the time and finds nothing."""
_STOP_SECONDS: Final = 30.0

_log = structlog.get_logger("thuocdo.collect")


def run(settings: Settings, port: int, workers: int = 1, host: str = "0.0.0.0") -> None:  # noqa: S104
    """Serve until SIGTERM or SIGINT.

    Raises ThuocdoError `not_initialised`, `bad_snapshot`, or `port_in_use`.
    """
    settings.require_initialised()
    Gate(settings.snapshot_path, settings.secret)
    _require_free(host, port)
    if workers == 1:
        serve(settings, host, port)
    else:
        _serve_many(settings, host, port, workers)


def serve(settings: Settings, host: str, port: int) -> NoReturn:
    """One worker, in this process, which ends with it."""
    logs.tolerate_a_full_disk()
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_GC_THRESHOLDS)
    uvloop.run(_serve(settings, host, port))
    leave()


async def _serve(settings: Settings, host: str, port: int) -> None:
    writer = Writer(settings.wal_dir)
    app = App(
        Gate(settings.snapshot_path, settings.secret, settings.key_days_dir),
        writer,
        Signer.of(settings.home),
        trusted=settings.trusted_proxies,
        address_rate=settings.address_rate,
    )
    stand_before(app.front.take)
    server = Server(
        app,
        address=host,
        port=port,
        http=HTTPModes.http1,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_connections(),
        http1_settings=HTTP1Settings(max_buffer_size=_HEAD_BYTES),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, server.stop)
    if parent := multiprocessing.parent_process():
        loop.add_reader(parent.sentinel, server.stop)  # no orphan keeps the port
    watch = asyncio.create_task(app.keep_watch())
    _log.info("collector serves", host=host, port=port, writer=writer.name)
    try:
        await server.serve()
        await app.drain()
    finally:
        watch.cancel()
        await writer.close()
    _log.info("collector stopped, log sealed", writer=writer.name)


def _serve_many(settings: Settings, host: str, port: int, workers: int) -> None:
    """Several processes share the port (SO_REUSEPORT); if one dies, all stop and say so."""
    context = multiprocessing.get_context("spawn")
    running: list[BaseProcess] = []
    children: list[BaseProcess] = [
        context.Process(target=serve, args=(settings, host, port), name=f"collect-{number}")
        for number in range(workers)
    ]

    def stop(_signal: int, _frame: FrameType | None) -> None:
        while running:  # once each: a second signal would cut a graceful stop short
            running.pop().terminate()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, stop)
    for child in children:
        child.start()
    running.extend(children)
    multiprocessing.connection.wait([child.sentinel for child in children])
    stop(signal.SIGTERM, None)
    for child in children:
        child.join(_STOP_SECONDS)
    if any(child.exitcode for child in children):
        raise ThuocdoError("worker_died", "A worker of the collector ended unexpectedly.")


def _connections() -> int:
    """How many connections this process may take: as many files as the system lets it open."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most == resource.RLIM_INFINITY:
        return _CONNECTIONS
    return max(1, min(_CONNECTIONS, most - _FILES_BESIDE))


def _require_free(host: str, port: int) -> None:
    """Granian shares ports on purpose, so a second collector would take half the traffic unseen."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as problem:
            raise ThuocdoError(
                "port_in_use",
                f"Port {port} on {host} cannot be used: {problem.strerror}.",
                "Choose another with --port.",
            ) from None
