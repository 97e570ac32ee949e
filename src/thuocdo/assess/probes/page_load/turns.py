"""Turns in the lab: no more pages are measured at a time than there are cores to measure them on.

A page that shares its core with another looks slower than it is; everything else of a scan may go on meanwhile.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import AsyncIterator
from typing import Final

from thuocdo.assess.patience import Patience

_LOOK_AGAIN_S: Final = 0.2
_PLACES: Final = threading.BoundedSemaphore(len(os.sched_getaffinity(0)))


class Crowded(Exception):  # noqa: N818
    """There was no turn within the bound."""


@contextlib.asynccontextmanager
async def turn(patience: Patience) -> AsyncIterator[None]:
    """A place in the lab while the block runs; scans of all threads wait for one. Raises Crowded.

    The waiting is ours: a site is not slow because others were before it.
    """
    async with patience.ours():
        await _place(patience.bounds.turn_seconds)
    try:
        yield
    finally:
        _PLACES.release()


async def _place(seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            while not _PLACES.acquire(blocking=False):
                await asyncio.sleep(_LOOK_AGAIN_S)
    except TimeoutError:
        raise Crowded from None
