"""Server-sent events: one rendering for everybody who watches, and an end when the server leaves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.http import HttpResponse, StreamingHttpResponse

MOST = 300
"""Streams open at once; who comes later reloads the page."""
_EVERY_S = 5
_LIFE_S = 600
_TICK_S = 0.5

_leaving = threading.Event()
_open = 0


def leave() -> None:
    """End every stream, so that the server can end."""
    _leaving.set()


def stream(make: Callable[[], str]) -> HttpResponse:
    """What `make` says, now and every five seconds, for ten minutes; the browser then comes again.

    make  gives one line of text; runs in a thread
    """
    if _open >= MOST or _leaving.is_set():
        return HttpResponse(status=503, headers={"Retry-After": "60", "Cache-Control": "no-store"})
    return StreamingHttpResponse(
        _events(make),
        content_type="text/event-stream",
        headers={
            "Cache-Control": "no-store",
            "Content-Encoding": "identity",  # compressing would hold events back
            "X-Accel-Buffering": "no",
        },
    )


async def _events(make: Callable[[], str]) -> AsyncIterator[str]:
    global _open  # noqa: PLW0603 - counted on the one event loop of this process
    _open += 1
    try:
        yield "retry: 5000\n\n"
        told, lived = "", 0.0
        while lived < _LIFE_S:
            now = await sync_to_async(make, thread_sensitive=False)()
            if now != told:
                told = now
                yield f"data: {now}\n\n"
            else:
                yield ": quiet\n\n"  # a reader that went away is noticed by writing to it
            for _tick in range(int(_EVERY_S / _TICK_S)):
                if _leaving.is_set():
                    return
                await asyncio.sleep(_TICK_S)
            lived += _EVERY_S
    finally:
        _open -= 1
