"""The web role: Granian serves Django in this one process until it is asked to stop.

Granian's embedded server is used, not its parent with children: when this process is killed
nothing stays behind holding the port, and a restart always succeeds.
"""

from __future__ import annotations

import asyncio
import os
import signal
import threading
import warnings
from typing import NoReturn

from granian.constants import Interfaces
from granian.server.embed import Server

from thuocdo.core.leaving import leave
from thuocdo.core.settings import Settings

_ADDRESS = "THUOCDO_WEB_ADDRESS"
_BACKLOG = 512


def run(settings: Settings, port: int) -> NoReturn:
    """Serve the public site and the admin on `port`; ends the process after SIGTERM or SIGINT.

    Requests under way are finished first. Listens on THUOCDO_WEB_ADDRESS (127.0.0.1 unless set).
    """
    os.environ["THUOCDO_HOME"] = str(settings.home)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "thuocdo.web.settings")
    # Static files are small and read at once: that they are no asynchronous stream is no fault.
    warnings.filterwarnings("ignore", message="StreamingHttpResponse must consume synchronous")
    asyncio.run(_serve(port))
    leave()


async def _serve(port: int) -> None:
    # Django reads the environment when it is imported, so not before it is set.
    from thuocdo.web.asgi import application  # noqa: PLC0415

    server = Server(
        application,
        address=os.environ.get(_ADDRESS, "127.0.0.1"),
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backlog=_BACKLOG,
        log_access=False,
    )
    warming = _warm()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _stop, server, warming)
    await server.serve()


def _warm() -> threading.Event:
    from thuocdo.web import warming  # noqa: PLC0415 - needs Django set up

    return warming.start()


def _stop(server: Server, warming: threading.Event) -> None:
    """Streams have no end of their own that a leaving server could wait for."""
    from thuocdo.web import streams  # noqa: PLC0415 - as above

    warming.set()
    streams.leave()
    server.stop()
