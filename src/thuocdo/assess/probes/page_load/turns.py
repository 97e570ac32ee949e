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

_LOOK_AGAIN_S: Final = 0.2
_PLACES: Final = threading.BoundedSemaphore(len(os.sched_getaffinity(0)))


@contextlib.asynccontextmanager
async def turn() -> AsyncIterator[None]:
    """A place in the lab while the block runs; scans of all threads wait for one."""
    while not _PLACES.acquire(blocking=False):
        await asyncio.sleep(_LOOK_AGAIN_S)
    try:
        yield
    finally:
        _PLACES.release()
